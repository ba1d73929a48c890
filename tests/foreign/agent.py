"""An agent's day, and everything that a client can get wrong, over gRPC known by reflection only."""

import os
import queue
import smtplib
import threading
import time
import uuid
from pathlib import Path

import grpc
from checks import address, check, finish, tandem, wait_until
from reflected import Refused, Server

DESK = "acme"
AGENTS, TICKETS, DESKS, INGEST = (
    f"tandem.v1.{name}Service" for name in ("Agent", "Ticket", "Desk", "Ingest")
)
# For how long Tandem goes on taking a token that has run out.
LEEWAY_SECONDS = 30


def token(role, subject, desks, ttl="1h"):
    return tandem("token", "--role", role, "--subject", subject, "--desks", desks, "--ttl", ttl)


short_lived, short_lived_until = token("reader", "short", DESK, "1s"), time.monotonic() + 1
admin = token("admin", "admin", "*")
ana, ben = token("agent", "ana", DESK), token("agent", "ben", DESK)
server = Server([os.environ["FOREIGN_GRPC"], os.environ["FOREIGN_INGEST"]], admin)


def fresh():
    return str(uuid.uuid4())


def refused(name, code, method, naming=None, saying=None, **fields):
    """A call must fail with this code, naming this field in its details and saying this."""
    try:
        answer = server.call(method, **fields)
    except Refused as error:
        holds = error.code == code
        holds &= naming is None or any(naming in field for field, _ in error.violations)
        said = error.message + "".join(text for _, text in error.violations)
        holds &= saying is None or saying in said
        check(f"{name}: {code}", holds, f"{error} {error.violations}")
        return error
    check(f"{name}: {code}", False, f"OK {str(answer)[:200]}")
    return None


def send_mail(sender, subject, text):
    mail = f"From: {sender}\r\nTo: support@acme.example\r\nSubject: {subject}\r\nMessage-ID: <{fresh()}@x.example>\r\n\r\n{text}\r\n"

    def is_taken():
        """Whether it was taken; a desk that was just applied may be put off, as every mail server knows."""
        try:
            with smtplib.SMTP(*address("FOREIGN_SMTP"), timeout=20) as client:
                client.sendmail(sender, ["support@acme.example"], mail.encode())
        except smtplib.SMTPRecipientsRefused as error:
            if any(code // 100 != 4 for code, _ in error.recipients.values()):
                raise
            return False
        return True

    check(f"mail: `{subject}` is taken", wait_until(20, is_taken))


class WorkStream:
    """An open Work stream: what goes up is put in, what comes down is waited for."""

    def __init__(self, agent, agent_token):
        self.up, self.down = queue.Queue(), []
        self.changed = threading.Condition()
        online = server.number("tandem.v1.Presence", "PRESENCE_ONLINE")
        start = server.message("tandem.v1.StartWork", agent=agent, presence=online)
        self.send(desk=DESK, request_id=fresh(), start=start)
        self.call = server.stream(f"{AGENTS}/Work", iter(self.up.get, None), agent_token)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def send(self, **fields):
        self.up.put(server.message("tandem.v1.WorkRequest", **fields))

    def _read(self):
        try:
            for event in self.call:
                with self.changed:
                    self.down.append(event)
                    self.changed.notify_all()
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:  # that is how `close` ends it
                print(f"the stream ended: {error.code().name}: {error.details()}")

    def wait(self, kind, fits=lambda event: True, seconds=20):
        """The first event of this kind that fits; None if none comes."""

        def found():
            events = (getattr(e, kind) for e in self.down if e.WhichOneof("event") == kind)
            return next((event for event in events if fits(event)), None)

        with self.changed:
            self.changed.wait_for(lambda: found() is not None, timeout=seconds)
            return found()

    def close(self):
        self.up.put(None)
        self.call.cancel()
        self.reader.join(10)


def looks_around():
    check("reflection: the services are listed", {AGENTS, TICKETS, DESKS, INGEST} <= server.services(), server.services())
    desks = list(server.call(f"{DESKS}/ListDesks").desks)
    check("desks: all three are listed, in order", desks == ["acme", "small", "third"], desks)
    agents = server.call(f"{AGENTS}/ListAgents", desk=DESK, page_size=500).agents
    keys = [agent.agent for agent in agents]
    check("agents: listed in order", len(keys) == 12 and keys == sorted(keys), keys)
    pages = server.call(f"{AGENTS}/ListAgents", desk=DESK, page_size=5)
    rest = server.call(f"{AGENTS}/ListAgents", desk=DESK, page_size=500, page_token=pages.next_page_token)
    paged = [agent.agent for agent in [*pages.agents, *rest.agents]]
    check("agents: pages make the whole list", paged == keys, paged)
    for service in ("liveness", "readiness"):
        status = server.health(service)
        check(f"health: {service}", status == {"SERVING"}, status)


def works(stream):
    """Serves one mail on the stream; the ticket's and the offer's number, None if it never came."""
    first = stream.wait("work_list")
    check("work: the agent's own list comes unasked", first is not None and first.agent.agent == "ana", first)
    send_mail("cliente@es.example", "Mi pedido", "Hola, hice un pedido hace dos semanas y todavía no ha llegado. ¿Dónde está el paquete?")
    made = stream.wait("offer")
    if not check("work: a mail in her language is offered", made is not None, "no offer within 20 s"):
        return None
    language = made.ticket.requirement.language.language
    check("work: the offer is of a ticket in Spanish", language == "es", language)
    check("work: the offer says why", made.ranking.winner.agent == "ana", made.ranking)
    ticket, offer, request = made.offer.ticket_id, made.offer.offer_id, fresh()
    accept = server.message("tandem.v1.AcceptWork", offer_id=offer)
    stream.send(desk=DESK, request_id=request, accept=accept)
    outcome = stream.wait("outcome", lambda outcome: outcome.request_id == request)
    check("work: accepted", outcome is not None and not outcome.HasField("failure"), outcome)
    assigned = server.number("tandem.v1.RoutingState", "ROUTING_STATE_ASSIGNED")
    mine = stream.wait("work_list", lambda work: any(t.ticket_id == ticket and t.state == assigned for t in work.tickets))
    check("work: the list shows it as assigned", mine is not None, stream.down[-1:])

    why = server.call(f"{TICKETS}/ExplainTicket", token=ana, desk=DESK, ticket_id=ticket)
    check("explain: who and why", why.chosen.winner.agent == "ana" and len(why.candidates) == 12 and why.summary, why)

    again = fresh()
    stream.send(desk=DESK, request_id=again, accept=accept)
    outcome = stream.wait("outcome", lambda outcome: outcome.request_id == again)
    check("stream: accepting twice: FAILED_PRECONDITION", outcome is not None and outcome.failure.code == 9, outcome)
    return ticket, offer


def resolves(ticket, offer):
    refused("accept twice", "FAILED_PRECONDITION", f"{AGENTS}/AcceptOffer", token=ana, desk=DESK, agent="ana", offer_id=offer, request_id=fresh())
    request = fresh()
    served = server.call(f"{TICKETS}/ResolveTicket", token=ana, desk=DESK, ticket_id=ticket, request_id=request)
    done = server.number("tandem.v1.RoutingState", "ROUTING_STATE_DONE")
    check("resolve: done", served.ticket.state == done and served.ticket.owner == "ana", served)
    repeated = server.call(f"{TICKETS}/ResolveTicket", token=ana, desk=DESK, ticket_id=ticket, request_id=request)
    check("request_id: the same request gets the same answer", repeated == served, repeated)
    refused("request_id of another ticket's request", "INVALID_ARGUMENT", f"{TICKETS}/ResolveTicket", "request_id", token=ana, desk=DESK, ticket_id=ticket + 1, request_id=request)
    refused("resolve twice", "FAILED_PRECONDITION", f"{TICKETS}/ResolveTicket", token=ana, desk=DESK, ticket_id=ticket, request_id=fresh())


def offers_of_others():
    """Ben is offered a mail that Ana does not speak the language of."""
    online = server.number("tandem.v1.Presence", "PRESENCE_ONLINE")
    server.call(f"{AGENTS}/SetPresence", token=ben, desk=DESK, agent="ben", presence=online, request_id=fresh())
    send_mail("client@fr.example", "Ma commande", "Bonjour, je n'ai toujours pas reçu mon colis. Pouvez-vous me dire où il se trouve en ce moment ? Merci d'avance.")

    def offered():
        work = server.call(f"{AGENTS}/GetWorkList", token=ben, desk=DESK, agent="ben").work_list
        return next((t for t in work.tickets if t.HasField("offer")), None)

    ticket = wait_until(20, offered)
    if not check("presence: online without a stream brings offers", ticket is not None, "no offer within 20 s"):
        return
    offer = ticket.offer.offer_id
    refused("accept another's offer", "PERMISSION_DENIED", f"{AGENTS}/AcceptOffer", token=ana, desk=DESK, agent="ana", offer_id=offer, request_id=fresh())
    refused("decline another's offer", "PERMISSION_DENIED", f"{AGENTS}/DeclineOffer", token=ana, desk=DESK, agent="ana", offer_id=offer, request_id=fresh())
    refused("act as another agent", "PERMISSION_DENIED", f"{AGENTS}/AcceptOffer", token=ana, desk=DESK, agent="ben", offer_id=offer, request_id=fresh())
    refused("unknown queue", "NOT_FOUND", f"{TICKETS}/TransferTicket", saying="`billing`", desk=DESK, ticket_id=ticket.ticket_id, queue="biling", request_id=fresh())
    refused("transfer to an unknown agent", "NOT_FOUND", f"{TICKETS}/TransferTicket", desk=DESK, ticket_id=ticket.ticket_id, agent="nobody", request_id=fresh())
    refused("transfer to nowhere", "INVALID_ARGUMENT", f"{TICKETS}/TransferTicket", desk=DESK, ticket_id=ticket.ticket_id, request_id=fresh())
    request = fresh()
    first = server.call(f"{AGENTS}/AcceptOffer", token=ben, desk=DESK, agent="ben", offer_id=offer, request_id=request)
    second = server.call(f"{AGENTS}/AcceptOffer", token=ben, desk=DESK, agent="ben", offer_id=offer, request_id=request)
    check("accept: the same request gets the same answer", first == second and first.ticket.owner == "ben", second)


def callers():
    get = f"{TICKETS}/ListTickets"
    refused("no token", "UNAUTHENTICATED", get, token="", desk=DESK)
    refused("garbage for a token", "UNAUTHENTICATED", get, token="garbage", desk=DESK)
    header, claims, signature = ana.split(".")
    forged = signature[::-1]
    refused("wrong signature", "UNAUTHENTICATED", get, token=f"{header}.{claims}.{forged}", desk=DESK)
    refused("foreign desk", "PERMISSION_DENIED", get, token=ana, desk="small")
    refused("unknown desk", "PERMISSION_DENIED", get, token=ana, desk="unknown")
    refused("unknown desk, as admin", "NOT_FOUND", get, desk="unknown")
    refused("another's desk file", "PERMISSION_DENIED", f"{DESKS}/ApplyDesk", token=ana, desk=DESK, text="desk: acme", request_id=fresh())
    reader = token("reader", "reader", DESK)
    refused("a reader steers", "PERMISSION_DENIED", f"{TICKETS}/CancelTicket", token=reader, desk=DESK, ticket_id=1, request_id=fresh())
    listed = list(server.call(f"{DESKS}/ListDesks", token=ana).desks)
    check("desks: only those that the token names", listed == [DESK], listed)


def faulty_requests():
    refused("no desk", "INVALID_ARGUMENT", f"{TICKETS}/GetTicket", "desk", ticket_id=1)
    refused("no request_id", "INVALID_ARGUMENT", f"{TICKETS}/HoldTicket", "request_id", desk=DESK, ticket_id=1)
    refused("request_id too long", "INVALID_ARGUMENT", f"{TICKETS}/HoldTicket", "request_id", desk=DESK, ticket_id=1, request_id="x" * 129)
    refused("unknown agent", "NOT_FOUND", f"{AGENTS}/GetWorkList", desk=DESK, agent="nobody")
    refused("unknown offer", "FAILED_PRECONDITION", f"{AGENTS}/AcceptOffer", token=ana, desk=DESK, agent="ana", offer_id=999999, request_id=fresh())
    refused("unknown ticket", "NOT_FOUND", f"{TICKETS}/GetTicket", desk=DESK, ticket_id=999999)
    refused("unknown ticket, steered", "NOT_FOUND", f"{TICKETS}/CancelTicket", desk=DESK, ticket_id=999999, request_id=fresh())
    refused("unknown presence", "INVALID_ARGUMENT", f"{AGENTS}/SetPresence", "presence", desk=DESK, agent="ana", presence=99, request_id=fresh())
    for name in (f"{TICKETS}/ListTickets", f"{AGENTS}/ListAgents", f"{INGEST}/ListMessages", f"{DESKS}/ListDeskVersions"):
        refused(f"{name}: garbage for a page_token", "INVALID_ARGUMENT", name, "page_token", desk=DESK, page_token="garbage")
        refused(f"{name}: page_size 501", "INVALID_ARGUMENT", name, "page_size", desk=DESK, page_size=501)
    for malformed in ("", "garbage", "0" * 36):
        refused(f"message id `{malformed}`", "INVALID_ARGUMENT", f"{INGEST}/GetMessage", "message_id", desk=DESK, message_id=malformed)
    refused("unknown message", "NOT_FOUND", f"{INGEST}/GetMessage", desk=DESK, message_id=fresh())
    refused("oversized request", "RESOURCE_EXHAUSTED", f"{INGEST}/Submit", desk=DESK, account="support", text="x" * (5 << 20), request_id=fresh())
    refused("text too long", "INVALID_ARGUMENT", f"{INGEST}/Submit", "text", desk=DESK, account="support", text="x" * (257 << 10), request_id=fresh())
    refused("unknown account", "INVALID_ARGUMENT", f"{INGEST}/Submit", "account", desk=DESK, account="suport", text="x", request_id=fresh())


def faulty_desk_file():
    text = Path("deploy/desks/acme.yaml").read_text(encoding="utf-8").replace("teams: [tier1]", "teams: [teir1]", 1)
    error = refused("a desk file with a wrong team", "INVALID_ARGUMENT", f"{DESKS}/ApplyDesk", "agents.ana.teams", desk=DESK, text=text, request_id=fresh())
    line = next(number for number, words in enumerate(text.splitlines(), 1) if "teir1" in words)
    fields = [field for field, _ in error.violations] if error else []
    check("a desk file with a wrong team: line:column", any(field.startswith(f"{line}:") for field in fields), fields)
    refused("a desk file of another desk", "INVALID_ARGUMENT", f"{DESKS}/ApplyDesk", desk="small", text=text, request_id=fresh())


def run_out():
    """Last, so that most of the leeway has passed."""
    time.sleep(max(0, short_lived_until + LEEWAY_SECONDS + 2 - time.monotonic()))
    refused("a token that has run out", "UNAUTHENTICATED", f"{TICKETS}/ListTickets", token=short_lived, desk=DESK)


looks_around()
stream = WorkStream("ana", ana)
if served := works(stream):
    resolves(*served)
offers_of_others()
stream.close()
callers()
faulty_requests()
faulty_desk_file()
run_out()
finish("agent")
