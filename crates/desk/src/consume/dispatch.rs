//! Takes records and heads from the bus and hands them to their stream's worker, so that one desk's trouble
//! is no other's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tandem_bus::{BusError, Delivery, subject};
use tandem_store::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Consumer;
use super::worker::{News, Worker};
use crate::{Head, records};

/// News that may wait for one stream's worker. What does not fit is dropped and read from the journal later.
const WAITING: usize = 256;
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
        let (bus, service) = (self.consumer.bus.clone(), self.consumer.service.clone());
        let mut heads = bus.hints(&subject::heads(&service)).await?;
        let mut records = bus.events(subscription, &subject::all_records(&service)).await?;
        loop {
            tokio::select! {
                delivery = records.next() => match delivery {
                    Some(delivery) => self.records(delivery).await,
                    None => return Ok(()),
                },
                hint = heads.next() => match hint {
                    Some((_, payload)) => self.head(&payload),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Acknowledged as soon as the worker has them: if this process ends before they are handled, the head
    /// shows that they are missing.
    async fn records(&mut self, delivery: Delivery) {
        if let Some((stream, records)) = records::read(&self.consumer.service, &delivery) {
            self.tell(&stream, News::Records(records));
        } else {
            tracing::warn!(consumer = self.consumer.name, id = delivery.id, "unreadable records");
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
