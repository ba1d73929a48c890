//! Tickets, offers, agents and work lists, on their way out.

use tandem_domain::routing::{AgentView, OfferView, StepPlace, TicketView, Undelivered, WorkList};
use tandem_domain::{Requirement, TicketId};
use tandem_proto::v1;

use super::{enums, timestamp};

/// A ticket.
pub(crate) fn ticket(view: &TicketView) -> v1::Ticket {
    v1::Ticket {
        ticket_id: view.id.0,
        conversation_id: view.conversation.to_string(),
        account: view.account.to_string(),
        state: enums::routing_state(view.state).into(),
        status: enums::ticket_status(view.status).into(),
        requirement: Some(requirement(&view.requirement)),
        priority: enums::priority(view.priority).into(),
        tags: view.tags.iter().map(ToString::to_string).collect(),
        owner: view.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
        offer: view.offer.as_ref().map(|open| offer(view.id, open)),
        message_count: view.messages,
        opened_at: Some(timestamp(view.opened_at)),
        changed_at: Some(timestamp(view.changed_at)),
        version: view.version,
        waiting_since: view.waiting_since.map(timestamp),
        answered_at: view.answered_at.map(timestamp),
        undelivered: view.undelivered.iter().map(undelivered).collect(),
        offers: view.offers.iter().map(|open| offer(view.id, open)).collect(),
        step: Some(place(&view.step)),
        helpers: texts(&view.helpers),
        help_offers: view.help_offers.iter().map(|open| offer(view.id, open)).collect(),
        scheduled_until: view.scheduled_until.map(timestamp),
        merged_into: view.merged_into.map_or(0, |into| into.0),
        over_capacity: view.over_capacity,
        unservable: view.unservable,
        aged_by_millis: view.aged_by.0,
    }
}

fn place(place: &StepPlace) -> v1::StepPlace {
    let skipped = place.skipped.iter().map(|skipped| v1::SkippedStep {
        step: skipped.step.into(),
        reason: enums::skip_reason(skipped.why).into(),
    });
    v1::StepPlace {
        step: place.step.into(),
        until: place.until.map(timestamp),
        skipped: skipped.collect(),
    }
}

fn texts<T: ToString>(keys: &[T]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn undelivered(answer: &Undelivered) -> v1::Undelivered {
    v1::Undelivered {
        message_id: answer.message.to_string(),
        reason: enums::undelivered_reason(answer.reason).into(),
        at: Some(timestamp(answer.at)),
    }
}

/// An open offer of a ticket.
pub(crate) fn offer(ticket: TicketId, view: &OfferView) -> v1::Offer {
    v1::Offer {
        offer_id: view.id.0,
        ticket_id: ticket.0,
        agent: view.agent.to_string(),
        expires_at: Some(timestamp(view.expires_at)),
    }
}

/// An agent.
pub(crate) fn agent(view: &AgentView) -> v1::Agent {
    v1::Agent {
        agent: view.id.to_string(),
        presence: enums::presence_out(view.presence).into(),
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
pub(crate) fn work_list(list: &WorkList) -> v1::WorkList {
    v1::WorkList {
        version: list.version,
        agent: Some(agent(&list.agent)),
        tickets: list.items.iter().map(ticket).collect(),
    }
}

fn requirement(requirement: &Requirement) -> v1::Requirement {
    let skills = requirement.skills.iter().map(|(skill, level)| v1::SkillLevel {
        skill: skill.to_string(),
        level: u32::from(level.get()),
    });
    v1::Requirement {
        queue: requirement.queue.to_string(),
        channel: enums::channel(requirement.channel).into(),
        language: requirement.language.as_ref().map(|(tag, least)| v1::LanguageLevel {
            language: tag.to_string(),
            proficiency: enums::proficiency(*least).into(),
        }),
        skills: skills.collect(),
        step: requirement.step.into(),
        expression: requirement
            .expression
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        pool: texts(&requirement.pool),
        only: texts(&requirement.only),
    }
}
