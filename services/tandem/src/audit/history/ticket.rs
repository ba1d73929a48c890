//! One ticket that is not closed.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::routing::{Intake, RequeueReason, RevokeReason, RoutingEvent};
use tandem_domain::{
    AgentId, CompiledDesk, ConversationId, OfferId, Priority, QueueId, Requirement, RoutingState, TicketId, Timestamp,
};

use super::answers::Answers;
use super::requirement::Asked;
use crate::audit::finding::{Kind, Notes};

/// A ticket that is not closed.
pub(crate) struct Ticket {
    pub(super) id: TicketId,
    pub(super) state: RoutingState,
    /// To whom it is offered, or who owns it.
    pub(super) holder: Option<AgentId>,
    pub(super) offer: Option<Offer>,
    pub(super) conversation: ConversationId,
    /// Who accepted it, until it is taken back: it stays theirs when it is done.
    pub(super) owner: Option<AgentId>,
    pub(super) priority: Priority,
    pub(super) answers: Answers,
    asked: Asked,
    requirement: Requirement,
    /// Until when whom is passed over for it.
    passed_over: BTreeMap<AgentId, Timestamp>,
}

/// An open offer.
#[derive(Clone, Copy)]
pub(crate) struct Offer {
    pub(super) id: OfferId,
    pub(super) expires_at: Timestamp,
}

impl Ticket {
    /// A new one, which waits.
    pub(super) fn new(id: TicketId, intake: &Intake, desk: &CompiledDesk) -> Self {
        let asked = Asked::of(intake);
        Self {
            id,
            state: RoutingState::Queued,
            holder: None,
            offer: None,
            conversation: intake.conversation,
            owner: None,
            priority: intake.priority,
            answers: Answers::default(),
            requirement: asked.requirement(desk, &intake.queue),
            asked,
            passed_over: BTreeMap::new(),
        }
    }

    /// What it asks of an agent.
    pub(super) fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Whether the agent is passed over for it.
    pub(super) fn passes_over(&self, agent: &AgentId, at: Timestamp) -> bool {
        self.passed_over.get(agent).is_some_and(|until| *until > at)
    }

    /// A new desk file: what it asks for is worked out anew.
    pub(super) fn adopt(&mut self, desk: &CompiledDesk) {
        self.requirement = self.asked.requirement(desk, &self.requirement.queue);
    }

    /// Whose it is after an event.
    pub(super) fn holder_after(&self, event: &RoutingEvent) -> Option<AgentId> {
        match event {
            RoutingEvent::OfferIssued { agent, .. } | RoutingEvent::OfferAccepted { agent, .. } => Some(agent.clone()),
            RoutingEvent::TicketHeld { .. }
            | RoutingEvent::TicketResumed { .. }
            | RoutingEvent::WrapUpStarted { .. }
            | RoutingEvent::WrapUpInterrupted { .. } => self.holder.clone(),
            _ => None,
        }
    }

    /// Notes what an event says of a ticket's offer, its requirement and who is passed over for it.
    pub(super) fn note(&mut self, desk: &CompiledDesk, event: &RoutingEvent, at: Timestamp, notes: &mut Notes) {
        self.offer = None;
        match event {
            RoutingEvent::OfferIssued { offer, expires_at, .. } => {
                let (id, expires_at) = (*offer, *expires_at);
                self.offer = Some(Offer { id, expires_at });
            }
            RoutingEvent::OfferAccepted { agent, .. } => {
                self.owner = Some(agent.clone());
                self.passed_over.clear();
            }
            RoutingEvent::OfferDeclined { agent, until, .. } | RoutingEvent::OfferExpired { agent, until, .. } => {
                self.pass_over(agent, *until, at);
            }
            RoutingEvent::OfferRevoked {
                agent,
                reason: RevokeReason::TicketMoved,
                ..
            } => {
                self.pass_over(agent, at.plus(pause(desk, &self.requirement.queue)), at);
            }
            RoutingEvent::TicketRequeued {
                requirement, reason, ..
            } => {
                self.owner = None;
                self.requirement = self.asked.requirement(desk, &requirement.queue);
                self.check_requirement(requirement, notes);
                self.pass_over_holder(desk, *reason, at);
            }
            _ => {}
        }
    }

    /// Whoever hands a ticket back must not be the next to get it.
    fn pass_over_holder(&mut self, desk: &CompiledDesk, reason: RequeueReason, at: Timestamp) {
        let handed_back = matches!(reason, RequeueReason::Requested | RequeueReason::Transferred);
        if let Some(holder) = self.holder.clone().filter(|_| handed_back) {
            self.pass_over(&holder, at.plus(pause(desk, &self.requirement.queue)), at);
        }
    }

    fn pass_over(&mut self, agent: &AgentId, until: Timestamp, at: Timestamp) {
        if until > at {
            self.passed_over.insert(agent.clone(), until);
        }
    }

    /// Whether an event states what the ticket asks for.
    pub(super) fn check_requirement(&self, stated: &Requirement, notes: &mut Notes) {
        notes.check(*stated == self.requirement, Kind::FalseRequirement, || {
            format!(
                "{} is said to ask for {}, and asks for {}",
                self.id,
                in_words(stated),
                in_words(&self.requirement)
            )
        });
    }
}

fn pause(desk: &CompiledDesk, queue: &QueueId) -> Duration {
    let policy = desk.queues.iter().find(|policy| policy.id == *queue);
    policy.map_or(Duration::ZERO, |policy| policy.decline_pause)
}

fn in_words(requirement: &Requirement) -> String {
    let language = requirement.language.iter();
    let language = language.map(|(language, least)| format!(" · {language} {least}"));
    let skills = requirement.skills.iter();
    let skills = skills.map(|(skill, least)| format!(" · {skill} {}", least.get()));
    let more: String = language.chain(skills).collect();
    format!("{} · {}{more}", requirement.queue, requirement.channel)
}
