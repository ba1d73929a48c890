"""A mail and a chat, answered; then what a collector has received of it, and what Prometheus would scrape."""

import json
import os
import re
import shutil
import smtplib
import subprocess
import urllib.request
import uuid
from pathlib import Path

from aiosmtpd.controller import Controller
from checks import address, check, finish, tandem, wait_until
from collected import Collected
from reflected import Refused, Server
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

DESK, AGENT = "traced", "ana"
AGENTS, TICKETS = "tandem.v1.AgentService", "tandem.v1.TicketService"
CUSTOMER, ANSWER = "carol@customer.example", "It is on its way, Carol."
# What customers and agents said or are called: none of it may be in telemetry.
WORDS = ["carol", "customer.example", "parcel", "on its way", "help@traced"]
DOCUMENTED = Path("docs/telemetry.md").read_text()

# A cluster has many processes, and is not scraped here.
is_scraped = "FOREIGN_SCRAPE" in os.environ
token = tandem("token", "--role", "agent", "--subject", AGENT, "--desks", DESK, "--ttl", "1h")
server = Server([os.environ["FOREIGN_GRPC"]], token)


class Smarthost:
    """Takes every mail."""

    def __init__(self):
        self.taken = []
        self.controller = Controller(self, *address("FOREIGN_SMARTHOST"))

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append(envelope.content.decode())
        return "250 taken"


def call(method, **fields):
    return server.call(method, desk=DESK, **fields)


def write(method, **fields):
    return call(method, request_id=str(uuid.uuid4()), **fields)


def offered(known):
    """A ticket that is offered to the agent and not among those known; None if there is none yet."""
    try:
        tickets = call(f"{AGENTS}/GetWorkList", agent=AGENT).work_list.tickets
    except Refused:
        return None
    fresh = [ticket for ticket in tickets if ticket.ticket_id not in known and ticket.offer.offer_id]
    return fresh[0] if fresh else None


def accept_and_answer(what, known=()):
    ticket = wait_until(30, lambda: offered(known))
    if not check(f"{what}: the agent is offered a ticket", ticket is not None):
        finish("telemetry")
    write(f"{AGENTS}/AcceptOffer", agent=AGENT, offer_id=ticket.offer.offer_id)
    write(f"{TICKETS}/Reply", ticket_id=ticket.ticket_id, text=ANSWER)
    return ticket.ticket_id


def send_mail():
    head = f"From: {CUSTOMER}\r\nTo: help@traced.example\r\nSubject: My parcel\r\nMessage-ID: <{uuid.uuid4()}@x.example>\r\n"
    mail = f"{head}\r\nWhere is my parcel?\r\n"

    def is_taken():
        """Whether it was taken; a desk that was just applied may be put off, as every mail server knows."""
        try:
            with smtplib.SMTP(*address("FOREIGN_SMTP"), timeout=20) as client:
                client.sendmail(CUSTOMER, ["help@traced.example"], mail)
        except smtplib.SMTPRecipientsRefused:
            return False
        return True

    check("mail: it is taken", wait_until(20, is_taken))


def chat(known):
    """Says something in a chat and waits for the answer."""
    where = os.environ["FOREIGN_CHAT"]

    def opened():
        """A socket; none as long as the server does not know the desk that was just applied."""
        try:
            return connect(f"ws://{where}/chat/v1/{DESK}/web", origin=f"http://{where}")
        except InvalidStatus:
            return None

    with wait_until(20, opened) as socket:
        hear(socket, "welcome", say={"type": "hello", "language": "en"})
        hear(socket, "accepted", say={"type": "message", "id": "m-1", "text": "Where is my parcel?"})
        accept_and_answer("chat", known)
        answer = hear(socket, "message")
        check("chat: the visitor sees the answer", answer["text"] == ANSWER, answer)
        socket.send(json.dumps({"type": "ack", "seq": answer["seq"]}))
        if is_scraped:
            check("metrics: an open chat is counted", reaches(1, "tandem_chat_open") and reaches(1, "tandem_chat_sockets"))


def hear(socket, kind, say=None):
    """Says something, and waits for a frame of this kind."""
    if say:
        socket.send(json.dumps(say))
    while (frame := json.loads(socket.recv(timeout=20)))["type"] != kind:
        pass
    return frame


def scraped():
    """What Prometheus is told, asked as it asks: the format, and the text."""
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
    request = urllib.request.Request(f"http://{os.environ['FOREIGN_SCRAPE']}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["content-type"], answer.read().decode()


def total(name, **labels):
    """The sum of all series of this name that have these labels; None if there is none."""
    series = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", scraped()[1], re.MULTILINE)
    fitting = [float(value) for found, value in series if all(f'{key}="{word}"' in found for key, word in labels.items())]
    return sum(fitting) if fitting else None


def reaches(least, name, **labels):
    """Whether a count comes to this much, soon."""
    return wait_until(20, lambda: (total(name, **labels) or 0) >= least)


def traces(collected):
    """The trace of each message, from its root to the answer on its way."""
    steps = {"Intake", "AcceptOffer", "Reply", "ReportDelivery"}
    for what, root, sent in [("mail", "smtp.session", "smtp.send"), ("chat", "chat.message", "chat.answer")]:
        spans = [sent, "desk.commit", "delivery"]
        trace = wait_until(40, lambda: collected.trace(root, *spans, methods=steps), pause=1)
        name = f"{what}: one trace from `{root}` over {', '.join(sorted(steps))} to `{sent}`"
        if not check(name, trace, collected.overview()):
            continue
        ids = {span.id for span in trace}
        strays = [span for span in trace if span.parent and span.parent not in ids]
        roots = [span.name for span in trace if not span.parent]
        check(f"{what}: every span hangs in it, from one root", roots == [root] and not strays, (roots, strays))


def metrics(collected):
    """What is counted, and that it has the same names for the collector, for Prometheus and in the documentation."""
    expected = [
        (2, "tandem_ingest_messages_total", {"tandem_outcome": "taken"}),
        (2, "tandem_ingest_deliveries_total", {"tandem_outcome": "delivered"}),
        (2, "tandem_desk_commands_total", {"tandem_command": "Reply", "tandem_outcome": "done"}),
        (2, "tandem_desk_events_total", {"tandem_event": "OfferAccepted"}),
        (4, "tandem_desk_commit_duration_seconds_count", {"tandem_service": "router"}),
        (4, "tandem_desk_batch_size_count", {"tandem_service": "router"}),
        (1, "tandem_desk_owned", {"tandem_service": "router", "tandem_desk_state": "open"}),
        (2, "rpc_server_call_duration_seconds_count", {"rpc_method": f"{TICKETS}/Reply"}),
        (9, "db_client_operation_duration_seconds_count", {"db_operation_name": "commit"}),
        (9, "messaging_client_operation_duration_seconds_count", {"messaging_operation_name": "publish"}),
    ]
    for least, name, labels in expected:
        check(f"metrics: {name} {labels}", reaches(least, name, **labels), total(name))
    check("metrics: all consumers catch up", wait_until(20, lambda: total("tandem_consumer_lag") == 0))
    kind, text = scraped()
    check("metrics: in the text format of Prometheus", kind.startswith("text/plain; version=0.0.4"), kind)
    families = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) - {"target_info"}
    unknown = [family for family in sorted(families) if f"`{family}`" not in DOCUMENTED]
    check("metrics: each is documented", not unknown, unknown)
    sent = wait_until(20, lambda: collected.metrics() >= {"tandem.ingest.messages", "tandem.desk.events"}, pause=1)
    check("metrics: the collector gets them too", sent, collected.metrics())
    series = len([line for line in text.splitlines() if not line.startswith("#")])
    check("metrics: few series", series < 3000, series)
    if shutil.which("promtool"):
        read = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        check("metrics: promtool finds nothing", read.returncode == 0, read.stdout + read.stderr)
    else:
        print("skipped: promtool check metrics (no promtool here)")


def answered_by_mail():
    """Sends a mail and answers it; the ticket. Where the smarthost is not ours, the trace tells that it was sent."""
    if "FOREIGN_SMARTHOST" not in os.environ:
        send_mail()
        return accept_and_answer("mail")
    smarthost = Smarthost()
    smarthost.controller.start()
    send_mail()
    ticket = accept_and_answer("mail")
    check("mail: the smarthost gets the answer", wait_until(30, lambda: smarthost.taken))
    smarthost.controller.stop()
    return ticket


online = server.number("tandem.v1.Presence", "PRESENCE_ONLINE")
check("the agent is online", wait_until(30, lambda: write(f"{AGENTS}/SetPresence", agent=AGENT, presence=online)))
chat({answered_by_mail()})
collected = Collected(Path(os.environ["FOREIGN_COLLECTED"]))
programs = {"tandem"} if is_scraped else {f"tandem-{name}" for name in ("ingest", "router", "escalation", "metrics")}
sent = wait_until(20, lambda: collected.services() >= programs, pause=1)
check("metrics: every program sends some", sent, collected.services())
if is_scraped:
    metrics(collected)
traces(collected)
seen = collected.text() + (scraped()[1] if is_scraped else "")
said = [word for word in WORDS if word in seen.lower()]
check("nobody's words or addresses are in telemetry", not said, said)
finish("telemetry")
