//! The streams that hold events, made as they must be and made again when they are gone.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind,
};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use tokio::sync::Mutex;

use super::config::NatsConfig;
use super::{durability, headers};
use crate::{BusError, EventMessage, subject};

/// The name of the stream of single events.
pub const STREAM: &str = "TANDEM_EVENTS";
/// The name of the stream of records.
const RECORDS: &str = "TANDEM_RECORDS";

/// Records are for consumers that keep up; others read the journals.
const RECORDS_MAX_AGE: Duration = Duration::from_mins(2);
const RECORDS_MAX_BYTES: i64 = 64 * 1024 * 1024;

/// How long a repeated id is recognised. Larger windows cost the server memory; consumers drop repeats in any case.
const DEDUPLICATION_WINDOW: Duration = Duration::from_mins(2);

pub(super) struct EventStream {
    pub(super) context: Context,
    config: Config,
    monitor: Option<String>,
    timeout: Duration,
    made: Mutex<bool>,
}

impl EventStream {
    /// The single events, for everybody.
    pub(super) fn of_events(client: async_nats::Client, config: &NatsConfig) -> Self {
        Self::new(client, config, stream_config(config))
    }

    /// Records, for Tandem's own services.
    pub(super) fn of_records(client: async_nats::Client, config: &NatsConfig) -> Self {
        Self::new(client, config, records_config(config))
    }

    fn new(client: async_nats::Client, config: &NatsConfig, stream: Config) -> Self {
        Self {
            context: jetstream::context::ContextBuilder::new()
                .timeout(config.timeout)
                .build(client),
            config: stream,
            monitor: config.monitor.clone(),
            timeout: config.timeout,
            made: Mutex::new(false),
        }
    }

    /// Publishes and waits for the acknowledgement; makes the stream first where it is missing.
    pub(super) async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        let subject = event.subject.clone();
        let published = tokio::time::timeout(self.timeout, self.make_and_publish(event)).await;
        published.unwrap_or(Err(BusError::Timeout(subject)))
    }

    async fn make_and_publish(&self, event: EventMessage) -> Result<(), BusError> {
        self.make().await?;
        match self.publish_once(&event).await {
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
                self.make_again().await?;
                self.publish_once(&event).await
            }
            outcome => outcome,
        }
        .map_err(|error| publish_error(event, &error))
    }

    /// Nothing is said to be published before the server has acknowledged it.
    async fn publish_once(&self, event: &EventMessage) -> Result<(), PublishError> {
        let message = PublishMessage::build()
            .headers(headers::to_nats(&event.headers))
            .message_id(&event.id)
            .payload(event.payload.clone());
        self.context
            .send_publish(event.subject.clone(), message)
            .await?
            .await
            .map(drop)
    }

    /// Creates the stream, or changes it to what the configuration says, once.
    pub(super) async fn make(&self) -> Result<(), BusError> {
        let mut made = self.made.lock().await;
        if !*made {
            let info = self.create_or_update().await.map_err(|error| self.not_made(&error))?;
            if self.name() == STREAM {
                durability::report(&durability::weaknesses(&info.config, self.monitor.as_deref()).await);
            }
            *made = true;
        }
        Ok(())
    }

    /// Creating what is there already with this very configuration is no error, so nothing is changed that need not be:
    /// nats-server 2.9 crashes over a change of a stream that is being deleted.
    async fn create_or_update(&self) -> Result<Info, CreateStreamError> {
        match self.context.create_stream(self.config.clone()).await {
            Ok(stream) => Ok(stream.cached_info().clone()),
            Err(error) if is_otherwise(&error) => self.context.update_stream(self.config.clone()).await,
            Err(error) => Err(error),
        }
    }

    async fn make_again(&self) -> Result<(), BusError> {
        tracing::error!(stream = self.name(), "the stream is gone and is made anew");
        *self.made.lock().await = false;
        self.make().await
    }

    /// What the server knows of the stream; makes it first where it is missing.
    pub(super) async fn info(&self) -> Result<Info, BusError> {
        self.make().await?;
        match self.context.get_stream(self.name()).await {
            Err(error) if is_missing(&error) => {
                self.make_again().await?;
                self.context.get_stream(self.name()).await
            }
            found => found,
        }
        .map(|stream| stream.cached_info().clone())
        .map_err(|error| BusError::Unavailable(error.to_string()))
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    fn not_made(&self, error: &CreateStreamError) -> BusError {
        BusError::Unavailable(format!("stream {}: {error}", self.name()))
    }

    /// The most bytes of one message: ours, or the server's if that is less.
    pub(super) fn max_payload(&self) -> usize {
        self.context.client().max_payload().min(crate::MAX_PAYLOAD)
    }
}

fn stream_config(config: &NatsConfig) -> Config {
    Config {
        name: STREAM.to_owned(),
        description: Some("what happened on Tandem's desks".to_owned()),
        subjects: vec![subject::ALL_EVENTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        num_replicas: config.replicas,
        max_age: config.max_age,
        max_bytes: config.max_bytes.unwrap_or(-1),
        duplicate_window: DEDUPLICATION_WINDOW.min(config.max_age),
        ..Config::default()
    }
}

/// In memory, as the journals are behind it; what is too much pushes out the oldest.
fn records_config(config: &NatsConfig) -> Config {
    Config {
        name: RECORDS.to_owned(),
        description: Some("journals on their way between Tandem's services".to_owned()),
        subjects: vec![subject::EVERY_RECORD.to_owned()],
        storage: StorageType::Memory,
        discard: DiscardPolicy::Old,
        max_age: RECORDS_MAX_AGE.min(config.max_age),
        max_bytes: RECORDS_MAX_BYTES,
        ..stream_config(config)
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// Whether a stream of this name is there with another configuration.
fn is_otherwise(error: &CreateStreamError) -> bool {
    matches!(error.kind(), CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST)
}

fn publish_error(event: EventMessage, error: &PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::TimedOut => BusError::Timeout(event.subject),
        PublishErrorKind::MaxPayloadExceeded => BusError::TooLarge {
            size: event.payload.len(),
            limit: crate::MAX_PAYLOAD,
        },
        _ => BusError::Unavailable(error.to_string()),
    }
}
