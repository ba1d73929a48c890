//! What every part of one owned desk needs.

use std::sync::{Arc, Mutex, PoisonError};

use tandem_bus::Bus;
use tandem_domain::{IdSource, Timestamp};
use tandem_store::{Store, Stream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::heads::Head;
use crate::lease_guard::LeaseGuard;
use crate::recent::{Followed, Recent, Stretch};
use crate::{DeskState, DeskStatus, Settings, Topic};

/// What every part of one owned desk needs.
pub(crate) struct Shared {
    pub(crate) stream: Stream,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) settings: Settings,
    pub(crate) lease: LeaseGuard,
    /// Finish the batch at hand, then stop.
    pub(crate) stop: CancellationToken,
    /// The last committed record; none until the desk is open.
    pub(crate) head: watch::Sender<Option<Head>>,
    /// Topics to be announced; bounded, and what does not fit is lost, as hints may be.
    pub(crate) topics: mpsc::Sender<Vec<Topic>>,
    pub(crate) status: Mutex<DeskStatus>,
    pub(crate) recent: Mutex<Recent>,
}

impl Shared {
    pub(crate) fn status(&self) -> DeskStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_status(&self, change: impl FnOnce(&mut DeskStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn set_state(&self, state: DeskState) {
        self.set_status(|status| status.state = state);
    }

    /// Keeps what was committed for those who follow the journal.
    pub(crate) fn hand_over(&self, committed: Vec<Followed>) {
        self.recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(committed);
    }

    /// Up to `max` records that were committed just now, from `seq` on; none if the journal must be read.
    pub(crate) fn handed_over(&self, seq: u64, max: usize) -> Stretch {
        self.recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .from(seq, max)
    }

    /// A random number, from the ids' random bits.
    pub(crate) fn random(&self, now: Timestamp) -> u64 {
        random(self.ids.as_ref(), now)
    }
}

/// A random number, from an id's random bits. The high bits of both halves are not random in a version 7
/// UUID, so the halves are mixed.
pub(crate) fn random(ids: &dyn IdSource, now: Timestamp) -> u64 {
    let (high, low) = ids.next(now).as_u64_pair();
    low ^ high.rotate_left(32)
}
