//! The read models against the journal.

use std::collections::BTreeMap;

use bytes::Bytes;
use tandem_domain::routing::{Answer, Query};
use tandem_domain::{Core, DeskId};
use tandem_routing::RoutingCore;
use tandem_store::{Position, Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::journal::Journal;

const PAGE: usize = 1_000;

/// Consumers whose positions are checked: the shell's own relay, and ingest.
const CONSUMERS: [&str; 2] = ["relay", "ingest"];

/// Checks a desk's rows: all that the journal asks for, nothing else, each as it should be.
pub async fn check(
    store: &dyn Store,
    desk: &DeskId,
    journal: &Journal,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for table in tandem_routing::rows::TABLES {
        let stored = scan(store, desk, table).await?;
        for ((_, key), value) in journal.rows.iter().filter(|((of, _), _)| of == table) {
            let subject = format!("{table}/{key}");
            match stored.get(key) {
                None => findings.add(Kind::RowMissing, subject, "the journal asks for it"),
                Some(found) if !same(found, value) => {
                    findings.add(Kind::RowDiffers, subject, "it is not what the journal says")
                }
                Some(_) => {}
            }
        }
        let extra = stored
            .keys()
            .filter(|key| !journal.rows.contains_key(&(table.to_owned(), (*key).clone())));
        extra.for_each(|key| {
            findings.add(
                Kind::RowExtra,
                format!("{table}/{key}"),
                "the journal knows nothing of it",
            )
        });
    }
    Ok(())
}

/// Rows are JSON: fields in another order are no difference.
fn same(found: &[u8], expected: &[u8]) -> bool {
    let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    found == expected || parse(found).is_some_and(|value| Some(value) == parse(expected))
}

async fn scan(store: &dyn Store, desk: &DeskId, table: &str) -> Result<BTreeMap<String, Bytes>, StoreError> {
    let mut rows = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.rows(desk, table, "", after.as_deref(), PAGE).await?;
        rows.extend(page.rows);
        after = page.next_after;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// Checks that no consumer is ahead of the journal or followed another history.
pub async fn check_positions(
    store: &dyn Store,
    stream: &Stream,
    journal: &Journal,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for consumer in CONSUMERS {
        let Some(Position { seq, incarnation }) = store.position(consumer, stream).await? else {
            continue;
        };
        let index = usize::try_from(seq).unwrap_or(usize::MAX).wrapping_sub(1);
        let fits = seq == 0 || journal.incarnations.get(index) == Some(&incarnation);
        findings.check(
            fits,
            Kind::PositionAstray,
            format!("consumer {consumer}"),
            format!("it is at seq {seq}, which is not in the journal's history"),
        );
    }
    Ok(())
}

/// Checks that the snapshot is a state that the journal went through.
pub async fn check_snapshot(store: &dyn Store, stream: &Stream, findings: &mut Findings) -> Result<(), StoreError> {
    let Some(snapshot) = store.snapshot(stream).await? else {
        return Ok(());
    };
    if let Some(fault) = tandem_desk::snapshot_fault::<RoutingCore>(store, stream, &snapshot).await? {
        findings.add(
            Kind::SnapshotDiffers,
            format!("snapshot at seq {}", snapshot.seq),
            fault,
        );
    }
    Ok(())
}

/// Checks that no eligible idle agent and eligible waiting ticket exist side by side at the journal's end.
///
/// Judged at the time of the last event: what has run out since then is the next tick's business.
pub fn check_idle(journal: &Journal, findings: &mut Findings) {
    for ticket in journal.history.queued() {
        let Answer::Explain(Some(explanation)) = journal.core.query(&Query::Explain(ticket), journal.last_at) else {
            findings.add(
                Kind::IdleBesideWork,
                ticket,
                "it waits, and the router's core does not know it",
            );
            continue;
        };
        if let Some(idle) = explanation
            .candidates
            .iter()
            .find(|candidate| candidate.lacks.is_empty())
        {
            findings.add(
                Kind::IdleBesideWork,
                ticket,
                format!("it waits although {} lacks nothing", idle.agent),
            );
        }
    }
}
