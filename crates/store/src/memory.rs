//! The store in memory, for tests: it behaves like the others, fails when told to, and its clock can be set.

mod clock;
mod conversations;
mod documents;
mod faults;
mod jobs;
mod journal;
mod leases;
mod state;

pub use clock::MemoryClock;
pub use faults::{Fault, Faults, Gate, Injected, Operation};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::StoreError;
use crate::detached::finish;

/// A store in memory. Clones share everything, as two processes share a database.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<state::State>>,
    faults: Faults,
    clock: MemoryClock,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The handle by which tests make the store fail.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The store's clock.
    #[must_use]
    pub fn clock(&self) -> &MemoryClock {
        &self.clock
    }

    fn state(&self) -> MutexGuard<'_, state::State> {
        // A panic in one test's task must not hide behind the panics of all others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, unless the store is made unreachable.
    fn read<T>(&self, read: impl FnOnce(&state::State) -> T) -> Result<T, StoreError> {
        self.faults.reachable()?;
        Ok(read(&self.state()))
    }

    /// Reads under the faults that are set for `operation`. What is no fault of reading makes the store unreachable.
    async fn read_with_faults<T>(
        &self,
        operation: Operation,
        read: impl FnOnce(&state::State) -> T + Send,
    ) -> Result<T, StoreError> {
        self.delayed(operation).await?;
        Ok(read(&self.state()))
    }

    /// Passes on what a read of this kind meets.
    async fn delayed(&self, operation: Operation) -> Result<(), StoreError> {
        match self.faults.draw(operation)? {
            Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
            Some(Fault::Held(gate)) => gate.pass().await,
            Some(_) => return Err(faults::unavailable()),
            None => {}
        }
        Ok(())
    }

    /// Writes in one step what no fault but unreachability concerns.
    fn write<T>(&self, write: impl FnOnce(&mut state::State) -> T) -> Result<T, StoreError> {
        self.faults.reachable()?;
        Ok(write(&mut self.state()))
    }

    /// Writes under the faults that are set for `operation`, to the end even if the caller leaves.
    async fn write_with_faults<T: Send + 'static>(
        &self,
        operation: Operation,
        fenced: Option<StoreError>,
        write: impl FnOnce(&mut state::State) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        finish(async move {
            // As with stores elsewhere, others have their turn meanwhile.
            tokio::task::yield_now().await;
            let mut fault = store.faults.draw(operation)?;
            if let Some(Fault::HeldThen(gate, then)) = fault {
                gate.pass().await;
                fault = Some(*then);
            }
            match fault {
                Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
                Some(Fault::Held(gate)) => gate.pass().await,
                Some(Fault::Unavailable) => return Err(faults::unavailable()),
                Some(Fault::Full) => return Err(StoreError::Full("injected".to_owned())),
                Some(Fault::Fenced) => return Err(fenced.unwrap_or_else(faults::unavailable)),
                Some(Fault::OutcomeUnknown { written: false }) => return Err(faults::outcome_unknown()),
                Some(Fault::OutcomeUnknown { written: true }) => {
                    write(&mut store.state())?;
                    return Err(faults::outcome_unknown());
                }
                Some(Fault::HeldThen(..)) | None => {}
            }
            write(&mut store.state())
        })
        .await
    }
}
