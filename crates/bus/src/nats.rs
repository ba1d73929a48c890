//! The bus of a cluster: NATS, with `JetStream` for events.

mod config;
mod durability;
mod event_stream;
mod headers;
mod link;
mod progress;
mod reader;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, RequestError, RequestErrorKind, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::{broadcast, oneshot, watch};
use tokio_stream::wrappers::BroadcastStream;

use crate::limits::{self, MAX_WAITING_HINTS};
use crate::{Bus, BusError, Delivery, EventMessage, Headers, Incoming, subject};

pub use config::{NatsConfig, NatsTls};
pub use durability::Weakness;
use event_stream::EventStream;
pub use event_stream::STREAM;
use link::Link;
use reader::Reader;

/// Of several who serve a subject, one gets each request.
const SERVERS: &str = "servers";

/// How long closing waits until everything has been sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the NATS servers, for ever renewed.
pub struct NatsBus {
    client: Client,
    stream: Arc<EventStream>,
    records: Arc<EventStream>,
    link: watch::Receiver<Link>,
    config: NatsConfig,
}

impl NatsBus {
    /// Connects. Servers that cannot be reached are no error: it is tried on and on, and [`Bus::is_connected`] says
    /// how it stands.
    ///
    /// # Errors
    /// `Unavailable` if the configuration makes no sense: an address, or a file that cannot be read.
    pub async fn connect(config: NatsConfig) -> Result<Self, BusError> {
        let (client, link) = link::connect(&config).await?;
        let stream = Arc::new(EventStream::of_events(client.clone(), &config));
        let records = Arc::new(EventStream::of_records(client.clone(), &config));
        if link.borrow().connected {
            // What fails here is tried again when it is needed.
            let _ = stream
                .make()
                .await
                .inspect_err(|error| tracing::warn!(%error, "the stream cannot be made yet"));
        }
        Ok(Self {
            client,
            stream,
            records,
            link,
            config,
        })
    }

    /// Sends what is still to be sent and ends all subscriptions; waits for it a few seconds. Every call fails
    /// afterwards.
    pub async fn close(&self) {
        let mut link = self.link.clone();
        let closed = async {
            // It fails only if it is closed already.
            let _ = self.client.drain().await;
            let _ = link.wait_for(|link| link.closed).await;
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err() {
            tracing::warn!("nats was not closed in time");
        }
    }

    /// The ways in which the servers can lose what they acknowledge, as they are set up now.
    ///
    /// # Errors
    /// `Unavailable` if they cannot be asked.
    pub async fn weaknesses(&self) -> Result<Vec<Weakness>, BusError> {
        self.reachable()?;
        let info = self.stream.info().await?;
        Ok(durability::weaknesses(&info.config, self.config.monitor.as_deref()).await)
    }

    fn stream_of(&self, subject: &str) -> &Arc<EventStream> {
        if subject.starts_with(subject::RECORDS) {
            &self.records
        } else {
            &self.stream
        }
    }

    /// Without it, calls would queue up until there is a connection, long after their callers have given up.
    fn reachable(&self) -> Result<(), BusError> {
        if self.is_connected() {
            Ok(())
        } else {
            Err(BusError::Unavailable("not connected".to_owned()))
        }
    }

    fn check(&self, headers: &Headers, payload: &Bytes) -> Result<(), BusError> {
        limits::check(headers, payload, self.stream.max_payload())?;
        self.reachable()
    }

    /// Returns when the subscription is on its way: whoever publishes on this connection from now on reaches it.
    async fn subscribed(
        &self,
        subscribing: impl Future<Output = Result<Subscriber, async_nats::SubscribeError>>,
    ) -> Result<Subscriber, BusError> {
        let subscribed = async {
            let subscriber = subscribing
                .await
                .map_err(|error| BusError::Unavailable(error.to_string()))?;
            self.client
                .flush()
                .await
                .map_err(|error| BusError::Unavailable(error.to_string()))?;
            Ok(subscriber)
        };
        let in_time = tokio::time::timeout(self.config.timeout, subscribed).await;
        in_time.unwrap_or_else(|_| Err(BusError::Unavailable("subscribing took too long".to_owned())))
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        self.check(&event.headers, &event.payload)?;
        let mut link = self.link.clone();
        let connections = link.borrow().connections;
        tokio::select! {
            published = self.stream_of(&event.subject).publish(event) => published,
            () = link::over(&mut link, connections) => Err(BusError::Unavailable("the connection was lost".to_owned())),
        }
    }

    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError> {
        self.reachable()?;
        let (stream, link) = (self.stream_of(subject).clone(), self.link.clone());
        let reader = Reader::start(stream, link, &self.config, consumer, subject).await?;
        Ok(stream::unfold(reader, async |mut reader| Some((reader.next().await?, reader))).boxed())
    }

    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError> {
        self.check(&headers, &payload)?;
        let request = async_nats::Request::new()
            .headers(headers::to_nats(&headers))
            .payload(payload);
        let asking = self
            .client
            .send_request(subject.to_owned(), request.timeout(Some(timeout)));
        // Around it all, since even handing the request over can wait for the connection.
        match tokio::time::timeout(timeout, asking).await {
            Ok(Ok(message)) => headers::reply(message, self.stream.max_payload()),
            Ok(Err(error)) => Err(request_error(subject, &error)),
            Err(_) => Err(BusError::Timeout(subject.to_owned())),
        }
    }

    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError> {
        let subscribing = self.client.queue_subscribe(subject.to_owned(), SERVERS.to_owned());
        let requests = self.subscribed(subscribing).await?;
        let (client, limit) = (self.client.clone(), self.stream.max_payload());
        Ok(requests
            .filter_map(move |message| std::future::ready(incoming(&client, limit, message)))
            .boxed())
    }

    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        self.check(&Headers::new(), &payload)?;
        let sending = tokio::time::timeout(self.config.timeout, self.client.publish(subject.to_owned(), payload));
        let sent = sending.await.map_err(|_| BusError::Timeout(subject.to_owned()))?;
        sent.map_err(|error| BusError::Unavailable(error.to_string()))
    }

    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError> {
        let subscriber = self.subscribed(self.client.subscribe(subject.to_owned())).await?;
        let (sender, hints) = broadcast::channel(MAX_WAITING_HINTS);
        tokio::spawn(pass_hints_on(subscriber, sender));
        Ok(BroadcastStream::new(hints).filter_map(async |hint| hint.ok()).boxed())
    }

    fn is_connected(&self) -> bool {
        self.link.borrow().connected
    }
}

/// Takes hints off the connection at once, so that it is the oldest that a slow listener loses.
async fn pass_hints_on(mut hints: Subscriber, listener: broadcast::Sender<(String, Bytes)>) {
    let passing = async {
        while let Some(hint) = hints.next().await {
            if listener.send((hint.subject.to_string(), hint.payload)).is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        () = listener.closed() => {}
    }
}

/// Nothing for a message that asks for no reply.
fn incoming(client: &Client, limit: usize, message: async_nats::Message) -> Option<Incoming> {
    let to = message.reply?;
    let (reply, replied) = oneshot::channel();
    tokio::spawn(send_reply(client.clone(), limit, to, replied));
    let headers = headers::from_nats(message.headers.as_ref());
    Some(Incoming::new(
        message.subject.to_string(),
        headers,
        message.payload,
        reply,
    ))
}

/// Ends without a reply when the request is dropped.
async fn send_reply(client: Client, limit: usize, to: async_nats::Subject, replied: oneshot::Receiver<Bytes>) {
    let Ok(payload) = replied.await else { return };
    let sent = if payload.len() > limit {
        client
            .publish_with_headers(to, headers::too_large(payload.len()), Bytes::new())
            .await
    } else {
        client.publish(to, payload).await
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "a reply was not sent");
    }
}

fn request_error(subject: &str, error: &RequestError) -> BusError {
    match error.kind() {
        RequestErrorKind::NoResponders => BusError::NoResponder(subject.to_owned()),
        RequestErrorKind::TimedOut => BusError::Timeout(subject.to_owned()),
        _ => BusError::Unavailable(error.to_string()),
    }
}
