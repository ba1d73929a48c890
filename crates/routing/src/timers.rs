//! What happens by itself, ordered by when.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashSet;
use tandem_domain::{OfferId, TicketId, Timestamp};

use crate::agents::AgentIx;

/// What is due on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    OfferExpires(OfferId),
    /// Of a ticket that waits: an offer holds its step.
    StepEnds,
    WrapUpEnds,
    Closes,
    /// The time for which it is scheduled.
    Due,
    /// Its owner has been away for too long.
    OwnerAbsent,
    /// This agent is passed over for it no longer. Changes no fact, it only makes the router look
    /// again; so this is the one timer whose end is no event.
    PauseEnds(AgentIx),
}

/// One thing to come.
pub(crate) type Due = (Timestamp, TicketId, Timer);

/// What is to come. Most of it lasts as long as others of its kind, so it falls due in the order in which it began: it
/// stands in a lane, whose end it joins. What fits no lane is sorted in.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    running: FxHashSet<Due>,
    /// Each sorted. What was stopped stays until it comes to the front, which is always running.
    lanes: Vec<VecDeque<Due>>,
    others: BTreeSet<Due>,
}

/// A desk has a few channels, each with its times for offers and for wrap-up.
const LANES: usize = 12;

impl Timers {
    pub(crate) fn start(&mut self, due: Due) {
        if !self.running.insert(due) {
            return;
        }
        let joins = |lane: &&mut VecDeque<Due>| lane.back().is_none_or(|last| *last <= due);
        if let Some(lane) = self.lanes.iter_mut().find(joins) {
            lane.push_back(due);
        } else if self.lanes.len() < LANES {
            self.lanes.push(VecDeque::from([due]));
        } else {
            self.others.insert(due);
        }
    }

    pub(crate) fn stop(&mut self, due: &Due) {
        if !self.running.remove(due) {
            return;
        }
        // What was started twice may stand in a lane as well.
        self.others.remove(due);
        let running = &self.running;
        for lane in self.lanes.iter_mut().filter(|lane| lane.front() == Some(due)) {
            while lane.pop_front_if(|front| !running.contains(front)).is_some() {}
        }
    }

    pub(crate) fn is_running(&self, due: &Due) -> bool {
        self.running.contains(due)
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        let fronts = self.lanes.iter().filter_map(VecDeque::front);
        fronts.chain(self.others.first()).map(|(at, ..)| *at).min()
    }

    /// What is due at `now`, in order.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Due> {
        let is_due = |due: &&Due| due.0 <= now;
        let mut due: Vec<Due> = self.others.iter().take_while(is_due).copied().collect();
        for lane in &self.lanes {
            let running = lane.iter().take_while(is_due).filter(|due| self.running.contains(due));
            due.extend(running);
        }
        due.sort_unstable();
        // What was stopped and started again stands in two lanes, perhaps.
        due.dedup();
        due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn due(at: i64, ticket: u64) -> Due {
        (Timestamp::from_micros(at), TicketId(ticket), Timer::Closes)
    }

    #[test]
    fn what_was_started_twice_is_over_everywhere_when_it_is_stopped() {
        let mut timers = Timers::default();
        let all: Vec<_> = (0..12)
            .flat_map(|lane| [due(100 - lane, 1), due(200 - lane, 1)])
            .collect();
        // Each lane begins at 100 or earlier.
        for due in all.iter().step_by(2) {
            timers.start(*due);
        }
        // One more in the first of them, where it stays when it is stopped, and then none has room for it.
        let twice = due(150, 2);
        timers.start(twice);
        timers.stop(&twice);
        for due in all.iter().skip(1).step_by(2) {
            timers.start(*due);
        }
        timers.start(twice);
        timers.stop(&all[0]);
        timers.stop(&twice);
        for due in &all {
            timers.stop(due);
        }
        assert_eq!(timers.next(), None);
    }

    proptest! {
        #[test]
        fn what_is_due_is_what_a_sorted_set_says(steps in prop::collection::vec((any::<bool>(), 0..40_i64, 0..4_u64), 0..200)) {
            let (mut timers, mut sorted) = (Timers::default(), BTreeSet::new());
            for (starts, at, ticket) in steps {
                let due = due(at, ticket);
                if starts {
                    timers.start(due);
                    sorted.insert(due);
                } else {
                    timers.stop(&due);
                    sorted.remove(&due);
                }
                prop_assert_eq!(timers.next(), sorted.first().map(|(at, ..)| *at));
                let now = Timestamp::from_micros(20);
                let expected: Vec<_> = sorted.iter().copied().filter(|(at, ..)| *at <= now).collect();
                prop_assert_eq!(timers.due(now), expected);
            }
        }
    }
}
