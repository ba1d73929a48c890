//! The outbox is the journal itself: what is committed is published, in order, under `<stream>:<seq>`.
//! While the bus is down nothing piles up in memory; the journal is read again from the cursor on.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tandem_bus::{BusError, EventMessage, Headers, subject};
use tandem_domain::Trace;
use tandem_store::{Record, Stream};
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::follow::Follower;
use crate::recent::Stretch;
use crate::records::Telling;
use crate::shared::Shared;
use crate::shell_event::{Recorded, decode_record};
use crate::{Journaled, wire};

/// The cursor's name.
const CONSUMER: &str = "relay";
/// Records that are read at once.
const CHUNK: usize = 256;
/// So long what is committed waits for more of it. Nobody's work waits for the relay: agents hear of an offer by a hint,
/// which goes first this way, and a desk that commits often has its journal read less often than that.
const REST: Duration = Duration::from_millis(5);
/// Events on their way to the bus at the same time. They are sent in order.
const IN_FLIGHT: usize = 64;

/// Publishes until `stop`, then what is left and fits into the time that the caller allows.
pub(crate) async fn relay<C: Journaled>(shared: Arc<Shared>, stop: CancellationToken) {
    let mut follower = Follower::start(shared.clone(), CONSUMER).await;
    let mut save_due = interval(shared.settings.cursor_every);
    let mut telling = Telling::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = save_due.tick() => follower.save_if_moved().await,
            stretch = gathered(&mut follower) => {
                telling.tell(&shared, &stretch.records).await;
                publish::<C>(&shared, &mut follower, &stretch).await;
            }
        }
    }
    while !follower.is_at_head() {
        let stretch = follower.next(CHUNK).await;
        telling.tell(&shared, &stretch.records).await;
        publish::<C>(&shared, &mut follower, &stretch).await;
    }
    follower.save_if_moved().await;
}

async fn gathered(follower: &mut Follower) -> Stretch {
    follower.moved().await;
    if follower.behind() < CHUNK as u64 {
        sleep(REST).await;
    }
    follower.next(CHUNK).await
}

async fn publish<C: Journaled>(shared: &Shared, follower: &mut Follower, Stretch { records, traces }: &Stretch) {
    let messages: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(place, record)| message::<C>(&shared.stream, record, traces.get(place)))
        .collect();
    let publishing = messages.into_iter().map(|message| publish_one(shared, message));
    let mut published = futures::stream::iter(publishing).buffered(IN_FLIGHT);
    for record in records {
        match published.next().await {
            Some(Ok(())) => follower.passed(record),
            Some(Err(BusError::TooLarge { size, limit })) => {
                tracing::error!(stream = %shared.stream, seq = record.seq, size, limit, "event too large for the bus");
                follower.passed(record);
            }
            Some(Err(error)) => {
                drop(published);
                return follower.pause("event not published", &error.to_string()).await;
            }
            None => return,
        }
    }
}

async fn publish_one(shared: &Shared, message: EventMessage) -> Result<(), BusError> {
    let id = message.id.clone();
    let publishing = timeout(shared.settings.call_timeout, shared.bus.publish(message));
    publishing.await.unwrap_or(Err(BusError::Timeout(id)))
}

/// The record as a `CloudEvents` 1.0 event in the binary mode of the NATS binding.
fn message<C: Journaled>(stream: &Stream, record: &Record, trace: Option<&Trace>) -> EventMessage {
    let id = format!("{stream}:{}", record.seq);
    let mut headers = Headers::from(
        [
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", id.clone()),
            ("ce-source", format!("/tandem/{}/{}", stream.service, stream.desk)),
            ("ce-type", format!("tandem.{}.{}", stream.service, record.kind)),
            ("ce-time", record.at.to_string()),
            ("content-type", "application/protobuf".to_owned()),
            (wire::STREAM, stream.to_string()),
            (wire::SEQ, record.seq.to_string()),
            (wire::INCARNATION, record.incarnation.to_string()),
            (wire::AT, record.at.as_micros().to_string()),
            (wire::KIND, record.kind.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let trace = trace.cloned().or_else(|| trace_of::<C>(record));
    if let Some(trace) = trace.filter(|trace| !trace.0.is_empty()) {
        headers.insert("traceparent".to_owned(), trace.0.to_string());
    }
    let subject = subject::event(&stream.desk, &record.kind);
    EventMessage {
        subject,
        id,
        headers,
        payload: record.payload.clone(),
    }
}

/// What the record itself says.
fn trace_of<C: Journaled>(record: &Record) -> Option<Trace> {
    match decode_record::<C>(record) {
        Ok(Recorded::Core(event)) => Some(event.trace),
        Ok(Recorded::Shell(_)) | Err(_) => None,
    }
}
