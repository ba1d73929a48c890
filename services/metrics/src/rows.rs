//! Reading rows of a desk in order.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tandem_domain::{DeskId, RowChange, Timestamp};
use tandem_measures::{Damaged, Place, parse_key, start_key};
use tandem_store::{Commit, Row, Store, StoreError, Stream};
use tokio::time::sleep;

/// Rows that are read at once.
const CHUNK: usize = 1_000;
/// How long to wait before asking a store again that was away.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Why stored measures cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
    /// A row is not what it should be.
    #[error("stored measures are damaged")]
    Damaged(#[from] Damaged),
}

/// A row that stands in order with its neighbours.
pub(crate) struct Measured {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Bytes,
}

/// The rows of a table of measures, in the order of time.
pub(crate) struct Rows<'a> {
    scan: Scan<'a>,
    waiting: VecDeque<(String, Bytes)>,
}

impl<'a> Rows<'a> {
    /// The rows of intervals that begin at `from` or later.
    pub(crate) fn new(store: &'a dyn Store, desk: &'a DeskId, table: &'static str, from: Timestamp) -> Self {
        Self {
            scan: Scan::new(store, desk, table, "").after(from),
            waiting: VecDeque::new(),
        }
    }

    /// The next row, if its interval begins before `end`.
    pub(crate) async fn next_before(&mut self, end: Timestamp) -> Result<Option<Measured>, ReadError> {
        if self.waiting.is_empty() {
            self.waiting.extend(self.scan.next().await?.unwrap_or_default());
        }
        let Some((key, _)) = self.waiting.front() else {
            return Ok(None);
        };
        let (start, place) = parse_key(key).map_err(Damaged::from)?;
        if start >= end {
            return Ok(None);
        }
        let row = self.waiting.pop_front();
        Ok(row.map(|(key, value)| Measured { key, place, value }))
    }
}

/// A scan of a table, chunk by chunk.
pub(crate) struct Scan<'a> {
    store: &'a dyn Store,
    desk: &'a DeskId,
    table: &'static str,
    prefix: String,
    after: Option<String>,
    ended: bool,
}

impl<'a> Scan<'a> {
    /// All rows whose keys begin with `prefix`.
    pub(crate) fn new(store: &'a dyn Store, desk: &'a DeskId, table: &'static str, prefix: &str) -> Self {
        Self {
            store,
            desk,
            table,
            prefix: prefix.to_owned(),
            after: None,
            ended: false,
        }
    }

    /// Only rows whose keys come after that of an interval that begins at `start`.
    pub(crate) fn after(mut self, start: Timestamp) -> Self {
        self.after = Some(start_key(start));
        self
    }

    /// The first row.
    pub(crate) async fn first(&self) -> Result<Option<(String, Bytes)>, StoreError> {
        let page = self
            .store
            .rows(self.desk, self.table, &self.prefix, self.after.as_deref(), 1)
            .await?;
        Ok(page.rows.into_iter().next())
    }

    /// The next rows; none: those were all.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<(String, Bytes)>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let after = self.after.as_deref();
        let page = self
            .store
            .rows(self.desk, self.table, &self.prefix, after, CHUNK)
            .await?;
        self.ended = page.next_after.is_none();
        self.after = page.next_after;
        Ok(Some(page.rows))
    }

    /// All that are left.
    pub(crate) async fn all(mut self) -> Result<Vec<(String, Bytes)>, StoreError> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }
}

/// The changes as rows of a desk.
pub(crate) fn rows_of(desk: &DeskId, changes: Vec<RowChange>) -> Vec<Row> {
    let row = |change: RowChange| Row {
        desk: desk.clone(),
        table: change.table.to_owned(),
        key: change.key,
        value: change.value.map(Bytes::from),
    };
    changes.into_iter().map(row).collect()
}

/// Rows that delete whatever these tables hold of a desk.
pub(crate) async fn deletions(
    store: &dyn Store,
    desk: &DeskId,
    tables: &[&'static str],
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for table in tables {
        let stored = Scan::new(store, desk, table, "").all().await?;
        rows.extend(stored.into_iter().map(|(key, _)| Row {
            desk: desk.clone(),
            table: (*table).to_owned(),
            key,
            value: None,
        }));
    }
    Ok(rows)
}

/// Deletes whatever came from a stream whose history was rewritten.
pub(crate) async fn forget(store: &dyn Store, stream: &Stream, tables: &[&'static str]) -> Commit {
    loop {
        match deletions(store, &stream.desk, tables).await {
            Ok(rows) => {
                return Commit {
                    rows,
                    ..Commit::default()
                };
            }
            Err(error) => tracing::warn!(%stream, %error, "measures of a rewritten history not read yet"),
        }
        sleep(ASK_AGAIN).await;
    }
}
