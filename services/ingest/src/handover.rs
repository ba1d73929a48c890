//! How stored messages get to the outbox's worker without a look at the outbox: their rows are claimed as they are
//! stored, and handed over in that order. Where there is no room, rows are stored unclaimed, and the worker finds them in
//! the outbox; until it has, nothing is handed over, so that nothing overtakes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tandem_store::Claimed;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, PermitIterator};

/// How long a claim holds: so long wait the rows of a replica that was killed. A batch that takes longer is sent again
/// by somebody else, and so are rows whose outcome could not be stored: the router knows them by their request ids and
/// gives the same answer.
pub(crate) const CLAIM: Duration = Duration::from_secs(8);
/// Rows that are handed over and not yet taken up; a few seconds' worth of them.
const ROOM: usize = 2048;

/// The storing side.
pub(crate) struct HandOver {
    rows: mpsc::Sender<Claimed>,
    left: Arc<Left>,
}

/// The sending side.
pub(crate) struct Handed {
    pub(crate) rows: mpsc::Receiver<Claimed>,
    pub(crate) left: Arc<Left>,
}

/// What is left for the worker to find in the outbox.
#[derive(Default)]
pub(crate) struct Left {
    /// How often something was left.
    times: AtomicU64,
    /// How many of these times all of it was found.
    found: AtomicU64,
    some: Notify,
}

/// Both sides.
pub(crate) fn handover() -> (HandOver, Handed) {
    let (sender, rows) = mpsc::channel(ROOM);
    let left = Arc::new(Left::default());
    let storing = HandOver {
        rows: sender,
        left: Arc::clone(&left),
    };
    (storing, Handed { rows, left })
}

impl HandOver {
    /// Room for so many rows, which are then to be stored as claimed for [`CLAIM`]; none: they are to be left.
    pub(crate) fn room(&self, rows: usize) -> Option<PermitIterator<'_, Claimed>> {
        if self.left.is_found() {
            self.rows.try_reserve_many(rows).ok()
        } else {
            None
        }
    }

    /// Rows were stored that nobody has claimed.
    pub(crate) fn leave(&self) {
        self.left.add();
    }
}

impl Left {
    /// Has the worker look at the outbox.
    pub(crate) fn look(&self) {
        self.some.notify_one();
    }

    fn add(&self) {
        self.times.fetch_add(1, Ordering::SeqCst);
        self.look();
    }

    /// Waits until there is a reason to look.
    pub(crate) async fn some(&self) {
        self.some.notified().await;
    }

    /// To be asked before a look, and told to [`found_all`](Self::found_all) after it.
    pub(crate) fn times(&self) -> u64 {
        self.times.load(Ordering::SeqCst)
    }

    /// A look that began when something had been left so many times found all there was.
    pub(crate) fn found_all(&self, times: u64) {
        self.found.store(times, Ordering::SeqCst);
    }

    fn is_found(&self) -> bool {
        self.found.load(Ordering::SeqCst) == self.times()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_found_before_anything_is_handed_over_again() {
        let (storing, handed) = handover();
        assert!(storing.room(1).is_some());
        assert!(storing.room(ROOM + 1).is_none());
        storing.leave();
        let times = handed.left.times();
        storing.leave();
        handed.left.found_all(times);
        assert!(
            storing.room(1).is_none(),
            "the second was left after the look had begun"
        );
        handed.left.found_all(handed.left.times());
        assert!(storing.room(1).is_some());
    }

    #[test]
    fn nothing_is_handed_to_a_worker_that_has_ended() {
        let (storing, mut handed) = handover();
        handed.rows.close();
        assert!(storing.room(1).is_none());
    }
}
