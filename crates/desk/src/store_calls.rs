//! A store that does not answer must not stop a desk for good.

use std::future::Future;
use std::time::Duration;

use tandem_store::{Commit, JournalStore, StoreError};
use tokio::time::timeout;

/// Reads, but not for longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    read: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let silent = |_| Err(StoreError::Unavailable("no answer in time".to_owned()));
    timeout(limit, read).await.unwrap_or_else(silent)
}

/// Commits, but waits no longer than `limit`. The commit itself is never cancelled, so what became of it is unknown then.
pub(crate) async fn commit_within(
    limit: Duration,
    store: &(impl JournalStore + ?Sized),
    commit: Commit,
) -> Result<(), StoreError> {
    let silent = |_| Err(StoreError::OutcomeUnknown("no answer in time".to_owned()));
    timeout(limit, store.commit(commit)).await.unwrap_or_else(silent)
}
