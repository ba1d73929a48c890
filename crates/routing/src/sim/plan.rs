//! What is going to happen, by time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use tandem_domain::routing::{Command, DeclineReason};
use tandem_domain::{OfferId, TicketId, Timestamp};

/// One thing to come.
#[derive(Debug)]
pub(super) enum Step<N> {
    Command(Box<Command>),
    Wake(N),
    Accept(OfferId),
    Decline(OfferId, DeclineReason),
    /// The customer's patience ends, if nobody has accepted the ticket.
    Leave(TicketId),
    /// The agent has finished, if this is still the ticket's so many-th spell of work.
    Resolve(TicketId, u32),
    /// The same for the paperwork.
    FinishWrapUp(TicketId, u32),
}

/// What is going to happen, by time; what is planned for the same time happens in the order of planning.
#[derive(Debug)]
pub struct Plan<N> {
    now: Timestamp,
    planned: u64,
    steps: BinaryHeap<Reverse<Planned<N>>>,
}

/// Ordered by its place alone.
#[derive(Debug)]
struct Planned<N> {
    /// When, and as the how many-th it was planned.
    place: (Timestamp, u64),
    step: Step<N>,
}

impl<N> PartialEq for Planned<N> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<N> Eq for Planned<N> {}

impl<N> PartialOrd for Planned<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<N> Ord for Planned<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl<N> Plan<N> {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            planned: 0,
            steps: BinaryHeap::new(),
        }
    }

    /// The simulated time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Hands the core a command at `at`, or now if that is past.
    pub fn command(&mut self, at: Timestamp, command: Command) {
        self.add(at, Step::Command(Box::new(command)));
    }

    /// Wakes the world at `at`, or now if that is past.
    pub fn wake(&mut self, at: Timestamp, note: N) {
        self.add(at, Step::Wake(note));
    }

    /// Wakes the world after so long.
    pub fn wake_in(&mut self, after: Duration, note: N) {
        self.wake(self.now.plus(after), note);
    }

    pub(super) fn add(&mut self, at: Timestamp, step: Step<N>) {
        self.planned += 1;
        let place = (at.max(self.now), self.planned);
        self.steps.push(Reverse(Planned { place, step }));
    }

    pub(super) fn add_in(&mut self, after: Duration, step: Step<N>) {
        self.add(self.now.plus(after), step);
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.steps.peek().map(|Reverse(next)| next.place.0)
    }

    pub(super) fn take(&mut self) -> Option<Step<N>> {
        let Reverse(next) = self.steps.pop()?;
        self.now = next.place.0;
        Some(next.step)
    }

    pub(super) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }
}
