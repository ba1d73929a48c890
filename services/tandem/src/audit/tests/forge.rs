//! Writes into a journal what no router would write.

use tandem_desk::{Journaled, Recorded, decode_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Actor, Cause, Context, Core, Timestamp, Trace};
use tandem_routing::RoutingCore;
use tandem_store::{Append, Commit, JournalStore, NewRecord, Record, Row};

use super::story::{Story, acme, stream};

/// An event to be written behind the journal's end.
pub(super) struct Forgery {
    event: RoutingEvent,
    at: Option<Timestamp>,
    incarnation: Option<u64>,
    rows: bool,
}

impl Forgery {
    /// The event, with the rows that the router's core asks for then.
    pub(super) fn of(event: RoutingEvent) -> Self {
        Self {
            event,
            at: None,
            incarnation: None,
            rows: true,
        }
    }

    /// At this time, instead of the last record's.
    pub(super) fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// By this opening, instead of the last one.
    pub(super) fn by(mut self, incarnation: u64) -> Self {
        self.incarnation = Some(incarnation);
        self
    }

    /// An event that the core would not know how to replay.
    pub(super) fn without_rows(mut self) -> Self {
        self.rows = false;
        self
    }
}

impl Story {
    pub(super) async fn journal(&self) -> Vec<Record> {
        self.store.read(&stream(), 1, 10_000).await.expect("readable")
    }

    pub(super) async fn last(&self) -> Record {
        self.journal().await.pop().expect("a record")
    }

    pub(super) async fn forge(&self, forgery: Forgery) {
        let last = self.last().await;
        let context = Context {
            now: forgery.at.unwrap_or(last.at),
            actor: Actor::service("router"),
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        let event = context.event(forgery.event);
        let encoded = RoutingCore::encode(&event);
        let record = NewRecord {
            kind: encoded.kind.to_owned(),
            at: event.at,
            payload: encoded.payload,
        };
        let mut rows = Vec::new();
        if forgery.rows {
            let mut core = self.core().await;
            core.apply(&event);
            rows = core.rows(&[event]);
        }
        let rows = rows.into_iter().map(|change| Row {
            desk: acme(),
            table: change.table.to_owned(),
            key: change.key,
            value: change.value.map(Into::into),
        });
        self.append(record, forgery.incarnation.unwrap_or(last.incarnation), rows.collect())
            .await;
    }

    /// Appends any record.
    pub(super) async fn append(&self, record: NewRecord, incarnation: u64, rows: Vec<Row>) {
        let append = Append {
            stream: stream(),
            first_seq: self.last().await.seq + 1,
            incarnation,
            records: vec![record],
        };
        let commit = Commit {
            append: Some(append),
            rows,
            ..Commit::default()
        };
        self.store.commit(commit).await.expect("committed");
    }

    /// The router's core as it is at the journal's end.
    async fn core(&self) -> RoutingCore {
        let mut core = RoutingCore::new(&acme());
        for record in self.journal().await {
            if let Ok(Recorded::Core(event)) = decode_record::<RoutingCore>(&record) {
                core.apply(&event);
            }
        }
        core
    }
}
