//! Work that is finished even if nobody waits for it any more.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use crate::StoreError;

/// Does `work`. If the caller stops waiting once it has begun, it goes on in a task of its own; until then it needs none.
pub(crate) fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> impl Future<Output = Result<T, StoreError>> + Send {
    let guarded = AssertUnwindSafe(work).catch_unwind().map(|ended| {
        let broken_off = |_| Err(StoreError::OutcomeUnknown("the work was broken off".to_owned()));
        ended.unwrap_or_else(broken_off)
    });
    Finished {
        work: Some(guarded.boxed()),
        begun: false,
    }
}

struct Finished<T: Send + 'static> {
    /// None once it has ended.
    work: Option<BoxFuture<'static, Result<T, StoreError>>>,
    begun: bool,
}

impl<T: Send + 'static> Future for Finished<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.begun = true;
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let ended = work.as_mut().poll(context);
        if ended.is_ready() {
            self.work = None;
        }
        ended
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        let left = self.work.take().filter(|_| self.begun);
        // Where the runtime ends, so does the work.
        if let (Some(work), Ok(runtime)) = (left, Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn what_has_begun_is_finished_without_the_caller() {
        let (go, told) = oneshot::channel::<()>();
        let (done, mut ended) = mpsc::channel(1);
        let mut work = Box::pin(finish(async move {
            told.await.unwrap();
            done.send(7).await.unwrap();
            Ok(())
        }));
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(ended.recv().await, Some(7));
    }

    #[tokio::test]
    async fn what_was_not_begun_does_not_happen() {
        let (done, mut ended) = mpsc::channel::<()>(1);
        drop(finish(async move {
            done.send(()).await.unwrap();
            Ok(())
        }));
        assert_eq!(ended.recv().await, None);
    }

    #[tokio::test]
    async fn nobody_knows_the_outcome_of_what_panics() {
        let outcome = finish::<()>(async { panic!("for a test") }).await;
        assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    }
}
