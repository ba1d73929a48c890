"""A visitor in a real browser, keyboard only, from the first word to the agent's answer, a broken connection between."""

import os
import tempfile
import uuid
from pathlib import Path

from cable import Cable
from checks import address, check, finish, tandem, wait_until
from reflected import Server
from webdriver import ENTER, NULL, SHIFT, TAB, Browser, Driver

DESK = "acme"
AGENTS, TICKETS = "tandem.v1.AgentService", "tandem.v1.TicketService"
SCREENSHOTS = os.environ.get("BROWSER_SCREENSHOTS")

# What the page must say in each language, and what is said to each other.
EN = {
    "language": "en",
    "agent": "ana",
    "open": "Write to us",
    "waiting": "You are next.",
    "with": "You are talking to Ana Morales.",
    "typing": "Ana Morales is writing",
    "lost": "The connection is lost",
    "sending": "sending",
    "over": "You have ended the chat.",
    "label": "Your message",
    "send": "Send",
    "end": "End chat",
    "again": "Start a new chat",
    "log": "Messages",
    "first": "Hello, where is my order?",
    "second": "It is number 4711.",
    "answer": "It is on its way. <b>Promised!</b>",
    "last": "Thank you!",
}
DE = {
    "language": "de",
    "agent": "david",
    "open": "Schreiben Sie uns",
    "waiting": "Sie sind als Nächstes an der Reihe.",
    "with": "Sie sprechen mit David Lindner.",
    "typing": "David Lindner schreibt",
    "lost": "Die Verbindung ist unterbrochen",
    "sending": "wird gesendet",
    "over": "Sie haben den Chat beendet.",
    "label": "Ihre Nachricht",
    "send": "Senden",
    "end": "Chat beenden",
    "again": "Neuen Chat beginnen",
    "log": "Nachrichten",
    "first": "Guten Tag, wo bleibt meine Bestellung?",
    "second": "Es ist die Nummer 4711.",
    "answer": "Sie ist unterwegs. <b>Versprochen!</b>",
    "last": "Vielen Dank!",
}


class Agent:
    """An agent, over gRPC."""

    def __init__(self, key):
        self.key = key
        token = tandem("token", "--role", "agent", "--subject", key, "--desks", DESK)
        self.server = Server([os.environ["FOREIGN_GRPC"]], token)

    def call(self, method, **fields):
        return self.server.call(method, desk=DESK, **fields)

    def write(self, method, **fields):
        return self.call(method, request_id=str(uuid.uuid4()), **fields)

    def comes(self):
        online = self.server.number("tandem.v1.Presence", "PRESENCE_ONLINE")
        self.write(f"{AGENTS}/SetPresence", agent=self.key, presence=online)

    def goes(self):
        offline = self.server.number("tandem.v1.Presence", "PRESENCE_OFFLINE")
        self.write(f"{AGENTS}/SetPresence", agent=self.key, presence=offline)

    def accepts(self):
        """The ticket that was offered and is now accepted."""

        def offered():
            self.call(f"{AGENTS}/Heartbeat", agent=self.key)
            tickets = self.call(f"{AGENTS}/GetWorkList", agent=self.key).work_list.tickets
            return next((ticket for ticket in tickets if ticket.offer.offer_id), None)

        ticket = wait_until(20, offered)
        self.write(f"{AGENTS}/AcceptOffer", agent=self.key, offer_id=ticket.offer.offer_id)
        return ticket.ticket_id

    def types(self, ticket):
        self.call(f"{AGENTS}/SetTyping", agent=self.key, ticket_id=ticket, typing=True)

    def replies(self, ticket, text):
        self.write(f"{TICKETS}/Reply", ticket_id=ticket, text=text)


class Visit:
    """One visit in one language."""

    def __init__(self, browser, said):
        self.browser, self.said = browser, said
        self.shots = 0

    def check(self, name, holds, seen=""):
        return check(f"{self.said['language']}: {name}", holds, seen)

    def reads(self, what, selector, name):
        """Waits until the page says this."""
        seen = self.browser.wait(20, lambda: what in self.browser.text(selector))
        self.check(name, seen, self.browser.text("body"))
        self.look(name)

    def look(self, name):
        self.shots += 1
        if SCREENSHOTS:
            path = Path(SCREENSHOTS) / f"{self.said['language']}-{self.shots:02}-{name.replace(' ', '-')}.png"
            self.browser.screenshot(path)

    def counts(self, own, theirs, name):
        """Nothing is lost and nothing is there twice."""
        lines = lambda: (self.browser.texts("li.own .words"), self.browser.texts("li.theirs .words"))
        self.browser.wait(20, lambda: lines() == (own, theirs))
        self.check(name, lines() == (own, theirs), lines())

    def is_accessible(self):
        """What assistive technology gets."""
        said, browser = self.said, self.browser
        expected = {
            "#text": ("textbox", said["label"]),
            "#send": ("button", said["send"]),
            "#end": ("button", said["end"]),
            "#log": ("log", said["log"]),
            "#status": ("status", ""),
        }
        for selector, (role, name) in expected.items():
            seen = browser.accessible(selector)
            self.check(f"accessible: {selector}", seen[0] == role and (not name or seen[1] == name), seen)
        live = browser.run("[document.querySelector('#log').ariaLive, document.querySelector('#trouble').role]")
        self.check("accessible: answers and troubles are read out", live == ["polite", "alert"], live)
        language = browser.run("document.documentElement.lang")
        self.check("accessible: the page says its language", language == said["language"], language)
        one = browser.run("document.querySelectorAll('h1').length === 1 && document.title.includes('ACME')")
        self.check("accessible: a heading and a title", one)


def visit(browser, said, agent, cable):
    here = Visit(browser, said)
    browser.open(f"http://127.0.0.1:{cable.port}/chat")
    here.reads(said["open"], "#status", "the chat opens")
    here.check("the only chat is found", browser.run("location.pathname") == "/chat/acme/web")
    here.check("the focus is where one writes", browser.focused() == "text", browser.focused())
    here.is_accessible()

    browser.keys(said["first"], SHIFT, ENTER, NULL, "…", ENTER)
    here.reads(said["waiting"], "#status", "the place in the queue")
    first = said["first"] + "\n…"
    here.counts([first], [], "the first message")

    agent.comes()
    ticket = agent.accepts()
    here.reads(said["with"], "#status", "the agent comes")
    agent.types(ticket)
    here.reads(said["typing"], "#typing", "the agent writes")

    cable.pull()
    here.reads(said["lost"], "#trouble", "the connection is lost")
    browser.keys(said["second"], ENTER)
    here.reads(said["sending"], "li.own .mark", "what is written meanwhile waits")
    agent.replies(ticket, said["answer"])
    cable.mend()
    here.reads(said["answer"], "li.theirs", "the answer comes when the connection is back")
    here.counts([first, said["second"]], [said["answer"]], "nothing is lost or doubled")
    settled = browser.wait(20, lambda: not browser.texts(".mark") and not browser.text("#trouble"))
    here.check("everything has arrived", settled, browser.text("body"))
    here.check("markup in an answer is only text", browser.run("document.querySelector('li b')") is None)

    browser.reload()
    here.counts([first, said["second"]], [said["answer"]], "a reloaded page knows everything")
    browser.keys(said["last"], ENTER)
    here.counts([first, said["second"], said["last"]], [said["answer"]], "the talk goes on")

    browser.keys(SHIFT, TAB, TAB, NULL)
    here.check("the way to the end is by keyboard", browser.focused() == "end", browser.focused())
    here.look("before the end")
    browser.keys(ENTER)
    here.reads(said["over"], "#over-text", "the visitor ends the chat")
    here.check("the focus is on what comes next", browser.focused() == "again", browser.focused())
    here.check("the way on has a name", browser.accessible("#again") == ("button", said["again"]))
    browser.keys(ENTER)
    here.reads(said["open"], "#status", "a new chat")
    here.counts([], [], "a new chat is empty")
    refused = [line for line in browser.complaints() if "WebSocket" not in line and "ERR_" not in line]
    here.check("the browser has nothing against the page", not refused, refused)
    agent.goes()


def main():
    cable, driver = Cable(address("FOREIGN_CHAT")), Driver()
    try:
        for said in (EN, DE):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                browser = Browser(driver, profile, said["language"])
                try:
                    visit(browser, said, Agent(said["agent"]), cable)
                finally:
                    browser.close()
    finally:
        driver.stop()
    finish("browser")


if __name__ == "__main__":
    main()
