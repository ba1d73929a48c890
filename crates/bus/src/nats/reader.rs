//! Reads events as a durable consumer and starts over after whatever goes wrong.
//!
//! A session is one pull consumer on the server, which begins with the first event that is not acknowledged. The
//! server itself would send what is unacknowledged after what is newer; so instead of waiting for that, everything
//! that puts the order at risk (a lost connection, a delivery given back, an error, silence) ends the session,
//! and the next one goes back. The server's own acknowledgements say where to begin after a restart of ours.

mod session;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream;
use futures::FutureExt;
use tokio::sync::{Notify, watch};

use super::config::NatsConfig;
use super::event_stream::EventStream;
use super::link::{self, Link};
use super::progress::Progress;
use super::{headers, retry};
use crate::{BusError, Delivery, EventMessage};

use session::Session;

/// A session that lived this long was sound: the next one may come at once.
const SOUND: Duration = Duration::from_secs(30);

pub(super) struct Reader {
    stream: Arc<EventStream>,
    consumer: String,
    filter: String,
    heartbeat: Duration,
    position: Arc<Position>,
    link: watch::Receiver<Link>,
    session: Option<Session>,
    failures: usize,
}

/// What the reader and the deliveries that are out share.
#[derive(Default)]
struct Position {
    progress: Mutex<Progress>,
    dropped: Notify,
}

impl Reader {
    /// A reader whose consumer stands on the server, so that nothing published from now on is missed.
    pub(super) async fn start(
        stream: Arc<EventStream>,
        link: watch::Receiver<Link>,
        config: &NatsConfig,
        consumer: &str,
        filter: &str,
    ) -> Result<Self, BusError> {
        let mut reader = Self {
            stream,
            consumer: consumer.to_owned(),
            filter: filter.to_owned(),
            heartbeat: config.heartbeat,
            position: Arc::default(),
            link,
            session: None,
            failures: 0,
        };
        reader.session = Some(reader.begin_session().await?);
        Ok(reader)
    }

    /// Nothing only when the bus was closed.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        loop {
            let Some(session) = &mut self.session else {
                self.start_over().await?;
                continue;
            };
            match session.next(&self.position, &mut self.link).await {
                Ok(message) => return Some(delivery(message, session.number, &self.position)),
                Err(reason) => {
                    tracing::warn!(consumer = self.consumer, reason, "reading events starts over");
                    self.end_session();
                }
            }
        }
    }

    fn end_session(&mut self) {
        let sound = self
            .session
            .take()
            .is_some_and(|session| session.began.elapsed() > SOUND);
        let used = self.position.progress().acked_some();
        self.failures = if sound || used { 0 } else { self.failures + 1 };
    }

    async fn start_over(&mut self) -> Option<()> {
        self.link
            .wait_for(|link| link.connected || link.closed)
            .await
            .ok()
            .filter(|link| !link.closed)?;
        if self.failures > 0 {
            tokio::time::sleep(retry::delay(self.failures)).await;
        }
        match self.begin_session().await {
            Ok(session) => self.session = Some(session),
            Err(error) => {
                self.failures += 1;
                tracing::warn!(consumer = self.consumer, %error, failures = self.failures, "events cannot be read");
            }
        }
        Some(())
    }

    async fn begin_session(&mut self) -> Result<Session, BusError> {
        let connections = self.link.borrow_and_update().connections;
        let opening = session::open(
            &self.stream,
            &self.position,
            &self.consumer,
            &self.filter,
            self.heartbeat,
        );
        let opened = tokio::select! {
            opened = opening => opened.map_err(|error| error.to_string()),
            () = link::over(&mut self.link, connections) => Err("the connection was lost".to_owned()),
        };
        let (messages, number) = opened.map_err(BusError::Unavailable)?;
        Ok(Session::new(messages, number, connections))
    }
}

impl Position {
    /// No code that can panic runs under this lock.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn given_back(&self) {
        while !self.progress().given_back() {
            self.dropped.notified().await;
        }
    }
}

fn delivery(message: jetstream::Message, session: u64, position: &Arc<Position>) -> Delivery {
    let sequence = message.info().map_or(0, |info| info.stream_sequence);
    let (message, acker) = message.split();
    let event = EventMessage {
        subject: message.subject.to_string(),
        id: headers::message_id(message.headers.as_ref()),
        headers: headers::from_nats(message.headers.as_ref()),
        payload: message.payload,
    };
    let unacked = Unacked {
        position: position.clone(),
        session,
        sequence,
    };
    Delivery::new(event, Box::new(move || async move { unacked.ack(acker).await }.boxed()))
}

/// Has the delivery come again when it is dropped without acknowledgement.
struct Unacked {
    position: Arc<Position>,
    session: u64,
    sequence: u64,
}

impl Unacked {
    async fn ack(self, acker: jetstream::message::Acker) {
        let current = self.position.progress().ack(self.session, self.sequence);
        // A lost acknowledgement costs a repeat after our next restart, no more.
        if current && let Err(error) = acker.ack().await {
            tracing::debug!(%error, "an acknowledgement was not sent");
        }
    }
}

impl Drop for Unacked {
    fn drop(&mut self) {
        if self.position.progress().dropped(self.session, self.sequence) {
            self.position.dropped.notify_one();
        }
    }
}
