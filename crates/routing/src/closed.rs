//! Tickets that were closed just now.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tandem_domain::routing::TicketView;
use tandem_domain::{TicketId, Timestamp};

use crate::ticket::Trail;

/// Tickets that were closed lately, as they were at the end: their last read-model rows are
/// written after they have been forgotten.
#[derive(Debug, Default)]
pub(crate) struct JustClosed {
    order: VecDeque<(Timestamp, TicketId)>,
    tickets: BTreeMap<TicketId, (TicketView, Trail)>,
}

/// Far longer than a batch of commands takes to be committed.
const CLOSED_KEPT: Duration = Duration::from_mins(10);

impl JustClosed {
    pub(crate) fn get(&self, ticket: TicketId) -> Option<&(TicketView, Trail)> {
        self.tickets.get(&ticket)
    }

    pub(crate) fn add(&mut self, at: Timestamp, view: TicketView, trail: Trail) {
        self.order.push_back((at, view.id));
        self.tickets.insert(view.id, (view, trail));
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((_, ticket)) = self.order.pop_front_if(|(at, _)| at.plus(CLOSED_KEPT) < now) {
            self.tickets.remove(&ticket);
        }
    }
}
