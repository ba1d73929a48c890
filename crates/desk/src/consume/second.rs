//! Standing back while another replica does the work: two that handle the same records cost twice, and one of them for
//! nothing. Who stands back only looks how far the other one gets, and takes over when it gets nowhere.

use std::time::Duration;

use tandem_store::Position;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::worker::{News, Worker};

/// How often it looks, while there is news.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After so many looks in a row that found the position unmoved, the other one is taken to be away. Longer than a
/// position that moved over nothing waits to be saved.
const UNMOVED_LOOKS: u32 = 3;

/// Waits until the work is this replica's; none when nothing can come any more.
pub(super) async fn stand_back(worker: &mut Worker, news: &mut mpsc::Receiver<News>) -> Option<()> {
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look.tick().await;
    let (mut told, mut head, mut unmoved) = (None, None, 0);
    while worker.is_second() && unmoved < UNMOVED_LOOKS {
        tokio::select! {
            some = news.recv() => {
                let some = some?;
                told = told.max(some.up_to());
                head = some.into_head().or(head);
            }
            _ = look.tick(), if is_behind(worker.position(), told) => {
                unmoved = if worker.follow().await { 0 } else { unmoved + 1 };
            }
        }
        // Time goes on here too: what the other one has handled is as good.
        worker.tell_watermark(head.as_ref());
    }
    worker.take_over().await;
    Some(())
}

/// An opening that the position does not know may have written anything.
fn is_behind(position: Option<Position>, told: Option<Position>) -> bool {
    told.is_some_and(|told| position.is_none_or(|at| at.seq < told.seq || at.incarnation != told.incarnation))
}
