//! Every stored message against the journal: on exactly one ticket, or unrouted, or still on its way. Answers are
//! stored too, and messages go where tickets were merged and split, once ingest has read of it in the journal.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{DeskId, MessageId, TicketId};
use tandem_store::{Store, StoreError, StoredDocument, Stream};

use super::finding::{Findings, Kind};
use super::history::{History, Moved};

const PAGE: usize = 1_000;

/// Checks a desk's documents against where the journal has its messages; returns how many there are.
pub(crate) async fn check(
    store: &dyn Store,
    stream: &Stream,
    history: &History,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let desk = &stream.desk;
    let on_tickets = on_tickets(history);
    let on_their_way = on_their_way(store, desk).await?;
    let read = read_by_ingest(store, stream).await?;
    let mut seen = BTreeSet::new();
    let mut after = None;
    loop {
        let page = store.documents(desk, None, after, PAGE).await?;
        for document in &page {
            seen.insert(document.id);
            let moved = history.moved.get(&document.id);
            if moved.is_some_and(|moved| moved.seq > read) {
                continue;
            }
            let waits = on_their_way.contains(&document.id);
            let fault = fault(document, on_tickets.get(&document.id), waits);
            if let Some((kind, why)) = fault.or_else(|| astray(document, moved)) {
                findings.add(kind, document.id, why);
            }
        }
        after = page.last().map(|document| document.id);
        if page.len() < PAGE {
            break;
        }
    }
    let due = |message: &MessageId| history.answers.get(message).is_none_or(|answer| answer.seq <= read);
    let missing = on_tickets
        .iter()
        .filter(|(message, _)| !seen.contains(message) && due(message));
    for (message, ticket) in missing {
        let why = format_args!("on {ticket}, but not stored");
        findings.add(Kind::MessageInvented, message, why);
    }
    Ok(seen.len() as u64)
}

/// Where the journal has each message, whoever wrote it.
fn on_tickets(history: &History) -> BTreeMap<MessageId, TicketId> {
    let answers = history
        .answers
        .iter()
        .map(|(message, answer)| (*message, answer.ticket));
    let messages = history.messages.iter().map(|(message, ticket)| (*message, *ticket));
    answers.chain(messages).collect()
}

/// Up to where answers have become documents, and documents have gone where their messages are.
async fn read_by_ingest(store: &dyn Store, stream: &Stream) -> Result<u64, StoreError> {
    let position = store.position(super::rows::ANSWERS, stream).await?;
    Ok(position.map_or(0, |position| position.seq))
}

/// The outbox, with what is parked there.
async fn on_their_way(store: &dyn Store, desk: &DeskId) -> Result<BTreeSet<MessageId>, StoreError> {
    let mut waiting = BTreeSet::new();
    let mut after = None;
    loop {
        let page = store.outbox(desk, false, after, PAGE).await?;
        waiting.extend(page.iter().map(|entry| entry.id));
        after = page.last().map(|entry| entry.id);
        if page.len() < PAGE {
            return Ok(waiting);
        }
    }
}

/// What is wrong with the conversation of a message that went to another ticket.
fn astray(document: &StoredDocument, moved: Option<&Moved>) -> Option<(Kind, String)> {
    let own = moved?.conversation?;
    let why = || format!("not in {own}, the conversation of what it was split off with");
    (document.conversation != Some(own)).then(|| (Kind::TicketMismatch, why()))
}

/// What is wrong with a message; `on_ticket` is where the journal has it.
fn fault(document: &StoredDocument, on_ticket: Option<&TicketId>, waits: bool) -> Option<(Kind, String)> {
    match (document.ticket, &document.unrouted, on_ticket) {
        (Some(stored), None, Some(ticket)) if stored == ticket.0 => None,
        (None, Some(_), None) => None,
        // Whether or not the router has it already: ingest asks until it knows.
        (None, None, _) if waits => None,
        (None, None, None) => Some((
            Kind::MessageLost,
            "on no ticket, not unrouted, not on its way".to_owned(),
        )),
        (Some(stored), None, None) => Some((
            Kind::MessageLost,
            format!("said to be on T{stored}, which the journal does not say"),
        )),
        (stored, unrouted, on_ticket) => {
            let stored = stored.map_or_else(|| "no ticket".to_owned(), |ticket| format!("T{ticket}"));
            let unrouted = unrouted.as_deref().unwrap_or("no");
            let journal = on_ticket.map_or_else(|| "nowhere".to_owned(), ToString::to_string);
            Some((
                Kind::TicketMismatch,
                format!("stored on {stored} (unrouted: {unrouted}), in the journal {journal}"),
            ))
        }
    }
}
