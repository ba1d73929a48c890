//! What can be measured about ingest; `docs/telemetry.md` says what it means. No label names a desk, an account or a
//! person.

use std::sync::LazyLock;

use opentelemetry::metrics::{Counter, Meter, UpDownCounter};
use opentelemetry::{KeyValue, global};
use tandem_store::{Accepted, OutboxOutcome, StoreError};

use crate::smtp::RcptAnswer;

struct Instruments {
    messages: Counter<u64>,
    recipients: Counter<u64>,
    handed_on: Counter<u64>,
    deliveries: Counter<u64>,
    chats: UpDownCounter<i64>,
    sockets: UpDownCounter<i64>,
}

/// Made at the first use, when the process has said where they report to.
static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| Instruments::new(&global::meter("tandem-ingest")));

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let counter = |name, unit, meaning| {
            let counter = meter.u64_counter(name).with_unit(unit);
            counter.with_description(meaning).build()
        };
        let open = |name, unit, meaning| {
            let counter = meter.i64_up_down_counter(name).with_unit(unit);
            counter.with_description(meaning).build()
        };
        Self {
            messages: counter(
                "tandem.ingest.messages",
                "{message}",
                "Customers' messages that were offered, and whether they were taken",
            ),
            recipients: counter(
                "tandem.ingest.recipients",
                "{recipient}",
                "Recipients that senders of mail named, and whether there are any such",
            ),
            handed_on: counter(
                "tandem.ingest.handovers",
                "{message}",
                "Stored messages that the router was told of, and what it said",
            ),
            deliveries: counter(
                "tandem.ingest.deliveries",
                "{answer}",
                "Answers that were delivered, failed, or are tried again",
            ),
            chats: open("tandem.chat.open", "{chat}", "Chats with a visitor on this process"),
            sockets: open("tandem.chat.sockets", "{socket}", "Visitors' sockets on this process"),
        }
    }
}

/// Shows from the start on what is worth an alarm: a count that appears with its first 1 is no increase to Prometheus.
pub(crate) fn begin() {
    INSTRUMENTS.handed_on.add(0, &[outcome("parked")]);
    for word in ["delivered", "refused", "expired", "parked"] {
        INSTRUMENTS.deliveries.add(0, &[outcome(word)]);
    }
}

fn outcome(word: &'static str) -> KeyValue {
    KeyValue::new("tandem.outcome", word)
}

/// By which way a customer's message came.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    Mail,
    Chat,
    Submission,
}

/// A customer's message was offered.
pub(crate) fn offered(way: Way, word: &'static str) {
    let way = match way {
        Way::Mail => "mail",
        Way::Chat => "chat",
        Way::Submission => "submission",
    };
    let labels = [KeyValue::new("tandem.way", way), outcome(word)];
    INSTRUMENTS.messages.add(1, &labels);
}

/// How storing a message ended.
pub(crate) fn word(accepted: &Result<Accepted, StoreError>) -> &'static str {
    match accepted {
        Ok(accepted) if accepted.duplicate => "repeated",
        Ok(_) => "taken",
        Err(_) => "later",
    }
}

/// A mail was answered with an SMTP code.
pub(crate) fn mail_answered(code: u16) {
    let word = match code {
        200..=299 => "taken",
        400..=499 => "later",
        _ => "refused",
    };
    offered(Way::Mail, word);
}

/// A sender of mail named a recipient.
pub(crate) fn recipient(answer: RcptAnswer) {
    let word = match answer {
        RcptAnswer::Accepted => "accepted",
        RcptAnswer::NoSuchMailbox => "unknown",
        RcptAnswer::TryLater => "later",
    };
    INSTRUMENTS.recipients.add(1, &[outcome(word)]);
}

/// The router was told of a message.
pub(crate) fn handed_on(what: &OutboxOutcome) {
    let word = match what {
        OutboxOutcome::OnTicket(_) => "on_ticket",
        OutboxOutcome::Unrouted(_) => "unrouted",
        OutboxOutcome::Retry(_) => "retried",
        OutboxOutcome::Park(_) => "parked",
    };
    INSTRUMENTS.handed_on.add(1, &[outcome(word)]);
}

/// What became of an answer, or that it is tried again.
pub(crate) fn delivery(word: &'static str) {
    INSTRUMENTS.deliveries.add(1, &[outcome(word)]);
}

/// A chat has its first socket here, or has lost its last one.
pub(crate) fn chats(change: i64) {
    INSTRUMENTS.chats.add(change, &[]);
}

/// An open socket; it counts until dropped.
pub(crate) struct OpenSocket(());

impl OpenSocket {
    pub(crate) fn count() -> Self {
        INSTRUMENTS.sockets.add(1, &[]);
        Self(())
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        INSTRUMENTS.sockets.add(-1, &[]);
    }
}
