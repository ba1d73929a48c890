//! What happens by itself, ordered by when.

use std::collections::BTreeSet;

use tandem_domain::{OfferId, TicketId, Timestamp};

use crate::agents::AgentIx;

/// What is due on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<Due>);

impl Timers {
    pub(crate) fn start(&mut self, due: Due) {
        self.0.insert(due);
    }

    pub(crate) fn stop(&mut self, due: &Due) {
        self.0.remove(due);
    }

    pub(crate) fn is_running(&self, due: &Due) -> bool {
        self.0.contains(due)
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, ..)| *at)
    }

    /// What is due at `now`, in order.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Due> {
        self.0.iter().take_while(|(at, ..)| *at <= now).copied().collect()
    }
}
