//! Consuming another service's events: in order, without gaps, each once per position, whatever the bus
//! loses, repeats or mixes up.

mod dispatch;
mod history;
mod parked;
mod second;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tandem_bus::Bus;
use tandem_domain::Timestamp;
use tandem_store::{Commit, Record, Store, StoreError, Stream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::instruments::Lag;

pub use parked::{RetryError, parked_events, retry_parked_event};

/// What is done with another service's events.
#[async_trait]
pub trait Consume: Send + Sync + 'static {
    /// Handles records, which arrive in order and without gaps, every kind among them. What is returned
    /// is committed together with the new position; so it happens once, even if this is called again. A commit that
    /// changes nothing may be left out; the position goes with a later one then.
    ///
    /// # Errors
    /// `Retry` is tried again for a bounded time, with backoff; after that, and on `Fail`, the record is
    /// parked and the next ones follow.
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError>;

    /// What was handled is committed, by this process or by another replica: memory can be refreshed.
    async fn committed(&self, stream: &Stream);

    /// The owner's history was rewritten, as after a restored backup: what came from this stream is to
    /// be forgotten; everything comes again from the first record on.
    async fn reset(&self, stream: &Stream) -> Commit;

    /// How long records may wait for those behind them, to be handled and committed together. What nobody waits for
    /// costs few commits so, and takes none from what somebody does wait for.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether another replica is better placed to handle this stream, or this one is. It is left to the one who is, as long
    /// as that one does it; where nobody is, to whoever is first.
    fn is_second(&self, _stream: &Stream) -> Option<bool> {
        None
    }

    /// Everything that happened before `up_to` has been handled: the records up to `seq`, or further.
    fn watermark(&self, _stream: &Stream, _seq: u64, _up_to: Timestamp) {}
}

/// Why a record was not handled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It may work later.
    #[error("{0}")]
    Retry(String),
    /// It will never work.
    #[error("{0}")]
    Fail(String),
    /// Something that every record needs is away, such as the store: tried until it is back, and never parked.
    #[error("{0}")]
    Wait(String),
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        Self::Wait(error.to_string())
    }
}

/// A consumer: one name, any number of replicas, one position per stream.
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) handler: Arc<dyn Consume>,
    pub(crate) lag: Arc<Lag>,
}

/// Consumes all desks' events of `service` as `name` until `shutdown`. `instance` names this replica:
/// each has its own subscription, so that each is told when the position has moved; the position in
/// the store is common to all of them.
pub fn consume(
    name: &str,
    instance: &str,
    service: &str,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    handler: Arc<dyn Consume>,
    shutdown: CancellationToken,
) -> JoinHandle<()> {
    let (name, service) = (name.to_owned(), service.to_owned());
    let subscription = format!("{name}-{instance}");
    let consumer = Arc::new(Consumer {
        lag: Lag::of(&name, &service),
        name,
        service,
        store,
        bus,
        handler,
    });
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = dispatch::run(consumer, subscription) => {}
        }
    })
}
