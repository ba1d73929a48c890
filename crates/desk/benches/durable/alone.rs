//! The store by itself, with the very records, rows and requests that the shell commits for the same commands: the
//! limit of whatever stands on it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tandem_desk::Journaled;
use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Actor, Cause, Context, Core, DeskId, Event, Timestamp, Trace};
use tandem_routing::RoutingCore;
use tandem_store::{Append, Commit, NewRecord, RequestKey, RequestRecord, Row, Store, Stream};
use tokio::time::Instant;

use crate::desk;

/// Tickets in one commit: what a loaded shell gathers while the commit before is under way.
const BATCH: u64 = 256;

/// What the store is given for `BATCH` tickets, again and again, under other numbers.
struct Template {
    records: Vec<NewRecord>,
    rows: Vec<(&'static str, String, Option<Bytes>)>,
    requests: usize,
}

pub(crate) async fn tickets_per_second(store: &Arc<dyn Store>, name: &str, writers: usize, time: Duration) -> f64 {
    let template = Arc::new(template());
    let started = Instant::now();
    let writers = (0..writers).map(|number| {
        let desk: DeskId = format!("{name}-{number}").parse().expect("a key");
        tokio::spawn(write(store.clone(), desk, template.clone(), started, time))
    });
    let done = join_all(writers)
        .await
        .into_iter()
        .map(|done| done.expect("no writer panics"));
    let sum = u32::try_from(done.sum::<u64>()).expect("seconds are short");
    f64::from(sum) / started.elapsed().as_secs_f64()
}

async fn write(store: Arc<dyn Store>, desk: DeskId, template: Arc<Template>, started: Instant, time: Duration) -> u64 {
    let (mut seq, mut batch) = (1, 0);
    while started.elapsed() < time {
        let commit = template.commit(&desk, seq, batch);
        store.commit(commit).await.expect("the store works");
        seq += template.records.len() as u64;
        batch += 1;
    }
    batch * BATCH
}

fn template() -> Template {
    let mut core = RoutingCore::new(&"template".parse().expect("a key"));
    for command in desk::opening() {
        handle(&mut core, command);
    }
    let events: Vec<_> = (0..BATCH)
        .flat_map(|number| handle(&mut core, desk::intake(number)))
        .collect();
    let rows = core.rows(&events).into_iter();
    Template {
        records: events.iter().map(record).collect(),
        rows: rows
            .map(|row| (row.table, row.key, row.value.map(Bytes::from)))
            .collect(),
        requests: usize::try_from(BATCH).expect("small"),
    }
}

fn handle(core: &mut RoutingCore, command: Command) -> Vec<Event<RoutingEvent>> {
    let context = Context {
        now: Timestamp::EPOCH,
        actor: Actor::service("ingest"),
        cause: Cause::Timer,
        trace: Trace::default(),
    };
    let mut events = Vec::new();
    core.handle(command, &context, &mut events).expect("accepted");
    events
}

fn record(event: &Event<RoutingEvent>) -> NewRecord {
    let encoded = RoutingCore::encode(event);
    NewRecord {
        kind: encoded.kind.to_owned(),
        at: event.at,
        payload: encoded.payload,
    }
}

impl Template {
    fn commit(&self, desk: &DeskId, first_seq: u64, batch: u64) -> Commit {
        let row = |(table, key, value): &(&'static str, String, Option<Bytes>)| Row {
            desk: desk.clone(),
            table: (*table).to_owned(),
            // An agent's row changes again and again; each ticket has rows of its own.
            key: if *table == "agent" {
                key.clone()
            } else {
                format!("{key}-{batch}")
            },
            value: value.clone(),
        };
        let request = |number: usize| RequestRecord {
            key: RequestKey {
                desk: desk.clone(),
                caller: "service:ingest".to_owned(),
                method: "Intake".to_owned(),
                id: format!("request {batch}-{number}"),
            },
            hash: [7; 32],
            reply: Bytes::from_static(br#"{"on_ticket":{"ticket":123456,"opened":true}}"#),
            expires_at: Some(Timestamp::from_micros(i64::MAX)),
        };
        Commit {
            append: Some(Append {
                stream: Stream::new("alone", desk.clone()),
                first_seq,
                incarnation: 1,
                records: self.records.clone(),
            }),
            rows: self.rows.iter().map(row).collect(),
            requests: (0..self.requests).map(request).collect(),
            ..Commit::default()
        }
    }
}
