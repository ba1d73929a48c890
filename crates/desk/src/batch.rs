//! What a batch wants committed, collected while the core handles it.

use std::collections::BTreeMap;

use bytes::Bytes;
use tandem_domain::{Event, RowChange, Timestamp, Trace};
use tandem_store::{NewRecord, RequestRecord, Row, Stream};

use crate::requests::Remembered;
use crate::shell_event::ShellEvent;
use crate::{DeskError, Journaled, Topic};

/// What a batch wants committed.
pub(crate) struct Draft<C: Journaled> {
    pub(crate) now: Timestamp,
    /// The journal level in force at this point of the batch.
    pub(crate) level: u32,
    pub(crate) remembered: Remembered,
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) events: Vec<Event<C::Body>>,
    pub(crate) records: Vec<NewRecord>,
    pub(crate) topics: Vec<Topic>,
    /// The first command's that has one: the commit shows up in it, on behalf of all.
    pub(crate) trace: Option<Trace>,
    /// Ids of commands that are parked with this batch, with their reasons.
    pub(crate) parked: BTreeMap<String, String>,
    pub(crate) unparked: Vec<String>,
    /// One change per row: a bulk upsert cannot touch a row twice.
    rows: BTreeMap<(String, String), Option<Bytes>>,
}

impl<C: Journaled> Draft<C> {
    pub(crate) fn new(now: Timestamp, level: u32, remembered: Remembered) -> Self {
        Self {
            now,
            level,
            remembered,
            requests: Vec::new(),
            events: Vec::new(),
            records: Vec::new(),
            topics: Vec::new(),
            trace: None,
            parked: BTreeMap::new(),
            unparked: Vec::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Whether there is nothing to commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.requests.is_empty() && self.rows.is_empty()
    }

    /// Takes over what the core has emitted.
    ///
    /// # Errors
    /// A kind that the desk's journal level does not allow yet: its readers may not know it.
    pub(crate) fn emit(&mut self, events: Vec<Event<C::Body>>) -> Result<(), DeskError<C::Rejection>> {
        for event in &events {
            let encoded = C::encode(event);
            if encoded.level > self.level {
                return Err(DeskError::JournalLevel {
                    needs: encoded.level,
                    has: self.level,
                    knows: C::LEVEL,
                });
            }
            let kind = encoded.kind.to_owned();
            self.records.push(NewRecord {
                kind,
                at: event.at,
                payload: encoded.payload,
            });
        }
        self.events.extend(events);
        Ok(())
    }

    pub(crate) fn raise_level(&mut self, event: &ShellEvent, level: u32) {
        self.records.push(event.record(self.now));
        self.level = level;
    }

    pub(crate) fn remember(&mut self, record: RequestRecord) {
        self.remembered.add(&record);
        self.requests.push(record);
    }

    pub(crate) fn put(&mut self, row: Row) {
        self.rows.insert((row.table, row.key), row.value);
    }

    pub(crate) fn change(&mut self, change: RowChange) {
        self.rows
            .insert((change.table.to_owned(), change.key), change.value.map(Bytes::from));
    }

    pub(crate) fn take_rows(&mut self, stream: &Stream) -> Vec<Row> {
        let rows = std::mem::take(&mut self.rows).into_iter();
        rows.map(|((table, key), value)| Row {
            desk: stream.desk.clone(),
            table,
            key,
            value,
        })
        .collect()
    }
}
