//! One ticket, several offers at once: whoever accepts first has it.
//!
//! A ticket that was offered to nobody yet goes before the second offer of any other: more offers are made only to agents
//! for whom nothing waits. So they cost capacity that nobody needs at that moment, and never make anybody wait longer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{Priority, TicketId, Timestamp};

use crate::classes::ClassIx;
use crate::holders::OpenOffer;
use crate::selection::RANKED;
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::turn::Turn;

/// The more urgent first, then the older.
type Place = (Reverse<Priority>, Timestamp, TicketId);

/// Offered tickets that may be offered to more agents.
#[derive(Debug, Default)]
pub(crate) struct Short(BTreeMap<ClassIx, BTreeSet<Place>>);

impl Short {
    pub(crate) fn add(&mut self, ticket: &Ticket) {
        self.0.entry(ticket.class).or_default().insert(place(ticket));
    }

    pub(crate) fn remove(&mut self, ticket: &Ticket) {
        if let Some(places) = self.0.get_mut(&ticket.class) {
            places.remove(&place(ticket));
            if places.is_empty() {
                self.0.remove(&ticket.class);
            }
        }
    }

    /// The classes of these tickets.
    pub(crate) fn classes(&self) -> impl Iterator<Item = ClassIx> {
        self.0.keys().copied()
    }
}

fn place(ticket: &Ticket) -> Place {
    (Reverse(ticket.priority), ticket.opened_at, ticket.id)
}

impl State {
    /// Whether the ticket is offered to fewer agents than its queue wants. What was offered by hand was meant for one.
    pub(crate) fn is_short(&self, ticket: &Ticket) -> bool {
        if ticket.phase != Phase::Offered {
            return false;
        }
        let wanted = self.classes.queue_of(ticket.class).offers_at_once;
        wanted > 1 && ticket.own_offers().count() < wanted && !ticket.own_offers().any(OpenOffer::is_direct)
    }

    /// Tickets for which the last events may have made one more agent free.
    fn touched_short(&self) -> Vec<TicketId> {
        let free = self.touched.agents.iter();
        let free: Vec<_> = free.filter(|agent| self.agents.is_free_for_anything(**agent)).collect();
        let fits = |class: &ClassIx| {
            free.iter()
                .any(|agent| self.agents.get(**agent).classes.contains(class.at()))
        };
        let touched = |class: &ClassIx| self.touched.classes.contains(class) || fits(class);
        let classes = self.short.0.iter().filter(|(class, _)| touched(class));
        let mut places: Vec<_> = classes.flat_map(|(_, places)| places).collect();
        places.sort_unstable();
        places.into_iter().map(|(.., ticket)| *ticket).collect()
    }
}

impl Turn<'_> {
    /// Makes the offers beyond each ticket's first; nobody who is free now is needed for a ticket that waits.
    pub(crate) fn offer_to_more(&mut self) {
        if self.state.short.0.is_empty() {
            return;
        }
        for ticket in self.state.touched_short() {
            while self.may_ask_more(ticket) && self.offer_to_one_more(ticket) {}
        }
    }

    /// Open offers hold a step whose time is over; new ones would hold it for ever.
    fn may_ask_more(&self, ticket: TicketId) -> bool {
        let ticket = self.state.ticket(ticket);
        let until = ticket.place.as_ref().and_then(|place| place.until);
        self.state.is_short(ticket) && until.is_none_or(|until| until > self.now())
    }

    fn offer_to_one_more(&mut self, ticket: TicketId) -> bool {
        let selection = self.state.choose(ticket, RANKED, self.now());
        let Some(agent) = selection.first() else {
            return false;
        };
        let class = self.state.ticket(ticket).class;
        let ranking = self.state.ranking(class, &selection, agent);
        self.state.candidates.reuse(selection.best);
        self.offer(ticket, agent, ranking);
        true
    }
}
