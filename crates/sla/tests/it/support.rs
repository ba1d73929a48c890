//! Words for tests: times, keys, plans, desks and the router's events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, QueuePolicy};
use tandem_domain::routing::{Intake, RequeueReason, RoutingEvent, StepPlace, UndeliveredReason};
use tandem_domain::sla::{Action, Ladder, Policy, Rung, RungAt};
use tandem_domain::{
    Channel, ClockKind, CompiledDesk, ConversationId, MessageId, OfferId, Priority, Proficiency, Requirement, SlaPlan,
    TicketId, Timestamp,
};
use uuid::Uuid;

pub(crate) use crate::words::{calendar, hours, key, mins, utc, windows};

/// Minutes after the first thing that happens, on a Monday morning.
pub(crate) fn at(minutes: u64) -> Timestamp {
    utc("2026-09-07T08:00:00").plus(mins(minutes))
}

/// A policy for every ticket, with one target for each of these clocks whatever the priority.
pub(crate) fn policy(id: &str, targets: &[(ClockKind, u64)]) -> Policy {
    let all = |minutes: u64| Priority::ALL.iter().map(move |priority| (*priority, mins(minutes)));
    Policy {
        id: key(id),
        queues: BTreeSet::new(),
        channels: BTreeSet::new(),
        languages: BTreeSet::new(),
        priorities: BTreeSet::new(),
        tags: BTreeSet::new(),
        calendar: None,
        targets: targets
            .iter()
            .map(|(kind, minutes)| (*kind, all(*minutes).collect()))
            .collect(),
        ladders: BTreeMap::new(),
    }
}

pub(crate) fn ladder(id: &str, rungs: Vec<Rung>) -> Ladder {
    Ladder { id: key(id), rungs }
}

pub(crate) fn rung(at: RungAt, actions: Vec<Action>) -> Rung {
    Rung {
        at,
        actions,
        repeat: None,
    }
}

/// A desk with the queues `support` (tier 1) → `second` (tier 2) → `experts` (tier 3), and `sales`.
pub(crate) fn desk(sla: SlaPlan) -> CompiledDesk {
    let queue = |id: &str, tier: u8, next: Option<&str>| QueuePolicy {
        teams: Vec::new(),
        skills: BTreeMap::new(),
        aging: None,
        decline_pause: Duration::ZERO,
        max_missed: 0,
        tier,
        next_tier: next.map(key),
        ..QueuePolicy::new(key(id))
    };
    let agent = |id: &str, contact: Option<&str>| AgentProfile {
        teams: Vec::new(),
        skills: BTreeMap::new(),
        languages: BTreeMap::new(),
        capacity: 1,
        channel_max: BTreeMap::new(),
        contact: contact.map(key),
        ..AgentProfile::new(key(id))
    };
    CompiledDesk {
        version: 1,
        hash: String::new(),
        default_language: None,
        min_proficiency: Proficiency::B1,
        skills: Vec::new(),
        teams: Vec::new(),
        agents: vec![agent("ana", Some("ana-phone")), agent("ben", None)],
        queues: vec![
            queue("support", 1, Some("second")),
            queue("second", 2, Some("experts")),
            queue("experts", 3, None),
            queue("sales", 1, None),
        ],
        channels: BTreeMap::new(),
        accounts: BTreeMap::new(),
        close_after: Duration::from_hours(24),
        timezone: "UTC".to_owned(),
        service_levels: BTreeMap::new(),
        sla,
        ..CompiledDesk::default()
    }
}

pub(crate) fn message(number: u64) -> MessageId {
    MessageId(Uuid::from_u128(number.into()))
}

pub(crate) fn requirement(queue: &str) -> Requirement {
    Requirement {
        language: Some((key("de"), Proficiency::B1)),
        skills: BTreeMap::new(),
        ..Requirement::new(key(queue), Channel::Email)
    }
}

pub(crate) fn opened(ticket: u64, queue: &str, priority: Priority, received_at: Timestamp) -> RoutingEvent {
    let intake = Intake {
        message: message(1_000_000 + ticket),
        conversation: ConversationId(Uuid::from_u128(ticket.into())),
        account: key("mail"),
        channel: Channel::Email,
        queue: key(queue),
        language: None,
        skills: BTreeMap::new(),
        tags: BTreeSet::new(),
        priority,
        received_at,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    };
    RoutingEvent::TicketOpened {
        ticket: TicketId(ticket),
        intake: Box::new(intake),
        requirement: requirement(queue).into(),
        place: StepPlace::default(),
    }
}

pub(crate) fn wrote(ticket: u64, received_at: Timestamp) -> RoutingEvent {
    RoutingEvent::MessageAdded {
        ticket: TicketId(ticket),
        message: message(2_000_000),
        automatic: false,
        received_at,
    }
}

pub(crate) fn accepted(ticket: u64, agent: &str) -> RoutingEvent {
    RoutingEvent::OfferAccepted {
        offer: OfferId(1),
        ticket: TicketId(ticket),
        agent: key(agent),
    }
}

pub(crate) fn answered(ticket: u64, answer: u64) -> RoutingEvent {
    RoutingEvent::AnswerAdded {
        ticket: TicketId(ticket),
        message: message(answer),
        author: None,
        visible: true,
    }
}

pub(crate) fn failed(ticket: u64, answer: u64) -> RoutingEvent {
    RoutingEvent::AnswerFailed {
        ticket: TicketId(ticket),
        message: message(answer),
        reason: UndeliveredReason::Bounced,
    }
}

pub(crate) fn requeued(ticket: u64, queue: &str, reason: RequeueReason) -> RoutingEvent {
    RoutingEvent::TicketRequeued {
        ticket: TicketId(ticket),
        requirement: requirement(queue).into(),
        reason,
        place: StepPlace::default(),
    }
}

pub(crate) fn prioritised(ticket: u64, priority: Priority) -> RoutingEvent {
    RoutingEvent::PriorityChanged {
        ticket: TicketId(ticket),
        priority,
    }
}

pub(crate) fn held(ticket: u64) -> RoutingEvent {
    RoutingEvent::TicketHeld {
        ticket: TicketId(ticket),
    }
}

pub(crate) fn resumed(ticket: u64) -> RoutingEvent {
    RoutingEvent::TicketResumed {
        ticket: TicketId(ticket),
    }
}

pub(crate) fn done(ticket: u64) -> RoutingEvent {
    RoutingEvent::TicketDone {
        ticket: TicketId(ticket),
    }
}

pub(crate) fn closed(ticket: u64) -> RoutingEvent {
    RoutingEvent::TicketClosed {
        ticket: TicketId(ticket),
    }
}
