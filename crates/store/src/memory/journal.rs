//! The journal side of the memory store.

use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{Clock, DeskId, Timestamp};

use super::{MemoryStore, Operation};
use crate::{Commit, JournalStore, Position, Record, RequestKey, RequestRecord, RowPage, Snapshot, StoreError, Stream};

#[async_trait]
impl JournalStore for MemoryStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.faults.reachable()?;
        Ok(self.clock.now())
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let fenced = commit.append.as_ref().map(|append| StoreError::Fenced {
            stream: append.stream.clone(),
            seq: append.first_seq,
        });
        let clock = self.clock.clone();
        self.write_with_faults(Operation::Commit, fenced, move |state| {
            state.commit(commit, clock.now())
        })
        .await
    }

    async fn read(&self, stream: &Stream, from_seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let skip = usize::try_from(from_seq.saturating_sub(1)).unwrap_or(usize::MAX);
        self.read(|state| {
            let records = state.journals.get(stream).into_iter().flatten();
            records.skip(skip).take(limit).cloned().collect()
        })
    }

    async fn tail(&self, stream: &Stream) -> Result<Option<Position>, StoreError> {
        self.read(|state| {
            let last = state.journals.get(stream).and_then(|records| records.last());
            last.map(|record| Position {
                seq: record.seq,
                incarnation: record.incarnation,
            })
        })
    }

    async fn streams(&self, service: &str) -> Result<Vec<Stream>, StoreError> {
        self.read(|state| {
            state
                .journals
                .keys()
                .filter(|stream| &*stream.service == service)
                .cloned()
                .collect()
        })
    }

    async fn row(&self, desk: &DeskId, table: &str, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.read(|state| state.rows.get(&(desk.clone(), table.to_owned()))?.get(key).cloned())
    }

    async fn rows(
        &self,
        desk: &DeskId,
        table: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RowPage, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.read_with_faults(Operation::Rows, |state| {
            let Some(rows) = state.rows.get(&(desk.clone(), table.to_owned())) else {
                return RowPage::default();
            };
            let found = rows
                .range::<str, _>((start, Bound::Unbounded))
                .take_while(|(key, _)| key.starts_with(prefix));
            let one_more = found
                .take(limit.saturating_add(1))
                .map(|(key, value)| (key.clone(), value.clone()));
            RowPage::of(one_more.collect(), limit)
        })
        .await
    }

    async fn requests(&self, keys: &[RequestKey]) -> Result<Vec<RequestRecord>, StoreError> {
        let now = self.clock.now();
        let found = self.read(|state| {
            let found = keys.iter().filter_map(|key| state.requests.get(key));
            found.filter(|request| !request.has_expired(now)).cloned().collect()
        })?;
        self.delayed(Operation::Requests).await?;
        Ok(found)
    }

    async fn forget_expired_requests(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        self.write(|state| {
            let before = state.requests.len();
            state.requests.retain(|_, request| !request.has_expired(now));
            (before - state.requests.len()) as u64
        })
    }

    async fn position(&self, consumer: &str, stream: &Stream) -> Result<Option<Position>, StoreError> {
        self.read(|state| state.positions.get(&(consumer.to_owned(), stream.clone())).copied())
    }

    async fn save_snapshot(&self, stream: &Stream, snapshot: Snapshot) -> Result<(), StoreError> {
        self.write(|state| {
            let newer = state
                .snapshots
                .get(stream)
                .is_some_and(|saved| saved.seq > snapshot.seq);
            if !newer {
                state.snapshots.insert(stream.clone(), snapshot);
            }
        })
    }

    async fn snapshot(&self, stream: &Stream) -> Result<Option<Snapshot>, StoreError> {
        self.read(|state| state.snapshots.get(stream).cloned())
    }

    async fn drop_snapshot(&self, stream: &Stream) -> Result<(), StoreError> {
        self.write(|state| {
            state.snapshots.remove(stream);
        })
    }
}
