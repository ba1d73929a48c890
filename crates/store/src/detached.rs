//! Work that is finished even if nobody waits for it any more.

use std::future::Future;

use crate::StoreError;

/// Runs `work` in a task of its own, so that a caller who stops waiting does not cancel it half-way.
pub(crate) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let ended = tokio::spawn(work).await;
    ended.unwrap_or_else(|stopped| {
        Err(StoreError::OutcomeUnknown(format!(
            "the write was broken off: {stopped}"
        )))
    })
}
