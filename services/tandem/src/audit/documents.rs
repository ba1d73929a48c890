//! Every stored message against the journal: on exactly one ticket, or unrouted, or still on its way.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{DeskId, MessageId, TicketId};
use tandem_store::{Store, StoreError, StoredDocument};

use super::finding::{Findings, Kind};

const PAGE: usize = 1_000;

/// Checks a desk's documents against where the journal has its messages.
pub async fn check(
    store: &dyn Store,
    desk: &DeskId,
    on_tickets: &BTreeMap<MessageId, TicketId>,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let waiting = waiting(store, desk).await?;
    let mut seen = BTreeSet::new();
    let mut after = None;
    loop {
        let page = store.documents(desk, None, after, PAGE).await?;
        for document in &page {
            seen.insert(document.id);
            check_one(document, on_tickets.get(&document.id), &waiting, findings);
        }
        after = page.last().map(|document| document.id);
        if page.len() < PAGE {
            break;
        }
    }
    for (message, ticket) in on_tickets.iter().filter(|(message, _)| !seen.contains(message)) {
        findings.add(Kind::MessageInvented, message, format!("on {ticket}, but not stored"));
    }
    Ok(seen.len() as u64)
}

async fn waiting(store: &dyn Store, desk: &DeskId) -> Result<BTreeSet<MessageId>, StoreError> {
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

fn check_one(
    document: &StoredDocument,
    on_ticket: Option<&TicketId>,
    waiting: &BTreeSet<MessageId>,
    findings: &mut Findings,
) {
    let id = document.id;
    match (document.ticket, &document.unrouted, on_ticket) {
        (Some(stored), None, Some(ticket)) if stored == ticket.0 => {}
        // The router has it, and ingest has not heard yet.
        (None, None, Some(_)) if waiting.contains(&id) => {}
        (None, None, None) if waiting.contains(&id) => {}
        (None, Some(_), None) => {}
        (None, None, None) => findings.add(Kind::MessageLost, id, "on no ticket, not unrouted, not on its way"),
        (Some(stored), None, None) => findings.add(
            Kind::MessageLost,
            id,
            format!("said to be on T{stored}, which the journal does not know"),
        ),
        (None, Some(reason), Some(ticket)) => findings.add(
            Kind::TicketMismatch,
            id,
            format!("unrouted ({reason}), and on {ticket}"),
        ),
        (Some(stored), None, Some(ticket)) => {
            findings.add(
                Kind::TicketMismatch,
                id,
                format!("said to be on T{stored}, and on {ticket}"),
            );
        }
        (Some(stored), Some(reason), _) => findings.add(
            Kind::TicketMismatch,
            id,
            format!("on T{stored} and unrouted ({reason})"),
        ),
        (None, None, Some(ticket)) => {
            findings.add(
                Kind::TicketMismatch,
                id,
                format!("on {ticket}, but ingest neither knows nor asks"),
            );
        }
    }
}
