//! What a commit does to one key, where it names the key more than once.

use std::collections::{BTreeMap, BTreeSet};

use crate::{RequestRecord, Row};

/// Rows to put and rows to delete: the last word on each key, sorted so that two transactions
/// lock in one order.
pub(crate) fn last_words(rows: &[Row]) -> (Vec<&Row>, Vec<&Row>) {
    let by_key: BTreeMap<_, _> = rows
        .iter()
        .map(|row| ((&row.desk, &row.table, &row.key), row))
        .collect();
    by_key.into_values().partition(|row| row.value.is_some())
}

/// Requests without repeated keys, sorted: the first keeps its key, as if they came one by one.
pub(crate) fn first_requests(requests: &[RequestRecord]) -> Vec<&RequestRecord> {
    let mut seen = BTreeSet::new();
    let mut first: Vec<_> = requests.iter().filter(|request| seen.insert(&request.key)).collect();
    first.sort_by(|a, b| a.key.cmp(&b.key));
    first
}
