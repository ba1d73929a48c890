//! A ticket in format 3.

use serde::{Deserialize, Serialize};
use tandem_domain::routing::{StepPlace, Undelivered};
use tandem_domain::{
    ConversationId, CustomerId, LanguageTag, MessageId, OfferId, Priority, RestoreError, SignedMillis, SkillLevel, Tag,
    TandemId, TicketId, Timestamp, Trace,
};

use super::ranking::RankingV3;
use super::shared::{AgentAt, OriginV3, Places, Shared, agent_at, at, parsed};

use crate::answers::{Answers, Fate, Given, Said};
use crate::holders::{Helper, OfferKind, OpenOffer};
use crate::snapshot::{check_offer, check_ticket, count};
use crate::state::State;
use crate::thread::{Joined, Received, Thread};
use crate::ticket::{Care, PassedOver, Phase, Rare, Ticket};
use crate::timers::Timer;

/// Texts are borrowed, from the state or from the snapshot's bytes: they are few, and shared by many tickets.
#[derive(Serialize, Deserialize)]
pub(super) struct TicketV3<'a> {
    id: TicketId,
    conversation: ConversationId,
    account: &'a str,
    language: Option<&'a str>,
    #[serde(borrow)]
    skills: Vec<(&'a str, SkillLevel)>,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    requirement: u32,
    priority: Priority,
    phase: PhaseV3,
    held_since: u64,
    over_capacity: bool,
    #[serde(borrow)]
    offers: Vec<OfferV3<'a>>,
    helpers: Vec<(AgentAt, u64)>,
    passed_over: Vec<(AgentAt, Timestamp)>,
    #[serde(borrow)]
    chosen: Option<RankingV3<'a>>,
    /// Owners and queues before; earlier versions needed them.
    #[serde(borrow)]
    past: (Vec<AgentAt>, Vec<&'a str>),
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
    trace: &'a str,
    customer: Option<CustomerId>,
    tandem: Option<&'a str>,
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
struct OfferV3<'a> {
    id: OfferId,
    agent: AgentAt,
    expires_at: Timestamp,
    since: u64,
    to_help: bool,
    #[serde(borrow)]
    ranking: Option<RankingV3<'a>>,
}

/// Writing.
impl<'a> TicketV3<'a> {
    pub(super) fn of(ticket: &'a Ticket, places: &Places) -> Self {
        let Ticket {
            answers,
            thread,
            rare,
            care,
            ..
        } = ticket;
        let asked = &ticket.origin.asked;
        Self {
            id: ticket.id,
            conversation: ticket.conversation,
            account: ticket.origin.account.as_str(),
            language: asked.language.as_ref().map(LanguageTag::as_str),
            skills: asked
                .skills
                .iter()
                .map(|(skill, level)| (skill.as_str(), *level))
                .collect(),
            tags: ticket.origin.tags.iter().map(Tag::as_str).collect(),
            requirement: places.of(ticket.class),
            priority: ticket.priority,
            phase: PhaseV3::of(ticket.phase),
            held_since: care.held_since,
            over_capacity: care.over_capacity,
            offers: care.offers.iter().map(OfferV3::of).collect(),
            helpers: rare
                .helpers
                .iter()
                .map(|helper| (at(helper.agent), helper.since))
                .collect(),
            passed_over: rare.passed_over.iter().map(|of| (at(of.agent), of.until)).collect(),
            chosen: care.chosen.as_deref().map(RankingV3::of),
            past: (Vec::new(), Vec::new()),
            messages: ticket.messages.into(),
            received: thread
                .messages
                .iter()
                .map(|of| (of.message, of.automatic, of.at))
                .collect(),
            conversations: thread.joined.conversations.clone(),
            merged: thread.joined.merged.clone(),
            opened_at: ticket.opened_at,
            adjusted: rare.adjusted,
            arrival: rare.arrival.map(|arrival| arrival.number),
            changed_at: ticket.changed_at,
            version: ticket.version.into(),
            reprioritised: care.reprioritised.into(),
            moved: care.moved.into(),
            waiting_since: answers.waiting_since,
            given: answers
                .said
                .given
                .iter()
                .map(|of| (of.message, of.at, of.fate, of.settled))
                .collect(),
            undelivered: answers.said.undelivered.clone(),
            trace: &ticket.trace.0,
            customer: ticket.customer,
            tandem: rare.tandem.as_ref().map(TandemId::as_str),
            place: ticket.place.as_deref().cloned(),
            last_owner: care.last_owner.map(at),
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

impl<'a> OfferV3<'a> {
    fn of(offer: &'a OpenOffer) -> Self {
        Self {
            id: offer.id,
            agent: at(offer.agent),
            expires_at: offer.expires_at,
            since: offer.since,
            to_help: offer.kind == OfferKind::Help,
            ranking: offer.ranking.as_deref().map(RankingV3::of),
        }
    }
}

/// Reading.
impl<'a> TicketV3<'a> {
    pub(super) fn restore(self, state: &mut State, shared: &mut Shared<'a>) -> Result<(), RestoreError> {
        let agents = shared.agents;
        let agent = |at: AgentAt| agent_at(at, agents);
        let class = shared.class(self.requirement)?;
        let origin = shared.origin(
            OriginV3 {
                account: self.account,
                language: self.language,
                skills: self.skills,
                tags: self.tags,
            },
            state,
        )?;
        let phase = self.phase.restore(agents)?;
        let passed_over = restore_passed_over(self.id, &self.passed_over, state, agents)?;
        let offers = self.offers.into_iter().map(|offer| offer.restore(shared));
        let offers = offers.collect::<Result<_, _>>()?;
        let care = Care {
            offers,
            chosen: self.chosen.map(|chosen| chosen.restore(shared)).transpose()?,
            held_since: self.held_since,
            last_owner: self.last_owner.map(agent).transpose()?,
            over_capacity: self.over_capacity,
            reprioritised: count(self.reprioritised),
            moved: count(self.moved),
        };
        let merged = self.merged.clone();
        let arrival = state.carry_arrival(class, phase, self.arrival);
        let id = self.id;
        state.insert(Ticket {
            id,
            conversation: self.conversation,
            origin,
            class,
            priority: self.priority,
            phase,
            care: care.into(),
            rare: Rare {
                helpers: helpers(&self.helpers, agents)?,
                passed_over,
                tandem: self.tandem.map(parsed).transpose()?,
                adjusted: self.adjusted,
                deadline: None,
                arrival,
            }
            .into(),
            messages: count(self.messages),
            thread: thread(self.received, self.conversations, self.merged),
            opened_at: self.opened_at,
            changed_at: self.changed_at,
            version: count(self.version),
            answers: answers(self.given, self.undelivered, self.waiting_since),
            trace: Trace(self.trace.into()),
            customer: self.customer,
            place: self.place.map(Box::new),
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
}

fn helpers(helpers: &[(AgentAt, u64)], agents: usize) -> Result<Vec<Helper>, RestoreError> {
    let helpers = helpers.iter().map(|&(at, since)| {
        let agent = agent_at(at, agents)?;
        Ok(Helper { agent, since })
    });
    helpers.collect()
}

/// Who is passed over, the ends of their pauses set.
fn restore_passed_over(
    id: TicketId,
    passed_over: &[(AgentAt, Timestamp)],
    state: &mut State,
    agents: usize,
) -> Result<Vec<PassedOver>, RestoreError> {
    let passed_over = passed_over.iter().map(|&(at, until)| {
        let agent = agent_at(at, agents)?;
        state.timers.start((until, id, Timer::PauseEnds(agent)));
        Ok(PassedOver { agent, until })
    });
    passed_over.collect()
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

impl<'a> OfferV3<'a> {
    fn restore(self, shared: &mut Shared<'a>) -> Result<OpenOffer, RestoreError> {
        Ok(OpenOffer {
            id: self.id,
            agent: agent_at(self.agent, shared.agents)?,
            expires_at: self.expires_at,
            since: self.since,
            kind: if self.to_help { OfferKind::Help } else { OfferKind::Own },
            ranking: self.ranking.map(|ranking| ranking.restore(shared)).transpose()?,
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
