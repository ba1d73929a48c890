//! Tickets, offers, agents and work lists as they are shown to whoever may see them: over gRPC, and to an agent's stream in
//! the hint that they have changed.

use tandem_domain::explain::Ranking;
use tandem_domain::routing::{AgentView, OfferView, StepPlace, TicketView, Undelivered, WorkList};
use tandem_domain::{RoutingState, TicketId, TicketStatus};
use tandem_proto::v1;

use super::{offer as offers, place as places};
use crate::codec::common::{text, texts, time_to_proto};
use crate::codec::requirement::requirement_to_proto;
use crate::codec::words::Word;

/// A ticket.
#[must_use]
pub fn ticket(view: &TicketView) -> v1::Ticket {
    v1::Ticket {
        ticket_id: view.id.0,
        conversation_id: view.conversation.to_string(),
        account: view.account.to_string(),
        state: routing_state(view.state).into(),
        status: ticket_status(view.status).into(),
        requirement: Some(requirement_to_proto(&view.requirement)),
        priority: view.priority.to_proto(),
        tags: texts(&view.tags),
        owner: text(view.owner.as_ref()),
        offer: view.offer.as_ref().map(|open| offer(view.id, open)),
        message_count: view.messages,
        opened_at: Some(time_to_proto(view.opened_at)),
        changed_at: Some(time_to_proto(view.changed_at)),
        version: view.version,
        waiting_since: view.waiting_since.map(time_to_proto),
        answered_at: view.answered_at.map(time_to_proto),
        undelivered: view.undelivered.iter().map(undelivered).collect(),
        offers: view.offers.iter().map(|open| offer(view.id, open)).collect(),
        step: Some(place(&view.step)),
        helpers: texts(&view.helpers),
        help_offers: view.help_offers.iter().map(|open| offer(view.id, open)).collect(),
        scheduled_until: view.scheduled_until.map(time_to_proto),
        merged_into: view.merged_into.map_or(0, |into| into.0),
        over_capacity: view.over_capacity,
        unservable: view.unservable,
        aged_by_millis: view.aged_by.0,
    }
}

/// An open offer of a ticket.
#[must_use]
pub fn offer(ticket: TicketId, view: &OfferView) -> v1::Offer {
    offers::open_to_proto(view.id, ticket, &view.agent, view.expires_at)
}

/// The facts that chose an agent.
#[must_use]
pub fn ranking(ranking: &Ranking) -> v1::Ranking {
    offers::ranking_to_proto(ranking)
}

/// An agent.
#[must_use]
pub fn agent(view: &AgentView) -> v1::Agent {
    v1::Agent {
        agent: view.id.to_string(),
        presence: view.presence.to_proto(),
        used_units: view.used,
        capacity_units: view.capacity,
        ticket_ids: view.tickets.iter().map(|ticket| ticket.0).collect(),
        missed_offers: view.missed,
        over_capacity: view.over_capacity,
        unavailable: !view.available,
        helping_ids: view.helping.iter().map(|ticket| ticket.0).collect(),
    }
}

/// An agent's whole work list.
#[must_use]
pub fn work_list(list: &WorkList) -> v1::WorkList {
    v1::WorkList {
        version: list.version,
        agent: Some(agent(&list.agent)),
        tickets: list.items.iter().map(ticket).collect(),
    }
}

/// Where routing has a ticket.
#[must_use]
pub const fn routing_state(state: RoutingState) -> v1::RoutingState {
    match state {
        RoutingState::Queued => v1::RoutingState::Queued,
        RoutingState::Offered => v1::RoutingState::Offered,
        RoutingState::Assigned => v1::RoutingState::Assigned,
        RoutingState::OnHold => v1::RoutingState::OnHold,
        RoutingState::WrappingUp => v1::RoutingState::WrappingUp,
        RoutingState::Done => v1::RoutingState::Done,
        RoutingState::Cancelled => v1::RoutingState::Cancelled,
        RoutingState::Abandoned => v1::RoutingState::Abandoned,
        RoutingState::Scheduled => v1::RoutingState::Scheduled,
        RoutingState::Merged => v1::RoutingState::Merged,
    }
}

const fn ticket_status(status: TicketStatus) -> v1::TicketStatus {
    match status {
        TicketStatus::Open => v1::TicketStatus::Open,
        TicketStatus::Pending => v1::TicketStatus::Pending,
        TicketStatus::Resolved => v1::TicketStatus::Resolved,
        TicketStatus::Closed => v1::TicketStatus::Closed,
    }
}

/// Unlike in the journal, the usual place is told as well.
fn place(place: &StepPlace) -> v1::StepPlace {
    places::to_proto(place).unwrap_or_default()
}

fn undelivered(answer: &Undelivered) -> v1::Undelivered {
    v1::Undelivered {
        message_id: answer.message.to_string(),
        reason: answer.reason.to_proto(),
        at: Some(time_to_proto(answer.at)),
    }
}
