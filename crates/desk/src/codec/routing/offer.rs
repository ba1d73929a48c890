//! Offers, and why an agent was chosen.

use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{DeclineReason, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{narrow, parsed, required, time, time_to_proto};
use crate::codec::words::{Word, given, given_to_proto};

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

pub(super) fn issued(event: v1::OfferIssued) -> Result<RoutingEvent, DecodeError> {
    let offer = required("offer", event.offer)?;
    Ok(RoutingEvent::OfferIssued {
        offer: OfferId(offer.offer_id),
        ticket: TicketId(offer.ticket_id),
        agent: parsed("offer.agent", &offer.agent)?,
        expires_at: time("offer.expires_at", offer.expires_at)?,
        ranking: ranking(required("ranking", event.ranking)?)?.into(),
    })
}

pub(super) fn accepted(event: &v1::OfferAccepted) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferAccepted {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
    })
}

pub(super) fn declined(event: &v1::OfferDeclined) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferDeclined {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
        reason: Word::from_proto("reason", event.reason)?,
        until: time("until", event.until)?,
    })
}

pub(super) fn expired(event: &v1::OfferExpired) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferExpired {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
        until: time("until", event.until)?,
    })
}

pub(super) fn revoked(event: &v1::OfferRevoked) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OfferRevoked {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
        reason: Word::from_proto("reason", event.reason)?,
    })
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

fn ranking(ranking: v1::Ranking) -> Result<Ranking, DecodeError> {
    Ok(Ranking {
        considered: ranking.considered,
        fit: ranking.fit,
        free: ranking.free,
        winner: rank(&required("ranking.winner", ranking.winner)?)?,
        runners_up: ranking.runners_up.iter().map(rank).collect::<Result<_, _>>()?,
        direct: ranking.direct,
        step: narrow("ranking.step", ranking.step)?,
        choice: given("ranking.choice", ranking.choice)?.unwrap_or_default(),
        deciding: given("ranking.deciding", ranking.deciding)?,
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

fn rank(rank: &v1::Rank) -> Result<Rank, DecodeError> {
    Ok(Rank {
        agent: parsed("rank.agent", &rank.agent)?,
        used: rank.used_units,
        capacity: rank.capacity_units,
        idle_since: time("rank.idle_since", rank.idle_since)?,
        score: rank.score,
        order: rank.order,
    })
}
