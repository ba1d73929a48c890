//! Offers, and why an agent was chosen.

use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{DeclineReason, RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, OfferId, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{damaged, time_to_proto};
use crate::codec::lexicon::{Lexicon, Names};
use crate::codec::wire::{self, Fields, Walk};
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

pub(super) fn issued(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    let offer = event.message("offer", 1)?;
    Ok(RoutingEvent::OfferIssued {
        offer: self::offer(&offer)?,
        ticket: ticket(&offer)?,
        agent: agent(&offer, lexicon)?,
        expires_at: offer.time("offer.expires_at", 4)?,
        ranking: ranking(event.bytes("ranking", 2)?, lexicon)?.into(),
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

pub(super) fn ranking_to_proto(ranking: &Ranking) -> v1::Ranking {
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

/// Half of what a busy desk's journal holds is of rankings.
fn ranking(ranking: &[u8], lexicon: &mut Lexicon) -> Result<Ranking, DecodeError> {
    let agents = &mut lexicon.agents;
    let (mut considered, mut fit, mut free, mut step) = (0, 0, 0, 0);
    let (mut winner, mut runners_up) = (None, Vec::new());
    let (mut direct, mut choice, mut deciding) = (false, None, None);
    let mut fields = Walk(ranking);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => considered = value.narrow("ranking.considered")?,
            2 => fit = value.narrow("ranking.fit")?,
            3 => free = value.narrow("ranking.free")?,
            4 => winner = Some(rank(value.bytes("ranking.winner")?, agents)?),
            5 => runners_up.push(rank(value.bytes("ranking.runners_up")?, agents)?),
            6 => direct = value.number("ranking.direct")? != 0,
            7 => step = value.narrow("ranking.step")?,
            8 => choice = given("ranking.choice", value.narrow("ranking.choice")?)?,
            9 => deciding = given("ranking.deciding", value.narrow("ranking.deciding")?)?,
            _ => {}
        }
    }
    Ok(Ranking {
        considered,
        fit,
        free,
        winner: winner.ok_or_else(|| damaged("ranking.winner"))?,
        runners_up,
        direct,
        step,
        choice: choice.unwrap_or_default(),
        deciding,
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

fn rank(rank: &[u8], agents: &mut Names<AgentId>) -> Result<Rank, DecodeError> {
    let (mut agent, mut idle_since) = (None, None);
    let (mut used, mut capacity, mut score, mut order) = (0, 0, 0, 0);
    let mut fields = Walk(rank);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => agent = Some(agents.read("rank.agent", value.bytes("rank.agent")?)?),
            2 => used = value.narrow("rank.used_units")?,
            3 => capacity = value.narrow("rank.capacity_units")?,
            4 => idle_since = Some(wire::time("rank.idle_since", value.bytes("rank.idle_since")?)?),
            5 => score = value.signed("rank.score")?,
            6 => order = value.narrow("rank.order")?,
            _ => {}
        }
    }
    Ok(Rank {
        agent: agent.ok_or_else(|| damaged("rank.agent"))?,
        used,
        capacity,
        idle_since: idle_since.ok_or_else(|| damaged("rank.idle_since"))?,
        score,
        order,
    })
}
