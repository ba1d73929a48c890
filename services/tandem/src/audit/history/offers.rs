//! Offers: made to as many agents as the queue asks at once, and answered in time by whom they were made to.

use tandem_domain::routing::{NoHelp, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, OfferId, Timestamp};

use super::ticket::{Offer, Ticket};
use crate::audit::finding::Kind;

/// What is wrong with an offer's beginning or end, apart from the ticket's state.
pub(crate) fn fault(ticket: &Ticket, desk: &CompiledDesk, event: &Event<RoutingEvent>) -> Option<(Kind, String)> {
    let two = |why| Some((Kind::TwoOwners, why));
    match &event.body {
        RoutingEvent::OfferIssued { agent, .. } => surplus(ticket, desk, agent).and_then(two),
        RoutingEvent::HelpOffered { agent, .. } => has_it(ticket, agent).and_then(two),
        body => {
            let (ended, agent, end) = End::of(body)?;
            let false_answer = false_end(ticket, ended, agent, end, event.at);
            let accepted = matches!(body, RoutingEvent::OfferAccepted { .. });
            let still = || ticket.own_offers().find(|(id, _)| accepted && *id != ended);
            match false_answer {
                Some(why) => Some((Kind::FalseAnswer, why)),
                None => still().and_then(|(other, _)| {
                    two(format!("{} was accepted with {ended} while {other} is open", ticket.id))
                }),
            }
        }
    }
}

/// Why no such offer may be made.
fn surplus(ticket: &Ticket, desk: &CompiledDesk, agent: &AgentId) -> Option<String> {
    let id = ticket.id;
    if let Some(holder) = &ticket.holder {
        return Some(format!("{id} is {holder}'s and was offered to {agent}"));
    }
    let queue = desk.queues.iter().find(|queue| queue.id == ticket.requirement().queue);
    let most = queue.map_or(1, |queue| usize::from(queue.offers_at_once));
    let open = ticket.own_offers().count();
    let too_many = open >= most;
    let surplus = too_many.then(|| format!("{id} is offered {open} times and was offered to {agent}"));
    surplus.or_else(|| has_it(ticket, agent))
}

fn has_it(ticket: &Ticket, agent: &AgentId) -> Option<String> {
    let has_it = ticket.holders().contains(agent);
    has_it.then(|| format!("{} is with {agent} already and was offered to {agent}", ticket.id))
}

fn false_end(ticket: &Ticket, ended: OfferId, agent: &AgentId, end: End, at: Timestamp) -> Option<String> {
    match ticket.offers.get(&ended) {
        None => Some(format!("{ended} is not open on {}", ticket.id)),
        Some(open) if open.agent != *agent => Some(format!("{ended} is {}'s, not {agent}'s", open.agent)),
        Some(open) => end.untimely(ended, open, at),
    }
}

/// How an offer ends.
#[derive(Clone, Copy)]
enum End {
    Answered,
    Expired,
    Revoked,
}

impl End {
    fn of(event: &RoutingEvent) -> Option<(OfferId, &AgentId, Self)> {
        use RoutingEvent as E;
        match event {
            E::OfferAccepted { offer, agent, .. }
            | E::OfferDeclined { offer, agent, .. }
            | E::HelpAccepted { offer, agent, .. } => Some((*offer, agent, Self::Answered)),
            E::OfferExpired { offer, agent, .. } => Some((*offer, agent, Self::Expired)),
            E::OfferRevoked { offer, agent, .. } => Some((*offer, agent, Self::Revoked)),
            E::HelpRefused { offer, agent, why, .. } => Some((*offer, agent, Self::of_help(*why))),
            _ => None,
        }
    }

    fn of_help(why: NoHelp) -> Self {
        match why {
            NoHelp::Declined => Self::Answered,
            NoHelp::Expired => Self::Expired,
            NoHelp::AgentLeft | NoHelp::Withdrawn | NoHelp::TicketMoved | NoHelp::DeskChanged => Self::Revoked,
        }
    }

    /// From the moment of expiry on an offer cannot be answered, and it cannot expire before.
    fn untimely(self, id: OfferId, open: &Offer, at: Timestamp) -> Option<String> {
        let expires_at = open.expires_at;
        match self {
            Self::Answered if at >= expires_at => Some(format!("{id} was answered and had expired at {expires_at}")),
            Self::Expired if at < expires_at => Some(format!("{id} was let expire and stands until {expires_at}")),
            Self::Answered | Self::Expired | Self::Revoked => None,
        }
    }
}
