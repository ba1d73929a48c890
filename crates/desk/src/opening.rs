//! Opening a desk: snapshot and tail, then `Opened` at the tail + 1. That record is the fence: whoever
//! owned the desk before collides with it, and whatever commit was still under way does too.

use std::collections::HashMap;
use std::time::Duration;

use tandem_domain::{Clock, Timestamp};
use tandem_store::{Append, Commit, StoreError};

use crate::clock::StoreClock;
use crate::replay::{Replay, ReplayError};
use crate::shared::Shared;
use crate::shell_event::ShellEvent;
use crate::store_calls::{commit_within, within};
use crate::{DeskClock, Journaled, parking};

/// A clock that is wrong by more than this is an alarm.
const ALARM: Duration = Duration::from_secs(5);

/// Collisions in a row after which opening starts over with a pause.
const ATTEMPTS: usize = 8;

/// A desk that this process owns and may answer for.
pub(crate) struct OpenDesk<C: Journaled> {
    pub(crate) core: C,
    pub(crate) seq: u64,
    pub(crate) incarnation: u64,
    pub(crate) epoch: u64,
    pub(crate) level: u32,
    pub(crate) clock: DeskClock,
    /// Parked commands' ids with their reasons.
    pub(crate) parked: HashMap<String, String>,
    /// The `seq` up to which a snapshot exists.
    pub(crate) snapshot_seq: u64,
}

/// Why a desk cannot be opened now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Opening it again would fail again.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the lease was lost while opening")]
    LeaseLost,
}

impl From<ReplayError> for OpenError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Unreadable(reason) => Self::Refused(reason),
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}

/// Loads the desk and fences everybody else out. Nothing is answered before.
pub(crate) async fn open<C: Journaled>(shared: &Shared) -> Result<OpenDesk<C>, OpenError> {
    let limit = shared.settings.store_timeout;
    let store = shared.store.as_ref();
    let clock = within(limit, StoreClock::read(store)).await?;
    let mut replay = Replay::<C>::load(store, &shared.stream, &shared.settings).await?;
    let incarnation = fence(shared, &clock, &mut replay).await?;
    let parked = within(limit, parking::commands(store, &shared.stream.desk, C::SERVICE)).await?;
    let clock = DeskClock::new(clock, replay.last_at);
    warn_if_ahead(shared, clock.journal_ahead());
    Ok(OpenDesk {
        core: replay.core,
        seq: replay.seq,
        incarnation,
        epoch: replay.epoch,
        level: replay.level,
        clock,
        parked,
        snapshot_seq: replay.snapshot_seq,
    })
}

/// Writes `Opened` behind the last record, reading on as long as others write.
async fn fence<C: Journaled>(shared: &Shared, clock: &StoreClock, replay: &mut Replay<C>) -> Result<u64, OpenError> {
    let incarnation = shared.random(clock.now());
    for _ in 0..ATTEMPTS {
        if !shared.lease.is_valid() {
            return Err(OpenError::LeaseLost);
        }
        let opened = opening(shared, replay, incarnation, clock.now());
        let committed = commit_within(shared.settings.store_timeout, shared.store.as_ref(), opened).await;
        match committed {
            Ok(()) | Err(StoreError::Fenced { .. } | StoreError::OutcomeUnknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
        replay
            .catch_up(shared.store.as_ref(), &shared.stream, &shared.settings)
            .await?;
        // Whatever the commit said: the desk is ours if and only if the last record is.
        if replay.incarnation == incarnation {
            return Ok(incarnation);
        }
    }
    Err(StoreError::Unavailable("others keep writing to the journal".to_owned()).into())
}

fn opening<C: Journaled>(shared: &Shared, replay: &Replay<C>, incarnation: u64, now: Timestamp) -> Commit {
    let opened = ShellEvent::Opened {
        epoch: replay.epoch + 1,
        incarnation,
        level: replay.level,
    };
    let append = Append {
        stream: shared.stream.clone(),
        first_seq: replay.seq + 1,
        incarnation,
        records: vec![opened.record(now.max(replay.last_at))],
    };
    Commit {
        append: Some(append),
        ..Commit::default()
    }
}

fn warn_if_ahead(shared: &Shared, ahead: Duration) {
    shared.set_status(|status| status.journal_ahead = ahead);
    if ahead > ALARM {
        tracing::error!(
            stream = %shared.stream,
            ahead_seconds = ahead.as_secs(),
            "journal is ahead of the store's clock; time stands still on this desk until it has caught up"
        );
    }
}
