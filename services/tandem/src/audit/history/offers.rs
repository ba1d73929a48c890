//! Offers: made to one agent at a time, and answered in time by that agent.

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, Event, OfferId, RoutingState, Timestamp};

use super::ticket::{Offer, Ticket};
use crate::audit::finding::Kind;

/// What is wrong with an offer's beginning or end, apart from the ticket's state.
pub(crate) fn fault(ticket: &Ticket, event: &Event<RoutingEvent>) -> Option<(Kind, String)> {
    let (id, holder) = (ticket.id, ticket.holder.as_ref());
    if let RoutingEvent::OfferIssued { agent, .. } = &event.body {
        let holder = holder?;
        return Some((
            Kind::TwoOwners,
            format!("{id} is {holder}'s and was offered to {agent}"),
        ));
    }
    let (ended, agent, end) = End::of(&event.body)?;
    let open = ticket
        .offer
        .filter(|open| open.id == ended && ticket.state == RoutingState::Offered);
    let why = match (open, holder) {
        (None, _) => Some(format!("{ended} is not open on {id}")),
        (Some(_), Some(holder)) if holder != agent => Some(format!("{ended} is {holder}'s, not {agent}'s")),
        (Some(open), _) => end.untimely(open, event.at),
    };
    why.map(|why| (Kind::FalseAnswer, why))
}

/// How an offer ends.
enum End {
    Answered,
    Expired,
    Revoked,
}

impl End {
    fn of(event: &RoutingEvent) -> Option<(OfferId, &AgentId, Self)> {
        match event {
            RoutingEvent::OfferAccepted { offer, agent, .. } | RoutingEvent::OfferDeclined { offer, agent, .. } => {
                Some((*offer, agent, Self::Answered))
            }
            RoutingEvent::OfferExpired { offer, agent, .. } => Some((*offer, agent, Self::Expired)),
            RoutingEvent::OfferRevoked { offer, agent, .. } => Some((*offer, agent, Self::Revoked)),
            _ => None,
        }
    }

    /// From the moment of expiry on an offer cannot be answered, and it cannot expire before.
    fn untimely(self, open: Offer, at: Timestamp) -> Option<String> {
        let Offer { id, expires_at } = open;
        match self {
            Self::Answered if at >= expires_at => Some(format!("{id} was answered and had expired at {expires_at}")),
            Self::Expired if at < expires_at => Some(format!("{id} was let expire and stands until {expires_at}")),
            Self::Answered | Self::Expired | Self::Revoked => None,
        }
    }
}
