//! Offers, and why an agent was chosen.

use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{DeclineReason, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::time_to_proto;
use crate::codec::lexicon::{Lexicon, Names};
use crate::codec::wire::Fields;
use crate::codec::words::{Word, given_to_proto};

/// What became of offers; none for other kinds.
pub(super) fn to_proto(event: &RoutingEvent) -> Option<Body> {
    Some(match event {
        RoutingEvent::OfferIssued {
            offer,
            ticket,
            agent,
            expires_at,
            ranking,
        } => issued_to_proto(*offer, *ticket, agent, *expires_at, ranking),
        RoutingEvent::OfferAccepted { offer, ticket, agent } => Body::OfferAccepted(v1::OfferAccepted {
            offer_id: offer.0,
            ticket_id: ticket.0,
            agent: agent.to_string(),
        }),
        RoutingEvent::OfferDeclined {
            offer,
            ticket,
            agent,
            reason,
            until,
        } => declined_to_proto(*offer, *ticket, agent, *reason, *until),
        RoutingEvent::OfferExpired {
            offer,
            ticket,
            agent,
            until,
        } => expired_to_proto(*offer, *ticket, agent, *until),
        RoutingEvent::OfferRevoked {
            offer,
            ticket,
            agent,
            reason,
        } => revoked_to_proto(*offer, *ticket, agent, *reason),
        _ => return None,
    })
}

pub(super) fn issued_to_proto(
    offer: OfferId,
    ticket: TicketId,
    agent: &AgentId,
    expires_at: Timestamp,
    ranking: &Ranking,
) -> Body {
    Body::OfferIssued(v1::OfferIssued {
        offer: Some(open_to_proto(offer, ticket, agent, expires_at)),
        ranking: Some(ranking_to_proto(ranking)),
    })
}

pub(super) fn open_to_proto(offer: OfferId, ticket: TicketId, agent: &AgentId, expires_at: Timestamp) -> v1::Offer {
    v1::Offer {
        offer_id: offer.0,
        ticket_id: ticket.0,
        agent: agent.to_string(),
        expires_at: Some(time_to_proto(expires_at)),
    }
}

pub(super) fn declined_to_proto(
    offer: OfferId,
    ticket: TicketId,
    agent: &AgentId,
    reason: DeclineReason,
    until: Timestamp,
) -> Body {
    Body::OfferDeclined(v1::OfferDeclined {
        offer_id: offer.0,
        ticket_id: ticket.0,
        agent: agent.to_string(),
        reason: reason.to_proto(),
        until: Some(time_to_proto(until)),
    })
}

pub(super) fn expired_to_proto(offer: OfferId, ticket: TicketId, agent: &AgentId, until: Timestamp) -> Body {
    Body::OfferExpired(v1::OfferExpired {
        offer_id: offer.0,
        ticket_id: ticket.0,
        agent: agent.to_string(),
        until: Some(time_to_proto(until)),
    })
}

pub(super) fn revoked_to_proto(offer: OfferId, ticket: TicketId, agent: &AgentId, reason: RevokeReason) -> Body {
    Body::OfferRevoked(v1::OfferRevoked {
        offer_id: offer.0,
        ticket_id: ticket.0,
        agent: agent.to_string(),
        reason: reason.to_proto(),
    })
}

pub(super) fn issued(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    let offer = event.message("offer", 1)?;
    Ok(RoutingEvent::OfferIssued {
        offer: self::offer(&offer)?,
        ticket: ticket(&offer)?,
        agent: agent(&offer, lexicon)?,
        expires_at: offer.time("offer.expires_at", 4)?,
        ranking: ranking(&event.message("ranking", 2)?, lexicon)?.into(),
    })
}

pub(super) fn accepted(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferAccepted {
        offer: offer(event)?,
        ticket: ticket(event)?,
        agent: agent(event, lexicon)?,
    })
}

pub(super) fn declined(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferDeclined {
        offer: offer(event)?,
        ticket: ticket(event)?,
        agent: agent(event, lexicon)?,
        reason: event.word("reason", 4)?,
        until: event.time("until", 5)?,
    })
}

pub(super) fn expired(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferExpired {
        offer: offer(event)?,
        ticket: ticket(event)?,
        agent: agent(event, lexicon)?,
        until: event.time("until", 4)?,
    })
}

pub(super) fn revoked(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferRevoked {
        offer: offer(event)?,
        ticket: ticket(event)?,
        agent: agent(event, lexicon)?,
        reason: event.word("reason", 4)?,
    })
}

/// Every message about an offer begins with the offer, its ticket and its agent.
pub(super) fn offer(event: &Fields) -> Result<OfferId, DecodeError> {
    event.number("offer_id", 1).map(OfferId)
}

pub(super) fn ticket(event: &Fields) -> Result<TicketId, DecodeError> {
    event.number("ticket_id", 2).map(TicketId)
}

pub(super) fn agent(event: &Fields, lexicon: &mut Lexicon) -> Result<AgentId, DecodeError> {
    event.key("agent", 3, &mut lexicon.agents)
}

fn ranking_to_proto(ranking: &Ranking) -> v1::Ranking {
    v1::Ranking {
        considered: ranking.considered,
        fit: ranking.fit,
        free: ranking.free,
        winner: Some(rank_to_proto(&ranking.winner)),
        runners_up: ranking.runners_up.iter().map(rank_to_proto).collect(),
        direct: ranking.direct,
        step: ranking.step.into(),
        choice: ranking.choice.to_proto(),
        deciding: given_to_proto(ranking.deciding),
    }
}

fn ranking(ranking: &Fields<10>, lexicon: &mut Lexicon) -> Result<Ranking, DecodeError> {
    let agents = &mut lexicon.agents;
    let mut runners_up = Vec::new();
    for runner_up in ranking.each(5) {
        runners_up.push(rank(&Fields::of(runner_up?)?, agents)?);
    }
    Ok(Ranking {
        runners_up,
        considered: ranking.narrow("ranking.considered", 1)?,
        fit: ranking.narrow("ranking.fit", 2)?,
        free: ranking.narrow("ranking.free", 3)?,
        winner: rank(&ranking.message("ranking.winner", 4)?, agents)?,
        direct: ranking.flag("ranking.direct", 6)?,
        step: ranking.narrow("ranking.step", 7)?,
        choice: ranking.given("ranking.choice", 8)?.unwrap_or_default(),
        deciding: ranking.given("ranking.deciding", 9)?,
    })
}

fn rank_to_proto(rank: &Rank) -> v1::Rank {
    v1::Rank {
        agent: rank.agent.to_string(),
        used_units: rank.used,
        capacity_units: rank.capacity,
        idle_since: Some(time_to_proto(rank.idle_since)),
        score: rank.score,
        order: rank.order,
    }
}

fn rank(rank: &Fields, agents: &mut Names<AgentId>) -> Result<Rank, DecodeError> {
    Ok(Rank {
        agent: rank.key("rank.agent", 1, agents)?,
        used: rank.narrow("rank.used_units", 2)?,
        capacity: rank.narrow("rank.capacity_units", 3)?,
        idle_since: rank.time("rank.idle_since", 4)?,
        score: rank.signed("rank.score", 5)?,
        order: rank.narrow("rank.order", 6)?,
    })
}
