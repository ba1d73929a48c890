//! A batch: its calls, and what they want committed, collected while the core handles them.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use tandem_domain::{Event, RowChange, Timestamp, Trace};
use tandem_store::{NewRecord, RequestRecord, Row, Stream};

use crate::call::Call;
use crate::requests::Remembered;
use crate::shell_event::ShellEvent;
use crate::{DeskError, Journaled, Topic};

/// Calls that are committed together.
pub(crate) struct Batch<C: Journaled> {
    pub(crate) calls: Vec<Call<C>>,
    pub(crate) draft: Draft<C>,
}

impl<C: Journaled> Batch<C> {
    /// An empty one on a desk at this journal level.
    pub(crate) fn new(level: u32) -> Self {
        Self {
            calls: Vec::new(),
            draft: Draft::new(level),
        }
    }
}

/// What a batch wants committed.
pub(crate) struct Draft<C: Journaled> {
    /// When the last call was handled.
    pub(crate) now: Timestamp,
    /// The journal level in force at this point of the batch.
    pub(crate) level: u32,
    pub(crate) remembered: Remembered,
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) events: Vec<Event<C::Body>>,
    pub(crate) records: Vec<NewRecord>,
    /// The records' traces.
    pub(crate) traces: Vec<Trace>,
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
    fn new(level: u32) -> Self {
        Self {
            now: Timestamp::EPOCH,
            level,
            remembered: Remembered::default(),
            requests: Vec::new(),
            events: Vec::new(),
            records: Vec::new(),
            traces: Vec::new(),
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
            let record = NewRecord {
                kind: encoded.kind.to_owned(),
                at: event.at,
                payload: encoded.payload,
            };
            self.record(record, event.trace.clone());
        }
        self.events.extend(events);
        Ok(())
    }

    pub(crate) fn raise_level(&mut self, event: &ShellEvent, level: u32) {
        self.record(event.record(self.now), Trace::default());
        self.level = level;
    }

    fn record(&mut self, record: NewRecord, trace: Trace) {
        self.records.push(record);
        self.traces.push(trace);
    }

    pub(crate) fn remember(&mut self, record: RequestRecord) {
        self.remembered.add(&record);
        self.requests.push(record);
    }

    /// Which commands are parked from now on.
    pub(crate) fn settle_parked(&mut self, parked: &mut HashMap<String, String>) {
        parked.extend(std::mem::take(&mut self.parked));
        parked.retain(|id, _| !self.unparked.contains(id));
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
