//! A ticket in format 3.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tandem_domain::explain::Ranking;
use tandem_domain::routing::{StepPlace, Undelivered};
use tandem_domain::{
    AccountId, ConversationId, CustomerId, LanguageTag, MessageId, OfferId, Priority, QueueId, Requirement,
    RestoreError, SignedMillis, SkillId, SkillLevel, Tag, TandemId, TicketId, Timestamp, Trace,
};

use crate::agents::AgentIx;
use crate::answers::{Answers, Fate, Given, Said};
use crate::classes::ClassIx;
use crate::desk::Asked;
use crate::holders::{Helper, OfferKind, OpenOffer};
use crate::origins::Origin;
use crate::snapshot::{check_offer, check_ticket, damaged};
use crate::state::State;
use crate::thread::{Joined, Received, Thread};
use crate::ticket::{PassedOver, Phase, Rare, Ticket, Trail};
use crate::timers::Timer;

/// An agent's place in the snapshot's list.
type AgentAt = u32;

#[derive(Serialize, Deserialize)]
pub(super) struct TicketV3 {
    id: TicketId,
    conversation: ConversationId,
    account: AccountId,
    language: Option<LanguageTag>,
    skills: BTreeMap<SkillId, SkillLevel>,
    tags: BTreeSet<Tag>,
    requirement: u32,
    priority: Priority,
    phase: PhaseV3,
    held_since: u64,
    over_capacity: bool,
    offers: Vec<OfferV3>,
    helpers: Vec<(AgentAt, u64)>,
    passed_over: Vec<(AgentAt, Timestamp)>,
    chosen: Option<Ranking>,
    past_owners: Vec<AgentAt>,
    past_queues: Vec<QueueId>,
    messages: u64,
    received: Vec<(MessageId, bool, Timestamp)>,
    conversations: Vec<ConversationId>,
    merged: Vec<TicketId>,
    opened_at: Timestamp,
    adjusted: SignedMillis,
    arrival: Option<u64>,
    changed_at: Timestamp,
    version: u64,
    reprioritised: u64,
    moved: u64,
    waiting_since: Option<Timestamp>,
    given: Vec<(MessageId, Timestamp, Fate, Option<Timestamp>)>,
    undelivered: Vec<Undelivered>,
    trace: Trace,
    customer: Option<CustomerId>,
    tandem: Option<TandemId>,
    place: Option<StepPlace>,
    last_owner: Option<AgentAt>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum PhaseV3 {
    Queued,
    Offered,
    Assigned(AgentAt),
    OnHold(AgentAt),
    WrappingUp(AgentAt, Timestamp),
    Done(Option<AgentAt>, Timestamp),
    Scheduled(Timestamp),
}

#[derive(Serialize, Deserialize)]
struct OfferV3 {
    id: OfferId,
    agent: AgentAt,
    expires_at: Timestamp,
    since: u64,
    to_help: bool,
    ranking: Option<Ranking>,
}

/// Requirements, each once, and which place each has.
#[derive(Default)]
pub(super) struct Places {
    requirements: Vec<Requirement>,
    by_class: BTreeMap<ClassIx, u32>,
}

impl Places {
    fn of(&mut self, state: &State, ticket: &Ticket) -> u32 {
        let requirements = &mut self.requirements;
        *self.by_class.entry(ticket.class).or_insert_with(|| {
            requirements.push(state.requirement(ticket).clone());
            place(requirements.len() - 1)
        })
    }

    pub(super) fn into_requirements(self) -> Vec<Requirement> {
        self.requirements
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 of anything in memory")
}

pub(super) fn at(agent: AgentIx) -> AgentAt {
    place(agent.at())
}

/// Writing.
impl TicketV3 {
    pub(super) fn of(state: &State, ticket: &Ticket, places: &mut Places) -> Self {
        let Ticket { answers, thread, .. } = ticket;
        Self {
            id: ticket.id,
            conversation: ticket.conversation,
            account: ticket.origin.account.clone(),
            language: ticket.origin.asked.language.clone(),
            skills: ticket.origin.asked.skills.clone(),
            tags: ticket.origin.tags.clone(),
            requirement: places.of(state, ticket),
            priority: ticket.priority,
            phase: PhaseV3::of(ticket.phase),
            held_since: ticket.held_since,
            over_capacity: ticket.over_capacity,
            offers: ticket.offers.iter().map(OfferV3::of).collect(),
            helpers: ticket
                .rare
                .helpers
                .iter()
                .map(|helper| (at(helper.agent), helper.since))
                .collect(),
            passed_over: ticket
                .rare
                .passed_over
                .iter()
                .map(|of| (at(of.agent), of.until))
                .collect(),
            chosen: ticket.chosen.as_deref().cloned(),
            past_owners: ticket.trail.owners.iter().map(|owner| at(*owner)).collect(),
            past_queues: ticket.trail.queues.iter().cloned().collect(),
            messages: ticket.messages,
            received: thread
                .messages
                .iter()
                .map(|of| (of.message, of.automatic, of.at))
                .collect(),
            conversations: thread.joined.conversations.clone(),
            merged: thread.joined.merged.clone(),
            opened_at: ticket.opened_at,
            adjusted: ticket.rare.adjusted,
            arrival: ticket.rare.arrival.map(|arrival| arrival.number),
            changed_at: ticket.changed_at,
            version: ticket.version,
            reprioritised: ticket.reprioritised,
            moved: ticket.moved,
            waiting_since: answers.waiting_since,
            given: answers
                .said
                .given
                .iter()
                .map(|of| (of.message, of.at, of.fate, of.settled))
                .collect(),
            undelivered: answers.said.undelivered.clone(),
            trace: ticket.trace.clone(),
            customer: ticket.customer,
            tandem: ticket.rare.tandem.clone(),
            place: ticket.place.as_deref().cloned(),
            last_owner: ticket.last_owner.map(at),
        }
    }
}

impl PhaseV3 {
    fn of(phase: Phase) -> Self {
        match phase {
            Phase::Queued => Self::Queued,
            Phase::Offered => Self::Offered,
            Phase::Assigned { owner } => Self::Assigned(at(owner)),
            Phase::OnHold { owner } => Self::OnHold(at(owner)),
            Phase::WrappingUp { owner, until } => Self::WrappingUp(at(owner), until),
            Phase::Done { owner, closes_at } => Self::Done(owner.map(at), closes_at),
            Phase::Scheduled { until } => Self::Scheduled(until),
            Phase::Cancelled | Phase::Abandoned | Phase::Merged { .. } => {
                unreachable!("a ticket that is over is forgotten in the same event")
            }
        }
    }
}

impl OfferV3 {
    fn of(offer: &OpenOffer) -> Self {
        Self {
            id: offer.id,
            agent: at(offer.agent),
            expires_at: offer.expires_at,
            since: offer.since,
            to_help: offer.kind == OfferKind::Help,
            ranking: offer.ranking.as_deref().cloned(),
        }
    }
}

/// Reading.
impl TicketV3 {
    pub(super) fn restore(self, state: &mut State, classes: &[ClassIx], agents: usize) -> Result<(), RestoreError> {
        let agent = |at: AgentAt| agent_at(at, agents);
        let class = classes.get(self.requirement as usize).copied();
        let class = class.ok_or_else(|| damaged("a ticket without a requirement"))?;
        let phase = self.phase.restore(agents)?;
        let passed_over = self.restore_passed_over(state, agents)?;
        let offers = self.offers.into_iter().map(|offer| offer.restore(agents));
        let helpers = self.helpers.into_iter();
        let helpers = helpers.map(|(at, since)| {
            Ok(Helper {
                agent: agent(at)?,
                since,
            })
        });
        let owners = self.past_owners.into_iter().map(agent);
        let merged = self.merged.clone();
        let arrival = state.carry_arrival(class, phase, self.arrival);
        let id = self.id;
        state.insert(Ticket {
            id,
            conversation: self.conversation,
            origin: Arc::new(Origin {
                account: self.account,
                asked: Asked {
                    language: self.language,
                    skills: self.skills,
                },
                tags: self.tags,
            }),
            class,
            priority: self.priority,
            phase,
            held_since: self.held_since,
            over_capacity: self.over_capacity,
            offers: offers.collect::<Result<_, _>>()?,
            chosen: self.chosen.map(Arc::new),
            trail: Trail {
                owners: owners.collect::<Result<_, _>>()?,
                queues: self.past_queues.into_iter().collect(),
            },
            messages: self.messages,
            thread: thread(self.received, self.conversations, self.merged),
            opened_at: self.opened_at,
            rare: Rare {
                helpers: helpers.collect::<Result<_, RestoreError>>()?,
                passed_over,
                tandem: self.tandem,
                adjusted: self.adjusted,
                deadline: None,
                arrival,
            }
            .into(),
            changed_at: self.changed_at,
            version: self.version,
            reprioritised: self.reprioritised,
            moved: self.moved,
            answers: answers(self.given, self.undelivered, self.waiting_since),
            trace: self.trace,
            customer: self.customer,
            place: self.place.map(Box::new),
            last_owner: self.last_owner.map(agent).transpose()?,
        });
        state.merged.extend(merged.into_iter().map(|ticket| (ticket, id)));
        Ok(())
    }

    pub(super) fn check_numbers(&self, last_ticket: u64, last_offer: u64) -> Result<(), RestoreError> {
        check_ticket(self.id, last_ticket)?;
        self.offers
            .iter()
            .try_for_each(|offer| check_offer(offer.id, last_offer))
    }

    /// Who is passed over, the ends of their pauses set.
    fn restore_passed_over(&self, state: &mut State, agents: usize) -> Result<Vec<PassedOver>, RestoreError> {
        let passed_over = self.passed_over.iter().map(|&(at, until)| {
            let agent = agent_at(at, agents)?;
            state.timers.start((until, self.id, Timer::PauseEnds(agent)));
            Ok(PassedOver { agent, until })
        });
        passed_over.collect()
    }
}

pub(super) fn agent_at(at: AgentAt, agents: usize) -> Result<AgentIx, RestoreError> {
    let place = at as usize;
    (place < agents)
        .then_some(AgentIx::new(place))
        .ok_or_else(|| damaged("an agent who is not in the list"))
}

impl PhaseV3 {
    fn restore(self, agents: usize) -> Result<Phase, RestoreError> {
        let agent = |at| agent_at(at, agents);
        Ok(match self {
            Self::Queued => Phase::Queued,
            Self::Offered => Phase::Offered,
            Self::Assigned(owner) => Phase::Assigned { owner: agent(owner)? },
            Self::OnHold(owner) => Phase::OnHold { owner: agent(owner)? },
            Self::WrappingUp(owner, until) => Phase::WrappingUp {
                owner: agent(owner)?,
                until,
            },
            Self::Done(owner, closes_at) => Phase::Done {
                owner: owner.map(agent).transpose()?,
                closes_at,
            },
            Self::Scheduled(until) => Phase::Scheduled { until },
        })
    }
}

impl OfferV3 {
    fn restore(self, agents: usize) -> Result<OpenOffer, RestoreError> {
        Ok(OpenOffer {
            id: self.id,
            agent: agent_at(self.agent, agents)?,
            expires_at: self.expires_at,
            since: self.since,
            kind: if self.to_help { OfferKind::Help } else { OfferKind::Own },
            ranking: self.ranking.map(Arc::new),
        })
    }
}

fn thread(
    received: Vec<(MessageId, bool, Timestamp)>,
    conversations: Vec<ConversationId>,
    merged: Vec<TicketId>,
) -> Thread {
    let messages = received
        .into_iter()
        .map(|(message, automatic, at)| Received { message, automatic, at });
    Thread {
        messages: messages.collect(),
        joined: Joined { conversations, merged }.into(),
    }
}

fn answers(
    given: Vec<(MessageId, Timestamp, Fate, Option<Timestamp>)>,
    undelivered: Vec<Undelivered>,
    waiting_since: Option<Timestamp>,
) -> Answers {
    let given = given.into_iter().map(|(message, at, fate, settled)| Given {
        message,
        at,
        fate,
        settled,
    });
    Answers {
        said: Said {
            given: given.collect(),
            undelivered,
        }
        .into(),
        waiting_since,
    }
}
