//! How a process starts its tasks and how it stops.
//!
//! The first signal *drains*: nothing new is taken, what runs may finish. The second signal, or a
//! drain that takes too long, *aborts*: tasks are dropped where they stand. Then the closing
//! steps run, in order, each within its own time. A task that ends when nobody asked it to takes the
//! whole process down, so that a supervisor starts a healthy one.

mod exit;
mod signals;

pub use exit::Exit;
pub use signals::signals;

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::LifecycleConfig;
use crate::error::chain;

struct Step {
    name: &'static str,
    limit: Duration,
    work: BoxFuture<'static, ()>,
}

/// One process's life. Clones are handles to the same life.
#[derive(Clone)]
pub struct Lifecycle {
    config: LifecycleConfig,
    draining: CancellationToken,
    aborting: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
    closing: Arc<Mutex<Vec<Step>>>,
}

impl Lifecycle {
    /// A life with these limits.
    #[must_use]
    pub fn new(config: LifecycleConfig) -> Self {
        Self {
            config,
            draining: CancellationToken::new(),
            aborting: CancellationToken::new(),
            tasks: TaskTracker::new(),
            failed: Arc::default(),
            closing: Arc::default(),
        }
    }

    /// Cancelled when nothing new may be taken. Cancel it to stop the process as the first signal does.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// How long running work may take to finish once it drains.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        self.config.drain_timeout
    }

    /// Cancelled when work is cut off.
    #[must_use]
    pub fn aborting(&self) -> CancellationToken {
        self.aborting.clone()
    }

    /// Starts a task that lives as long as the process: it ends, with `Ok`, only after `draining`. When it
    /// ends earlier, fails or panics, the process drains and its exit code says so.
    pub fn spawn<E>(&self, name: &'static str, task: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: Error + Send + 'static,
    {
        let life = self.clone();
        self.tasks.spawn(async move {
            let outcome = life
                .aborting
                .run_until_cancelled(AssertUnwindSafe(task).catch_unwind())
                .await;
            let problem = match outcome {
                None => return,
                Some(Ok(Ok(()))) if life.draining.is_cancelled() => return,
                Some(Ok(Ok(()))) => "it ended by itself".to_owned(),
                Some(Ok(Err(error))) => chain(&error),
                Some(Err(_)) => "it panicked".to_owned(),
            };
            tracing::error!(task = name, problem, "a task died; the process stops");
            life.failed.store(true, Ordering::Release);
            life.draining.cancel();
        });
    }

    /// Starts a short piece of work that a drain waits for, such as a command whose caller may go away.
    pub fn spawn_brief(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(self.aborting.clone().run_until_cancelled_owned(work));
    }

    /// Adds a step for when all tasks have ended, such as releasing leases. Steps run in the order in
    /// which they were added, each for at most `limit`.
    pub fn at_end(&self, name: &'static str, limit: Duration, work: impl Future<Output = ()> + Send + 'static) {
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        closing.push(Step {
            name,
            limit,
            work: work.boxed(),
        });
    }

    /// Lives until a signal comes or a task dies, then stops. `signals` are [`signals`], or a test's.
    pub async fn run(self, signals: impl Stream<Item = &'static str> + Send) -> Exit {
        let mut signals = pin!(signals);
        tokio::select! {
            Some(signal) = signals.next() => tracing::info!(signal, "stopping; running work may finish"),
            () = self.draining.cancelled() => {}
        }
        self.draining.cancel();
        let drained = self.drain(signals.as_mut()).await;
        let closed = self.close(signals).await;
        match (self.failed.load(Ordering::Acquire), drained && closed) {
            (true, _) => Exit::Internal,
            (false, true) => Exit::Ok,
            (false, false) => Exit::Aborted,
        }
    }

    /// Waits for all tasks; `false` if they had to be cut off.
    async fn drain(&self, mut signals: Pin<&mut (impl Stream<Item = &'static str> + Send)>) -> bool {
        self.tasks.close();
        let left = self.tasks.len();
        tokio::select! {
            () = self.tasks.wait() => return true,
            Some(signal) = signals.next() => tracing::warn!(signal, left, "second signal: work is cut off"),
            () = tokio::time::sleep(self.config.drain_timeout) => {
                tracing::warn!(left = self.tasks.len(), "work did not finish in time and is cut off");
            }
        }
        self.aborting.cancel();
        if timeout(self.config.abort_timeout, self.tasks.wait()).await.is_err() {
            tracing::error!(
                left = self.tasks.len(),
                "tasks do not stop; the process ends without them"
            );
        }
        false
    }

    /// Runs the closing steps; `false` if one was cut off.
    async fn close(&self, mut signals: Pin<&mut (impl Stream<Item = &'static str> + Send)>) -> bool {
        let steps = std::mem::take(&mut *self.closing.lock().unwrap_or_else(PoisonError::into_inner));
        let mut complete = true;
        for Step { name, limit, work } in steps {
            let finished = tokio::select! {
                finished = timeout(limit, work) => finished.is_ok(),
                Some(_) = signals.next() => false,
            };
            if !finished {
                tracing::warn!(step = name, "a closing step was cut off");
                complete = false;
            }
        }
        complete
    }
}
