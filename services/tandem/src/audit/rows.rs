//! What is stored beside the journal: read models, consumers' positions, the snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use tandem_desk::Journaled;
use tandem_domain::DeskId;
use tandem_store::{Position, Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::journal::Rows;

const PAGE: usize = 1_000;

/// The consumer that makes documents of answers.
pub(crate) const ANSWERS: &str = "ingest-answers";
/// Consumers whose positions are checked: the shell's own relay, and ingest's two.
const CONSUMERS: [&str; 3] = ["relay", "ingest", ANSWERS];

/// Checks a desk's rows in `tables`: all that the journal asks for, each as it should be, and nothing else but what is
/// left over from earlier versions.
pub(crate) async fn check(
    store: &dyn Store,
    desk: &DeskId,
    tables: &[&str],
    expected: &Rows,
    is_left_over: impl Fn(&str, &str, &[u8]) -> bool,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for table in tables {
        let stored = scan(store, desk, table).await?;
        let expected: BTreeMap<_, _> = expected
            .iter()
            .filter(|((of, _), _)| of == table)
            .map(|((_, key), value)| (key, value))
            .collect();
        check_expected(table, &stored, &expected, findings);
        let not_asked_for = stored.iter().filter(|(key, _)| !expected.contains_key(key));
        for (key, _) in not_asked_for.filter(|(key, value)| !is_left_over(table, key, value)) {
            let subject = format_args!("{table}/{key}");
            findings.add(Kind::RowExtra, subject, "the journal knows nothing of it");
        }
    }
    Ok(())
}

fn check_expected(
    table: &str,
    stored: &BTreeMap<String, Bytes>,
    expected: &BTreeMap<&String, &Vec<u8>>,
    findings: &mut Findings,
) {
    for (key, value) in expected {
        let subject = format_args!("{table}/{key}");
        match stored.get(*key) {
            None => findings.add(Kind::RowMissing, subject, "the journal asks for it"),
            Some(found) if !same(found, value) => {
                findings.add(Kind::RowDiffers, subject, "it is not what the journal says");
            }
            Some(_) => {}
        }
    }
}

/// Rows are JSON: fields in another order are no difference.
fn same(found: &[u8], expected: &[u8]) -> bool {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let both = || parse(found).zip(parse(expected));
    found == expected || both().is_some_and(|(found, expected)| agrees(&found, &expected))
}

/// A row that an older version wrote, and that nothing has changed since, lacks the fields that came later.
fn agrees(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => found
            .iter()
            .all(|(name, value)| expected.get(name).is_some_and(|expected| agrees(value, expected))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| agrees(found, expected))
        }
        _ => found == expected,
    }
}

/// All rows of a table.
pub(crate) async fn scan(store: &dyn Store, desk: &DeskId, table: &str) -> Result<BTreeMap<String, Bytes>, StoreError> {
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
pub(crate) async fn check_positions(
    store: &dyn Store,
    stream: &Stream,
    incarnations: &[u64],
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for consumer in CONSUMERS {
        let Some(Position { seq, incarnation }) = store.position(consumer, stream).await? else {
            continue;
        };
        let index = usize::try_from(seq).unwrap_or(usize::MAX).checked_sub(1);
        let fits = index.is_none_or(|index| incarnations.get(index) == Some(&incarnation));
        if !fits {
            let subject = format_args!("consumer {consumer}");
            let detail = format_args!("it is at seq {seq} as {incarnation:x}, which is not in the journal");
            findings.add(Kind::PositionAstray, subject, detail);
        }
    }
    Ok(())
}

/// Checks that the snapshot is a state that the journal went through.
pub(crate) async fn check_snapshot<C: Journaled>(
    store: &dyn Store,
    stream: &Stream,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let Some(snapshot) = store.snapshot(stream).await? else {
        return Ok(());
    };
    if let Some(fault) = tandem_desk::snapshot_fault::<C>(store, stream, &snapshot).await? {
        let subject = format_args!("snapshot at seq {}", snapshot.seq);
        findings.add(Kind::SnapshotDiffers, subject, fault);
    }
    Ok(())
}
