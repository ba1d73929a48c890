//! Snapshots, off the wheel: a second core is loaded from the last snapshot and the journal, and saved.
//! So a snapshot costs the desk no time, and each one proves that the one before it can be loaded.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::opening::OpenDesk;
use crate::replay::{Replay, ReplayError, freeze, guarded};
use crate::shared::Shared;
use crate::store_calls::within;
use crate::{Journaled, Settings};

/// When the next snapshot is due.
pub(crate) struct Snapshots {
    last_seq: u64,
    running: Option<JoinHandle<()>>,
}

impl Snapshots {
    pub(crate) fn new(last_seq: u64) -> Self {
        Self {
            last_seq,
            running: None,
        }
    }

    /// Starts one if it is due and none is being taken.
    pub(crate) fn consider<C: Journaled>(&mut self, shared: &Arc<Shared>, seq: u64) {
        let idle = self.running.as_ref().is_none_or(JoinHandle::is_finished);
        if idle && is_due(&shared.settings, self.last_seq, seq) {
            self.last_seq = seq;
            self.running = Some(tokio::spawn(take_and_log::<C>(shared.clone())));
        }
    }
}

fn is_due(settings: &Settings, last_seq: u64, seq: u64) -> bool {
    seq.saturating_sub(last_seq) >= settings.snapshot_every
}

async fn take_and_log<C: Journaled>(shared: Arc<Shared>) {
    if let Err(error) = take::<C>(&shared).await {
        tracing::warn!(stream = %shared.stream, %error, "no snapshot taken; it is tried again later");
    }
}

async fn take<C: Journaled>(shared: &Shared) -> Result<(), ReplayError> {
    let replay = Replay::<C>::load(shared.store.as_ref(), &shared.stream, &shared.settings).await?;
    let freezing = tokio::task::spawn_blocking(move || guarded(|| replay.freeze()));
    let frozen = freezing
        .await
        .map_err(|error| ReplayError::Unreadable(error.to_string()))?;
    let snapshot = frozen.map_err(ReplayError::Unreadable)?;
    let saving = shared.store.save_snapshot(&shared.stream, snapshot);
    Ok(within(shared.settings.store_timeout, saving).await?)
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
