//! Snapshots, off the wheel: a second core is loaded from the last snapshot and the journal, and saved.
//! So a snapshot costs the desk no time, and each one proves that the one before it can be loaded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::task::AbortOnDropHandle;

use crate::opening::OpenDesk;
use crate::replay::{Replay, ReplayError, freeze, guarded};
use crate::shared::Shared;
use crate::store_calls::within;
use crate::{Journaled, Settings};

/// The journal grows by so many times the last snapshot's bytes before the next one is taken. So what snapshots cost a
/// desk is in proportion to what happens on it, however large it has become; and so is the tail that is to be replayed.
const TAIL: u64 = 4;

/// When the next snapshot is due.
pub(crate) struct Snapshots {
    last_seq: u64,
    /// Bytes of events since.
    tail: u64,
    /// The last snapshot's bytes.
    size: Arc<AtomicU64>,
    running: Option<AbortOnDropHandle<()>>,
}

impl Snapshots {
    pub(crate) fn new(last_seq: u64) -> Self {
        Self {
            last_seq,
            tail: 0,
            size: Arc::default(),
            running: None,
        }
    }

    /// Starts one if it is due, now that the journal is `written` bytes longer, and none is being taken.
    pub(crate) fn consider<C: Journaled>(&mut self, shared: &Arc<Shared>, seq: u64, written: usize) {
        self.tail += written as u64;
        let idle = self.running.as_ref().is_none_or(AbortOnDropHandle::is_finished);
        let long_enough = self.tail >= TAIL * self.size.load(Ordering::Relaxed);
        if idle && long_enough && is_due(&shared.settings, self.last_seq, seq) {
            (self.last_seq, self.tail) = (seq, 0);
            let taking = tokio::spawn(take_and_log::<C>(shared.clone(), self.size.clone()));
            self.running = Some(AbortOnDropHandle::new(taking));
        }
    }
}

fn is_due(settings: &Settings, last_seq: u64, seq: u64) -> bool {
    seq.saturating_sub(last_seq) >= settings.snapshot_every
}

async fn take_and_log<C: Journaled>(shared: Arc<Shared>, size: Arc<AtomicU64>) {
    match take::<C>(&shared).await {
        Ok(bytes) => size.store(bytes as u64, Ordering::Relaxed),
        Err(error) => {
            tracing::warn!(stream = %shared.stream, %error, "no snapshot taken; it is tried again later");
        }
    }
}

/// Returns how many bytes it has.
async fn take<C: Journaled>(shared: &Shared) -> Result<usize, ReplayError> {
    let replay = Replay::<C>::load(shared.store.as_ref(), &shared.stream, &shared.settings).await?;
    let freezing = tokio::task::spawn_blocking(move || guarded(|| replay.freeze()));
    let frozen = freezing
        .await
        .map_err(|error| ReplayError::Unreadable(error.to_string()))?;
    let snapshot = frozen.map_err(ReplayError::Unreadable)?;
    let size = snapshot.bytes.len();
    let saving = shared.store.save_snapshot(&shared.stream, snapshot);
    within(shared.settings.store_timeout, saving).await?;
    Ok(size)
}

/// Saves the state of a desk that is given up in good order, so that the next owner has little to replay.
pub(crate) async fn save_last<C: Journaled>(shared: &Shared, desk: OpenDesk<C>) {
    if desk.seq == desk.snapshot_seq {
        return;
    }
    let frozen = guarded(|| freeze(&desk.core, desk.seq, desk.incarnation, desk.epoch, desk.level));
    drop(desk);
    let saved = match frozen {
        Ok(snapshot) => {
            within(
                shared.settings.flush_timeout,
                shared.store.save_snapshot(&shared.stream, snapshot),
            )
            .await
        }
        Err(reason) => return tracing::error!(stream = %shared.stream, reason, "no last snapshot taken"),
    };
    if let Err(error) = saved {
        tracing::warn!(stream = %shared.stream, %error, "last snapshot not saved");
    }
}
