//! Takes events and heads from the bus and hands each to its stream's worker, so that one desk's trouble
//! is no other's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tandem_bus::{BusError, Delivery, subject};
use tandem_domain::Timestamp;
use tandem_store::{Record, Stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Consumer;
use super::worker::{News, Worker};
use crate::{Head, wire};

/// News that may wait for one stream's worker. What does not fit is dropped and read from the journal later.
const WAITING: usize = 1024;
/// How long to wait before subscribing again.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(1);

struct Dispatch {
    consumer: Arc<Consumer>,
    workers: HashMap<Stream, mpsc::Sender<News>>,
    tasks: JoinSet<()>,
}

/// Runs until dropped.
pub(super) async fn run(consumer: Arc<Consumer>, subscription: String) {
    let mut dispatch = Dispatch {
        consumer,
        workers: HashMap::new(),
        tasks: JoinSet::new(),
    };
    loop {
        if let Err(error) = dispatch.listen(&subscription).await {
            tracing::warn!(consumer = dispatch.consumer.name, %error, "not subscribed; tried again");
        }
        sleep(SUBSCRIBE_AGAIN).await;
    }
}

impl Dispatch {
    /// Until a subscription ends.
    async fn listen(&mut self, subscription: &str) -> Result<(), BusError> {
        let bus = self.consumer.bus.clone();
        let mut heads = bus.hints(&format!("tandem.head.{}.*", self.consumer.service)).await?;
        let mut events = bus.events(subscription, subject::ALL_EVENTS).await?;
        loop {
            tokio::select! {
                delivery = events.next() => match delivery {
                    Some(delivery) => self.event(delivery).await,
                    None => return Ok(()),
                },
                hint = heads.next() => match hint {
                    Some((_, payload)) => self.head(&payload),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Acknowledged as soon as the worker has it: if this process ends before it is handled, the head
    /// shows that it is missing.
    async fn event(&mut self, delivery: Delivery) {
        let ours = read(&delivery).filter(|(stream, _)| *stream.service == *self.consumer.service);
        if let Some((stream, record)) = ours {
            self.tell(&stream, News::Event(record));
        }
        delivery.ack().await;
    }

    fn head(&mut self, payload: &Bytes) {
        match serde_json::from_slice::<Head>(payload) {
            Ok(head) => self.tell(&head.stream(), News::Head(head)),
            Err(error) => tracing::warn!(consumer = self.consumer.name, %error, "unreadable head"),
        }
    }

    fn tell(&mut self, stream: &Stream, news: News) {
        let worker = self.workers.entry(stream.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            let worker = Worker::new(self.consumer.clone(), stream.clone());
            self.tasks.spawn(worker.run(receiver));
            sender
        });
        match worker.try_send(news) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::debug!(%stream, "worker is behind; it will read from the journal"),
            Err(TrySendError::Closed(_)) => {
                tracing::error!(%stream, consumer = self.consumer.name, "worker broke off; the next news starts it anew");
                self.workers.remove(stream);
            }
        }
    }
}

/// Events of others than desks' owners are none of ours.
fn read(delivery: &Delivery) -> Option<(Stream, Record)> {
    let header = |name: &str| delivery.headers.get(name);
    let (service, desk) = header(wire::STREAM)?.split_once('.')?;
    let record = Record {
        seq: header(wire::SEQ)?.parse().ok()?,
        incarnation: header(wire::INCARNATION)?.parse().ok()?,
        kind: header(wire::KIND)?.clone(),
        at: Timestamp::from_micros(header(wire::AT)?.parse().ok()?),
        payload: delivery.payload.clone(),
    };
    Some((Stream::new(service, desk.parse().ok()?), record))
}
