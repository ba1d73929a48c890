//! One ticket that is not closed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::routing::{Intake, RequeueReason, RevokeReason, RoutingEvent};
use tandem_domain::{
    AgentId, CompiledDesk, ConversationId, OfferId, Priority, QueueId, Requirement, RoutingState, StepId, TicketId,
    Timestamp,
};

use super::answers::Answers;
use super::requirement::{Asked, carried, step_of};
use crate::audit::finding::{Kind, Notes};

/// A ticket that is not closed.
pub(crate) struct Ticket {
    pub(super) id: TicketId,
    pub(super) state: RoutingState,
    /// Who owns it now.
    pub(super) holder: Option<AgentId>,
    /// What is offered of it: to own it, or to help.
    pub(super) offers: BTreeMap<OfferId, Offer>,
    pub(super) helpers: BTreeSet<AgentId>,
    pub(super) conversation: ConversationId,
    /// Of tickets that went into it.
    pub(super) conversations: Vec<ConversationId>,
    /// Who accepted it, until it is taken back: it stays theirs when it is done.
    pub(super) owner: Option<AgentId>,
    pub(super) priority: Priority,
    pub(super) answers: Answers,
    asked: Asked,
    requirement: Requirement,
    /// The key of its routing step, where its queue has steps.
    step: Option<StepId>,
    /// Until when whom is passed over for it.
    passed_over: BTreeMap<AgentId, Timestamp>,
}

/// An open offer.
pub(crate) struct Offer {
    pub(super) agent: AgentId,
    /// Whether it is to help.
    pub(super) help: bool,
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
            offers: BTreeMap::new(),
            helpers: BTreeSet::new(),
            conversation: intake.conversation,
            conversations: Vec::new(),
            owner: None,
            priority: intake.priority,
            answers: Answers::default(),
            requirement: asked.requirement(desk, &intake.queue, (0, &[])),
            step: None,
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
        let (step, only) = carried(desk, &self.requirement, self.step.as_ref());
        self.requirement = self.asked.requirement(desk, &self.requirement.queue, (step, &only));
        self.step = step_of(desk, &self.requirement);
    }

    /// Everybody whose capacity it takes.
    pub(super) fn holders(&self) -> BTreeSet<AgentId> {
        let offered = self.offers.values().map(|offer| &offer.agent);
        let holders = self.holder.iter().chain(offered).chain(&self.helpers);
        holders.cloned().collect()
    }

    /// What is offered to own it.
    pub(super) fn own_offers(&self) -> impl Iterator<Item = (OfferId, &Offer)> {
        let own = self.offers.iter().filter(|(_, offer)| !offer.help);
        own.map(|(id, offer)| (*id, offer))
    }

    /// Whose it is after an event.
    pub(super) fn holder_after(&self, event: &RoutingEvent) -> Option<AgentId> {
        match event {
            RoutingEvent::OfferAccepted { agent, .. } | RoutingEvent::OwnerChanged { to: agent, .. } => {
                Some(agent.clone())
            }
            RoutingEvent::TicketHeld { .. }
            | RoutingEvent::TicketResumed { .. }
            | RoutingEvent::WrapUpStarted { .. }
            | RoutingEvent::WrapUpInterrupted { .. } => self.holder.clone(),
            _ => None,
        }
    }

    /// Notes what an event says of a ticket's offer, its requirement and who is passed over for it.
    pub(super) fn note(&mut self, desk: &CompiledDesk, event: &RoutingEvent, at: Timestamp, notes: &mut Notes) {
        self.note_offer(event);
        match event {
            RoutingEvent::OfferAccepted { agent, .. } | RoutingEvent::OwnerChanged { to: agent, .. } => {
                self.owner = Some(agent.clone());
                self.passed_over.clear();
            }
            // Whoever did not take it now may be asked at the appointment.
            RoutingEvent::TicketScheduled { .. } => self.passed_over.clear(),
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
                self.enter(desk, &requirement.queue, requirement, notes);
                self.pass_over_holder(desk, *reason, at);
            }
            RoutingEvent::StepEntered { requirement, .. } => {
                let queue = self.requirement.queue.clone();
                self.enter(desk, &queue, requirement, notes);
            }
            _ => {}
        }
    }

    /// Notes to whom the ticket, or help with it, is offered and who helps.
    pub(super) fn note_offer(&mut self, event: &RoutingEvent) {
        use RoutingEvent as E;
        match event {
            E::OfferIssued {
                offer,
                agent,
                expires_at,
                ..
            }
            | E::HelpOffered {
                offer,
                agent,
                expires_at,
                ..
            } => {
                let open = Offer {
                    agent: agent.clone(),
                    help: matches!(event, E::HelpOffered { .. }),
                    expires_at: *expires_at,
                };
                self.offers.insert(*offer, open);
            }
            E::OfferAccepted { offer, .. }
            | E::OfferDeclined { offer, .. }
            | E::OfferExpired { offer, .. }
            | E::OfferRevoked { offer, .. }
            | E::HelpRefused { offer, .. } => drop(self.offers.remove(offer)),
            E::HelpAccepted { offer, agent, .. } => {
                self.offers.remove(offer);
                self.helpers.insert(agent.clone());
            }
            E::HelperLeft { agent, .. } => drop(self.helpers.remove(agent)),
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

    /// Comes into a step of a queue: an event states which, and what the ticket asks for there.
    pub(super) fn enter(&mut self, desk: &CompiledDesk, queue: &QueueId, stated: &Requirement, notes: &mut Notes) {
        self.requirement = self.asked.requirement(desk, queue, (stated.step, &stated.only));
        self.step = step_of(desk, &self.requirement);
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
    let step = match requirement.step {
        0 => String::new(),
        step => format!(" · step {step}"),
    };
    let expression = requirement
        .expression
        .iter()
        .map(|expression| format!(" · {expression}"));
    let pool = requirement.pool.iter().map(|team| format!(" · team {team}"));
    let only = requirement.only.iter().map(|agent| format!(" · kept for {agent}"));
    let rest: String = expression.chain(pool).chain(only).collect();
    format!("{} · {}{step}{more}{rest}", requirement.queue, requirement.channel)
}
