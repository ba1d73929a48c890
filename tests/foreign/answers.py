"""Answers by mail through a smarthost that shares no code with Tandem (aiosmtpd): it is away, defers, refuses, takes."""

import os
import smtplib
import uuid
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from checks import address, check, finish, tandem, wait_until
from reflected import Server

DESK, SUPPORT, CUSTOMER = "acme", "support@acme.example", "klara@customer.example"
# The first address of the account to which SUPPORT belongs.
FIRST = "help@acme.example"
TICKETS, INGEST = "tandem.v1.TicketService", "tandem.v1.IngestService"

server = Server([os.environ["FOREIGN_GRPC"], os.environ["FOREIGN_INGEST"]], tandem("token", "--role", "supervisor", "--subject", "boss", "--desks", DESK))


class Smarthost:
    """Takes mail, or says why not."""

    def __init__(self):
        self.refusal, self.asked, self.taken = None, 0, []

    async def handle_DATA(self, _server, _session, envelope):
        self.asked += 1
        if self.refusal:
            return self.refusal
        self.taken.append(envelope)
        return "250 taken"


def send(mail, to=SUPPORT, sender=CUSTOMER):
    with smtplib.SMTP(*address("FOREIGN_SMTP"), timeout=20) as client:
        client.sendmail(sender, [to], mail.replace("\n", "\r\n").encode())


def stored(words):
    """The messages with these words in their text, on whatever ticket."""
    found, token = [], ""
    while True:
        page = server.call(f"{INGEST}/ListMessages", desk=DESK, page_size=500, page_token=token)
        found += [message for message in page.messages if words in message.text]
        token = page.next_page_token
        if not token:
            return found


def ask():
    """A customer's question; its Message-ID and its ticket's number."""
    name = f"{uuid.uuid4()}@customer.example"
    send(f"From: Klara <{CUSTOMER}>\nTo: {SUPPORT}\nSubject: Pumpe\nMessage-ID: <{name}>\n\nDie Pumpe läuft nicht. {name}\n")
    return name, wait_until(20, lambda: next((m.ticket_id for m in stored(name)), None))


def reply(ticket, text):
    return server.call(f"{TICKETS}/Reply", desk=DESK, request_id=str(uuid.uuid4()), ticket_id=ticket, text=text)


def undelivered(ticket):
    """Why the ticket's answers did not arrive, in words."""
    seen = server.call(f"{TICKETS}/GetTicket", desk=DESK, ticket_id=ticket).ticket.undelivered
    return [str(entry) for entry in seen]


def read(envelope):
    return message_from_bytes(envelope.original_content, policy=policy.default)


def report(returned):
    """As a mail server writes it that cannot deliver."""
    return (
        f"From: mailer-daemon@mx.example\nTo: x\nSubject: Undelivered\nMessage-ID: <{uuid.uuid4()}@mx.example>\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {CUSTOMER}\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {returned}\n\n--b--\n"
    )


host, port = address("FOREIGN_SMARTHOST")
smarthost = Smarthost()

# Away: the answer waits.
question, ticket = ask()
check("the question is on a ticket", bool(ticket), ticket)
reply(ticket, "Bitte entlüften.\n.\nGrüße")
controller = Controller(smarthost, hostname=host, port=port)
smarthost.refusal = "451 4.7.1 come again"
controller.start()
check("deferred: it is tried again", wait_until(30, lambda: smarthost.asked >= 2), smarthost.asked)
controller.stop()
smarthost.refusal = None
controller = Controller(smarthost, hostname=host, port=port)
controller.start()
check("taken once it can be", wait_until(30, lambda: len(smarthost.taken) == 1), len(smarthost.taken))

mail = read(smarthost.taken[0])
check("threading: In-Reply-To and References", mail["In-Reply-To"] == mail["References"] == f"<{question}>", mail.items())
check("to the customer, from the account", (mail["To"], mail["From"]) == (CUSTOMER, FIRST), mail.items())
check("the subject is marked as an answer", mail["Subject"] == "Re: Pumpe", mail["Subject"])
check("people's answers are not automatic", mail["Auto-Submitted"] is None, mail["Auto-Submitted"])
text = mail.get_content().replace("\r\n", "\n").rstrip()
check("the text arrives, dots and umlauts too", text == "Bitte entlüften.\n.\nGrüße", text)

send(f"From: {CUSTOMER}\nTo: x\nSubject: danke\nMessage-ID: <{uuid.uuid4()}@c.example>\n\nDanke {question}!\n", to=mail["Reply-To"])
joined = wait_until(20, lambda: [m for m in stored(f"Danke {question}") if m.ticket_id == ticket])
check("what is answered to Reply-To joins the ticket", bool(joined), joined)

# Refused for good: the ticket says so.
_, second = ask()
smarthost.refusal = "550 5.1.1 no such customer"
asked = smarthost.asked
reply(second, "Bitte entlüften.")
check("refused: the ticket shows it", wait_until(20, lambda: undelivered(second)), undelivered(second))
check("refused: it is not tried again", smarthost.asked == asked + 1, smarthost.asked - asked)
smarthost.refusal = None

# Taken, and returned later: the ticket says so, and no ticket is opened for it.
send(report(mail["Message-ID"]), to=SUPPORT, sender="")
check("bounced: the ticket shows it", wait_until(20, lambda: undelivered(ticket)), undelivered(ticket))
bounce = wait_until(20, lambda: [m for m in stored("Sorry.") if m.ticket_id == ticket])
check("bounced: the report is on that ticket", bool(bounce), bounce)
check("each answer was taken once", len(smarthost.taken) == 1, len(smarthost.taken))

controller.stop()
finish("answers")
