//! One pull consumer, from where the last one got to until something goes wrong.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::{ConsumerInfoError, ConsumerInfoErrorKind};
use async_nats::jetstream::stream::{Info, Stream};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Position;
use crate::MAX_UNACKED;
use crate::nats::event_stream::EventStream;
use crate::nats::link::{self, Link};

/// Events that wait in this process at most.
const BATCH: usize = 64;

/// How long the server keeps a question for more events open.
const PULL_EXPIRES: Duration = Duration::from_secs(30);

/// The server sends again what is unacknowledged for so long, out of order; the reader is much faster to go back. This is
/// for acknowledgements that were lost, and longer than anybody handles an event.
const ACK_WAIT: Duration = Duration::from_mins(10);

/// Replicas come and go under new names; what nobody reads any more is forgotten.
const FORGET_CONSUMER_AFTER: Duration = Duration::from_hours(24);

pub(super) struct Session {
    pub(super) number: u64,
    pub(super) began: Instant,
    messages: pull::Stream,
    connections: u64,
}

impl Session {
    pub(super) fn new(messages: pull::Stream, number: u64, connections: u64) -> Self {
        Self {
            number,
            began: Instant::now(),
            messages,
            connections,
        }
    }

    /// The next event, or why the session is over.
    pub(super) async fn next(
        &mut self,
        position: &Position,
        link: &mut watch::Receiver<Link>,
    ) -> Result<jetstream::Message, String> {
        let connections = self.connections;
        tokio::select! {
            biased;
            () = position.given_back() => Err("an event was not dealt with".to_owned()),
            () = link::over(link, connections) => Err("the connection was lost".to_owned()),
            message = self.messages.next() => {
                let message = message.ok_or("the server ended it")?.map_err(|error| error.to_string())?;
                let sequence = message.info().map_err(|error| error.to_string())?.stream_sequence;
                position.progress().delivered(sequence);
                Ok(message)
            }
        }
    }
}

/// Makes the consumer anew on the server, from the first event on that is not acknowledged.
pub(super) async fn open(
    stream: &EventStream,
    position: &Position,
    consumer: &str,
    filter: &str,
    heartbeat: Duration,
) -> Result<(pull::Stream, u64), async_nats::Error> {
    let name = durable_name(consumer);
    let info = stream.info().await?;
    let identity = info.created.unix_timestamp_nanos();
    let server = stream.context.get_stream_no_info(stream.name()).await?;
    let acknowledged = acknowledged(&server, &name).await?;
    let first = first_to_read(&info, position.progress().resume(identity), acknowledged);
    if acknowledged.is_some() {
        server.delete_consumer(&name).await?;
    }
    let consumer = server.create_consumer(settings(name, filter, first)).await?;
    let pulling = consumer
        .stream()
        .max_messages_per_batch(BATCH)
        .expires(PULL_EXPIRES)
        .heartbeat(heartbeat);
    let messages = pulling.messages().await?;
    Ok((messages, position.progress().begin(identity, first)))
}

/// Where this process got to; else where the consumer got to on the server; else from now on. Never behind the
/// stream's end, where a stream that lost its newest events would have us wait for numbers that others will bear.
fn first_to_read(stream: &Info, resume: Option<u64>, acknowledged: Option<u64>) -> u64 {
    let from_now_on = stream.state.last_sequence + 1;
    let first = resume.or(acknowledged.map(|last| last + 1)).unwrap_or(from_now_on);
    first.min(from_now_on)
}

/// Up to where the consumer has acknowledged everything, as far as the server knows; nothing if it knows no such
/// consumer.
async fn acknowledged<I>(server: &Stream<I>, name: &str) -> Result<Option<u64>, ConsumerInfoError> {
    match server.consumer_info(name).await {
        Ok(info) => Ok(Some(info.ack_floor.stream_sequence)),
        Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn settings(name: String, filter: &str, first: u64) -> pull::Config {
    pull::Config {
        durable_name: Some(name),
        filter_subject: filter.to_owned(),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: first },
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: i64::try_from(MAX_UNACKED).expect("a small number"),
        inactive_threshold: FORGET_CONSUMER_AFTER,
        ..pull::Config::default()
    }
}

/// NATS allows no dots, blanks or wildcards in a consumer's name; those and their like are written as `=2E`, so that
/// different names stay different.
fn durable_name(consumer: &str) -> String {
    consumer
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("={other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumers_names_stay_different() {
        assert_eq!(durable_name("escalation-pod_1"), "escalation-pod_1");
        assert_eq!(durable_name("a.b"), "a=2Eb");
        assert_eq!(durable_name("a=2Eb"), "a=3D2Eb");
    }
}
