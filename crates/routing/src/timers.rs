//! What happens by itself, ordered by when.

use std::collections::{BTreeSet, VecDeque};

use tandem_domain::{OfferId, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;

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
///
/// What was stopped stays in its lane until it comes to the front. Whether an entry is still true is asked of the tickets.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// Each sorted, and true at the front once they were [tidied](Self::tidy).
    lanes: Vec<VecDeque<Due>>,
    others: BTreeSet<Due>,
    /// Whether the front of a lane was stopped since.
    untidy: bool,
    /// The memory of a list of what was due.
    spare: Vec<Due>,
}

/// A desk has a few channels, each with its times for offers and for wrap-up.
const LANES: usize = 12;

impl Timers {
    pub(crate) fn start(&mut self, due: Due) {
        let joins = |lane: &&mut VecDeque<Due>| lane.back().is_none_or(|last| *last <= due);
        if let Some(lane) = self.lanes.iter_mut().find(joins) {
            lane.push_back(due);
        } else if self.lanes.len() < LANES {
            self.lanes.push(VecDeque::from([due]));
        } else {
            self.others.insert(due);
        }
    }

    /// It is not true any more.
    pub(crate) fn stop(&mut self, due: &Due) {
        if !self.others.is_empty() {
            self.others.remove(due);
        }
        self.untidy = self.untidy || self.lanes.iter().any(|lane| lane.front() == Some(due));
    }

    /// It was done, and may still be true.
    pub(crate) fn remove(&mut self, due: &Due) {
        self.others.remove(due);
        for lane in &mut self.lanes {
            let to = lane.partition_point(|other| other <= due);
            let from = lane.partition_point(|other| other < due);
            lane.drain(from..to);
        }
        self.untidy = true;
    }

    pub(crate) fn is_untidy(&self) -> bool {
        self.untidy
    }

    /// Drops what is not true any more at the front of each lane.
    pub(crate) fn tidy(&mut self, is_true: impl Fn(&Due) -> bool) {
        for lane in &mut self.lanes {
            while lane.pop_front_if(|front| !is_true(front)).is_some() {}
        }
        self.untidy = false;
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        let fronts = self.lanes.iter().filter_map(VecDeque::front);
        fronts.chain(self.others.first()).map(|(at, ..)| *at).min()
    }

    /// What is due at `now`, in order; some of it may not be true any more.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let is_due = |due: &&Due| due.0 <= now;
        let mut due = std::mem::take(&mut self.spare);
        due.extend(self.others.iter().take_while(is_due));
        for lane in &self.lanes {
            due.extend(lane.iter().take_while(is_due));
        }
        due.sort_unstable();
        // What was stopped and started again stands there twice, perhaps.
        due.dedup();
        due
    }

    /// A list of what was due is done with.
    pub(crate) fn reuse(&mut self, mut due: Vec<Due>) {
        due.clear();
        self.spare = due;
    }
}

impl State {
    /// Whether this is what is to become of the ticket.
    pub(crate) fn is_true(&self, (at, id, timer): &Due) -> bool {
        let Some(ticket) = self.tickets.get(*id) else {
            return false;
        };
        match timer {
            Timer::PauseEnds(agent) => {
                let mut passed_over = ticket.rare.passed_over.iter();
                passed_over.any(|passed| passed.agent == *agent && passed.until == *at)
            }
            Timer::OwnerAbsent => self.absence_deadline(ticket) == Some((*at, *timer)),
            _ => ticket.deadlines().any(|deadline| deadline == (*at, *timer)),
        }
    }

    /// What is due at `now`, in order. What was stopped may still stand in its lane, or not, as after a restart: if this
    /// very turn makes it true again, it is done with all else that the turn brings about, never among these.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let mut due = self.timers.due(now);
        due.retain(|due| self.is_true(due));
        due
    }

    /// After each event: what is due next must be true.
    pub(crate) fn tidy_timers(&mut self) {
        if self.timers.is_untidy() {
            let mut timers = std::mem::take(&mut self.timers);
            timers.tidy(|due| self.is_true(due));
            self.timers = timers;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn due(at: i64, ticket: u64) -> Due {
        (Timestamp::from_micros(at), TicketId(ticket), Timer::Closes)
    }

    /// What is due by the lanes, as far as it is true.
    fn truly_due(timers: &mut Timers, running: &BTreeSet<Due>, now: Timestamp) -> Vec<Due> {
        let due = timers.due(now);
        due.into_iter().filter(|due| running.contains(due)).collect()
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
        timers.tidy(|_| false);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn what_was_done_is_gone_though_it_is_true() {
        let mut timers = Timers::default();
        for due in [due(1, 1), due(2, 1), due(2, 1), due(3, 1)] {
            timers.start(due);
        }
        timers.remove(&due(2, 1));
        timers.tidy(|_| true);
        assert_eq!(timers.due(Timestamp::from_micros(9)), [due(1, 1), due(3, 1)]);
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
                    sorted.remove(&due);
                    timers.stop(&due);
                }
                if timers.is_untidy() {
                    timers.tidy(|due| sorted.contains(due));
                }
                prop_assert_eq!(timers.next(), sorted.first().map(|(at, ..)| *at));
                let now = Timestamp::from_micros(20);
                let expected: Vec<_> = sorted.iter().copied().filter(|(at, ..)| *at <= now).collect();
                prop_assert_eq!(truly_due(&mut timers, &sorted, now), expected);
            }
        }
    }
}
