"""Counts a desk's measures a second time, from what the bus carries and from nothing else, and compares."""

import asyncio
import os
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import nats
from checks import check, finish, tandem, wait_until
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from reflected import Server

COUNTS = "received offered accepted declined missed abandoned resolved reopened undelivered".split()
TIMES = "time_to_accept first_response handling".split()


def event_type():
    """The type of the router's events, from the contract files: events are no part of any service."""
    with tempfile.NamedTemporaryFile() as file:
        well_known = str(files("grpc_tools") / "_proto")
        contracts = ["-Iproto", f"-I{well_known}", "tandem/v1/events.proto"]
        compiled = protoc.main(["", "--include_imports", f"--descriptor_set_out={file.name}", *contracts])
        assert compiled == 0, "the contracts compile"
        compiled = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for each in compiled.file:
        pool.Add(each)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tandem.v1.RouterEvent"))


async def events(desk):
    """All events of the router on a desk, in their own order, once each."""
    bus = await nats.connect(os.environ["FOREIGN_NATS"])
    stream = bus.jetstream()
    subscription = await stream.subscribe(f"tandem.events.{desk}.>", ordered_consumer=True)
    found = {}
    try:
        while True:
            message = await subscription.next_msg(timeout=2)
            service, number = message.headers["Nats-Msg-Id"].rsplit(":", 1)
            if service.startswith("router."):
                found[int(number)] = message
    except asyncio.TimeoutError:
        pass
    await bus.close()
    return [found[number] for number in sorted(found)]


def micros(stamp):
    return stamp.seconds * 1_000_000 + stamp.nanos // 1_000


class Ticket:
    def __init__(self, opened, requirement):
        self.opened, self.queue = opened, requirement.queue
        self.accepted, self.answers = False, []
        self.state, self.since, self.handled = "queued", opened, None

    def to(self, state, at):
        if self.state in ("assigned", "wrapping"):
            self.handled = (self.handled or 0) + at - self.since
        self.state, self.since = state, at


class Recount:
    """By queue."""

    def __init__(self):
        self.counts, self.times, self.tickets = defaultdict(Counter), defaultdict(list), {}

    def take(self, event):
        kind = event.WhichOneof("body")
        body, at = getattr(event, kind), micros(event.at)
        if kind == "ticket_opened":
            ticket = self.tickets[body.ticket_id] = Ticket(min(micros(body.intake.received_at), at), body.requirement)
            ticket.since = at
            self.counts[ticket.queue]["received"] += 1
            return
        number = body.offer.ticket_id if kind == "offer_issued" else getattr(body, "ticket_id", 0)
        ticket = self.tickets.get(number)
        if ticket is not None:
            self.follow(ticket, kind, body, at)

    def follow(self, ticket, kind, body, at):
        count = self.counts[ticket.queue]
        if kind == "offer_issued":
            count["offered"] += 1
        elif kind == "offer_accepted":
            count["accepted"] += 1
            ticket.to("assigned", at)
            if not ticket.accepted:
                ticket.accepted = True
                self.times[ticket.queue, "time_to_accept"].append(at - ticket.opened)
        elif kind == "offer_declined":
            count["declined"] += 1
        elif kind == "offer_expired":
            count["missed"] += 1
        elif kind == "ticket_abandoned":
            count["abandoned"] += 1
        elif kind == "ticket_held":
            ticket.to("held", at)
        elif kind == "ticket_resumed":
            ticket.to("assigned", at)
        elif kind == "ticket_requeued":
            if body.reason == body.REASON_REOPENED:
                count["reopened"] += 1
            ticket.to("queued", at)
            ticket.queue = body.requirement.queue
        elif kind == "wrap_up_started":
            ticket.to("wrapping", at)
            count["resolved"] += 1
        elif kind == "wrap_up_interrupted":
            ticket.to("assigned", at)
            count["reopened"] += 1
        elif kind == "ticket_done":
            count["resolved"] += ticket.state != "wrapping"
            ticket.to("done", at)
            if ticket.handled is not None:
                self.times[ticket.queue, "handling"].append(ticket.handled)
                ticket.handled = None
        elif kind == "answer_added" and not body.internal:
            if not ticket.answers:
                self.times[ticket.queue, "first_response"].append(at - ticket.opened)
            ticket.answers.append(body.message_id)
        elif kind == "answer_failed":
            count["undelivered"] += 1
            ticket.answers = [answer for answer in ticket.answers if answer != body.message_id]


def recount(desk):
    kinds, mine = event_type(), Recount()
    listed = asyncio.run(events(desk))
    for message in listed:
        # The shell's own records carry no event of the router.
        if message.headers["ce-type"].rsplit(".", 1)[-1] not in ("Opened", "LevelRaised"):
            mine.take(kinds.FromString(message.data))
    return mine, len(listed)


def measured(server, desk):
    now = datetime.now(UTC)
    row = server.number("tandem.v1.MeasureInterval", "MEASURE_INTERVAL_TOTAL")
    queue = server.number("tandem.v1.MeasureDimension", "MEASURE_DIMENSION_QUEUE")
    span = {"from": now - timedelta(days=2), "to": now + timedelta(days=1)}
    rows = server.call("tandem.v1.MetricsService/QueryMetrics", desk=desk, interval=row, group_by=[queue], page_size=500, **span).rows
    return {row.queue: row for row in rows}


def compare(server, desk):
    mine, heard = recount(desk)
    check(f"{desk}: the bus carries the router's events", heard > 0, heard)
    wait_until(20, lambda: sum(row.counts.received for row in measured(server, desk).values()) >= sum(c["received"] for c in mine.counts.values()))
    theirs = measured(server, desk)
    for queue in sorted(set(mine.counts) | set(theirs)):
        if queue not in theirs:
            check(f"{desk}/{queue}: measured", False, dict(mine.counts[queue]))
            continue
        row = theirs[queue]
        counts = {name: getattr(row.counts, name) for name in COUNTS}
        check(f"{desk}/{queue}: counts", counts == {name: mine.counts[queue][name] for name in COUNTS}, (counts, dict(mine.counts[queue])))
        for name in TIMES:
            time_of, own = getattr(row, name), mine.times[queue, name]
            total = micros(time_of.total)
            holds = time_of.count == len(own) and abs(total - sum(own)) <= 1_000 * (len(own) + 1)
            check(f"{desk}/{queue}: {name}", holds, (time_of, len(own), sum(own)))


if __name__ == "__main__":
    token = tandem("token", "--role", "reader", "--subject", "recount", "--desks", "*")
    compare(Server([os.environ["FOREIGN_METRICS"]], token), sys.argv[1])
    finish("measures")
