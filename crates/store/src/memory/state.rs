//! What the memory store keeps.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};

use super::documents::Documents;
use super::jobs::Jobs;
use crate::{Append, Commit, Lease, Position, PositionUpdate, Record, RequestKey, RequestRecord, Row, Snapshot};
use crate::{StoreError, Stream};

#[derive(Default)]
pub(super) struct State {
    pub(super) journals: BTreeMap<Stream, Vec<Record>>,
    pub(super) rows: BTreeMap<(DeskId, String), BTreeMap<String, Bytes>>,
    pub(super) requests: BTreeMap<RequestKey, RequestRecord>,
    pub(super) positions: HashMap<(String, Stream), Position>,
    pub(super) snapshots: HashMap<Stream, Snapshot>,
    pub(super) leases: BTreeMap<String, Lease>,
    pub(super) documents: Documents,
    pub(super) jobs: Jobs,
}

impl State {
    /// Checks everything before it changes anything, so that a refused commit leaves no trace.
    pub(super) fn commit(&mut self, commit: Commit, now: Timestamp) -> Result<(), StoreError> {
        if let Some(append) = &commit.append {
            self.check_fence(append)?;
        }
        let moved = self.check_positions(&commit.positions)?;
        if let Some(append) = commit.append {
            self.append(append);
        }
        self.positions.extend(moved);
        commit.rows.into_iter().for_each(|row| self.put_row(row));
        commit
            .requests
            .into_iter()
            .for_each(|request| self.remember(request, now));
        commit.jobs.into_iter().for_each(|job| self.jobs.add(job, now));
        Ok(())
    }

    fn check_fence(&self, append: &Append) -> Result<(), StoreError> {
        let written = self.journals.get(&append.stream).map_or(0, Vec::len) as u64;
        if append.records.is_empty() || append.first_seq == written + 1 {
            return Ok(());
        }
        Err(StoreError::Fenced {
            stream: append.stream.clone(),
            seq: append.first_seq,
        })
    }

    fn check_positions(&self, updates: &[PositionUpdate]) -> Result<HashMap<(String, Stream), Position>, StoreError> {
        let mut moved = HashMap::new();
        for update in updates {
            let key = (update.consumer.clone(), update.stream.clone());
            let at = moved.get(&key).or_else(|| self.positions.get(&key)).copied();
            if at != update.from || !update.goes_forward() {
                return Err(update.refused());
            }
            moved.insert(key, update.to);
        }
        Ok(moved)
    }

    fn append(&mut self, append: Append) {
        if append.records.is_empty() {
            return;
        }
        let incarnation = append.incarnation;
        let records = append
            .records
            .into_iter()
            .zip(append.first_seq..)
            .map(|(new, seq)| Record {
                seq,
                incarnation,
                kind: new.kind,
                at: new.at,
                payload: new.payload,
            });
        self.journals.entry(append.stream).or_default().extend(records);
    }

    fn put_row(&mut self, row: Row) {
        let table = self.rows.entry((row.desk, row.table)).or_default();
        match row.value {
            Some(value) => table.insert(row.key, value),
            None => table.remove(&row.key),
        };
    }

    fn remember(&mut self, request: RequestRecord, now: Timestamp) {
        let taken = self
            .requests
            .get(&request.key)
            .is_some_and(|known| !known.has_expired(now));
        if !taken {
            self.requests.insert(request.key.clone(), request);
        }
    }
}
