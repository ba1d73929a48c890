//! A desk, live: a picture of the whole after changes, not too often, and now and then without any.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use tandem_proto::v1;
use tandem_service_kit::auth::{Caller, TokenError};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::Status;

use crate::api::Api;
use crate::convert;
use crate::errors::Failure;

/// A picture comes at most this often.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// A picture comes at least this often, so that a client can tell a quiet desk from a lost connection.
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

pub(crate) type Pictures = Pin<Box<dyn Stream<Item = Result<v1::WatchResponse, Status>> + Send>>;

/// Somebody who watches a desk.
pub(crate) struct Watcher {
    pub(crate) caller: Caller,
    pub(crate) api: Api,
    /// Rings when something has changed.
    pub(crate) bell: watch::Receiver<()>,
    /// Given back when the stream ends.
    #[expect(dead_code, reason = "only held")]
    pub(crate) seat: OwnedSemaphorePermit,
}

/// What the watcher sees, until the client goes, the token expires or this replica stops.
pub(crate) fn pictures(watcher: Watcher) -> Pictures {
    let begin = (watcher, None::<Instant>, false);
    let pictures = stream::unfold(begin, async |(mut watcher, last, ended)| {
        if ended {
            return None;
        }
        let next = watcher.next(last).await;
        let failed = next.is_err();
        let item = next.map_err(Status::from);
        Some((item, (watcher, Some(Instant::now()), failed)))
    });
    pictures.boxed()
}

impl Watcher {
    async fn next(&mut self, last: Option<Instant>) -> Result<v1::WatchResponse, Failure> {
        let Self {
            caller,
            api,
            bell,
            seat: _,
        } = self;
        tokio::select! {
            () = due(bell, last) => {}
            () = caller.principal.expired(api.clock.as_ref()) => return Err(TokenError::Expired.into()),
            () = api.draining.cancelled() => return Err(Failure::Draining),
        }
        // What rings from here on may not be in the picture any more.
        bell.mark_unchanged();
        let now = api.store.now().await?;
        let live = api.books.live(&caller.desk, now).await?;
        Ok(convert::picture(&live))
    }
}

/// Returns when the next picture is due.
async fn due(bell: &mut watch::Receiver<()>, last: Option<Instant>) {
    let Some(last) = last else { return };
    sleep_until(last + AT_MOST_EVERY).await;
    // The sender lives as long as the desk's book, and books are kept for good.
    let _ = timeout_at(last + AT_LEAST_EVERY, bell.changed()).await;
}
