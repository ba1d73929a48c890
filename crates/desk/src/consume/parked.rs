//! Events that could not be handled, and retrying them by hand.

use serde::{Deserialize, Serialize};
use tandem_domain::DeskId;
use tandem_store::{JournalStore, Record, Row, StoreError, Stream};

use super::{Consume, HandleError};
use crate::parking::{self, ParkedItem, ParkedPage, Stored};
use crate::wire::WireRecord;

/// A parked event, whole.
#[derive(Serialize, Deserialize)]
struct EventBody {
    service: String,
    record: WireRecord,
}

/// Why a parked event was not handled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RetryError {
    /// Nothing is parked under this id.
    #[error("nothing is parked under `{0}`")]
    NotParked(String),
    /// It failed again, and stays parked.
    #[error("it failed again and stays parked: {0}")]
    Handle(HandleError),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn row(consumer: &str, stream: &Stream, record: &Record, reason: &str) -> Row {
    let item = ParkedItem {
        id: parking::event_id(consumer, &stream.service, record.seq),
        what: format!("event {} {} of {}", record.seq, record.kind, stream.service),
        reason: reason.to_owned(),
        at: record.at,
    };
    let body = EventBody {
        service: stream.service.to_string(),
        record: record.clone().into(),
    };
    Stored { item, body }.row(&stream.desk)
}

/// A page of the events that consumer `name` has parked on a desk.
///
/// # Errors
/// The store's.
pub async fn parked_events(
    store: &(impl JournalStore + ?Sized),
    name: &str,
    desk: &DeskId,
    after: Option<&str>,
    limit: usize,
) -> Result<ParkedPage, StoreError> {
    parking::list(store, desk, &format!("{name}:event:"), after, limit).await
}

/// Handles a parked event once more. Handled, it is not parked any more.
///
/// # Errors
/// Nothing is parked under `id`, or it failed again.
pub async fn retry_parked_event(
    store: &(impl JournalStore + ?Sized),
    handler: &dyn Consume,
    desk: &DeskId,
    id: &str,
) -> Result<(), RetryError> {
    let stored: Option<Stored<EventBody>> = parking::load(store, desk, id).await?;
    let body = stored.ok_or_else(|| RetryError::NotParked(id.to_owned()))?.body;
    let stream = Stream::new(&body.service, desk.clone());
    let outcome = handler.handle(&stream, &[body.record.into()]).await;
    let mut commit = outcome.map_err(RetryError::Handle)?;
    commit.rows.push(parking::removal(desk, id));
    store.commit(commit).await?;
    handler.committed(&stream).await;
    Ok(())
}
