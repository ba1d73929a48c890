//! The event log shared between tasks, and the stream of one reader of it.

use std::sync::{Arc, Mutex, MutexGuard};

use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::event_log::{Bounds, EventLog, Next, Reader};
use super::lock;
use crate::{Delivery, EventMessage};

#[derive(Clone, Default)]
pub(super) struct SharedLog {
    log: Arc<Mutex<EventLog>>,
    changed: watch::Sender<()>,
}

impl SharedLog {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            log: Arc::new(Mutex::new(EventLog::new(bounds))),
            ..Self::default()
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, EventLog> {
        lock(&self.log)
    }

    pub(super) fn publish(&self, event: EventMessage) {
        if self.lock().publish(event) {
            self.changed.send_replace(());
        }
    }

    pub(super) fn deliveries(&self, consumer: &str, pattern: &str) -> BoxStream<'static, Delivery> {
        let reader = self.lock().attach(consumer, pattern);
        self.changed.send_replace(());
        let changed = self.changed.subscribe();
        let state = (self.clone(), reader, changed);
        stream::unfold(state, |(log, reader, mut changed)| async move {
            let (position, event) = log.wait_for_next(&reader, &mut changed).await?;
            let delivery = log.delivery(reader.clone(), position, &event);
            Some((delivery, (log, reader, changed)))
        })
        .boxed()
    }

    async fn wait_for_next(
        &self,
        reader: &Reader,
        changed: &mut watch::Receiver<()>,
    ) -> Option<(u64, Arc<EventMessage>)> {
        loop {
            let next = self.lock().next(reader);
            match next {
                Next::Event(position, event) => return Some((position, event)),
                Next::TakenOver => return None,
                Next::Nothing => changed.changed().await.ok()?,
            }
        }
    }

    fn delivery(&self, reader: Reader, position: u64, event: &EventMessage) -> Delivery {
        let unacked = Unacked {
            log: self.clone(),
            reader,
            position,
        };
        Delivery::new(event.clone(), Box::new(move || async move { unacked.ack() }.boxed()))
    }
}

/// Gives the delivery back when it is dropped, which is after its acknowledgement or instead of it.
struct Unacked {
    log: SharedLog,
    reader: Reader,
    position: u64,
}

impl Unacked {
    fn ack(&self) {
        self.log.lock().ack(&self.reader, self.position);
    }
}

impl Drop for Unacked {
    fn drop(&mut self) {
        self.log.lock().give_back(&self.reader, self.position);
        self.log.changed.send_replace(());
    }
}
