//! Snapshot format 1, also the trunk of format 2. Frozen: a change of meaning or shape is a new format.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tandem_domain::explain::Ranking;
use tandem_domain::{
    AccountId, AgentId, CompiledDesk, ConversationId, LanguageTag, OfferId, Presence, Priority, Requirement,
    RestoreError, SkillId, SkillLevel, Tag, TicketId, Timestamp, Trace,
};

use super::{check_offer, check_ticket, count, damaged};
use crate::agents::AgentIx;
use crate::answers::Answers;
use crate::desk::{Asked, Desk};
use crate::ended::End;
use crate::handful::Handful;
use crate::holders::{OfferKind, OpenOffer};
use crate::origins::Origin;
use crate::state::State;
use crate::thread::Thread;
use crate::ticket::{Care, PassedOver, Phase, Rare, Ticket};
use crate::timers::Timer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotV1 {
    desk: Option<CompiledDesk>,
    applied: u64,
    last_ticket: u64,
    last_offer: u64,
    agents: Vec<AgentV1>,
    tickets: Vec<TicketV1>,
    ended_offers: Vec<EndedOfferV1>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentV1 {
    id: AgentId,
    presence: Presence,
    missed: u32,
    idle_since: Timestamp,
    changed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketV1 {
    id: TicketId,
    conversation: ConversationId,
    account: AccountId,
    asked_language: Option<LanguageTag>,
    asked_skills: BTreeMap<SkillId, SkillLevel>,
    requirement: Requirement,
    priority: Priority,
    tags: BTreeSet<Tag>,
    phase: PhaseV1,
    held_since: u64,
    passed_over: Vec<PassedOverV1>,
    chosen: Option<Arc<Ranking>>,
    #[serde(rename = "past_owners")]
    _past_owners: IgnoredAny,
    #[serde(rename = "past_queues")]
    _past_queues: IgnoredAny,
    messages: u64,
    opened_at: Timestamp,
    changed_at: Timestamp,
    version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum PhaseV1 {
    Queued,
    Offered {
        offer: OfferId,
        agent: AgentId,
        expires_at: Timestamp,
    },
    Assigned {
        owner: AgentId,
    },
    OnHold {
        owner: AgentId,
    },
    WrappingUp {
        owner: AgentId,
        until: Timestamp,
    },
    Done {
        owner: Option<AgentId>,
        closes_at: Timestamp,
    },
    Cancelled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassedOverV1 {
    agent: AgentId,
    until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndedOfferV1 {
    offer: OfferId,
    agent: AgentId,
    end: End,
}

/// Reading.
impl SnapshotV1 {
    pub(crate) fn into_state(self) -> Result<State, RestoreError> {
        let mut state = State {
            applied: self.applied,
            ..State::default()
        };
        (state.last_ticket, state.last_offer) = (self.last_ticket, self.last_offer);
        let Some(desk) = self.desk else {
            return if self.tickets.is_empty() {
                Ok(state)
            } else {
                Err(damaged("tickets without a desk"))
            };
        };
        state.agents.adopt(&Desk::new(desk.clone()));
        state.desk = Some(Desk::new(desk));
        for agent in &self.agents {
            agent.restore(&mut state);
        }
        for ticket in self.tickets {
            ticket.check_numbers(self.last_ticket, self.last_offer)?;
            ticket.restore(&mut state);
        }
        for ended in self.ended_offers {
            let agent = state.agents.place(&ended.agent);
            state.ended_offers.add(ended.offer, agent, ended.end);
        }
        for (agent, changed) in self.agents.iter().map(|agent| (&agent.id, agent.changed)) {
            let agent = state.agents.place(agent);
            state.refresh(agent);
            state.agents.get_mut(agent).changed = changed;
        }
        Ok(state)
    }
}

impl AgentV1 {
    fn restore(&self, state: &mut State) {
        let agent = state.agents.place(&self.id);
        let slot = state.agents.get_mut(agent);
        (slot.presence, slot.missed, slot.idle_since) = (self.presence, self.missed, self.idle_since);
    }
}

impl TicketV1 {
    fn restore(self, state: &mut State) {
        let class = state.class_of(&self.requirement);
        let passed_over = self.restore_passed_over(state);
        let place = |agent: &AgentId| state.agents.place(agent);
        let (held_since, mut chosen, mut offers) = (self.held_since, self.chosen, Handful::default());
        let phase = self.phase.restore(place, |id, agent, expires_at| {
            offers.push(OpenOffer {
                id,
                agent,
                expires_at,
                since: held_since,
                kind: OfferKind::Own,
                ranking: chosen.take(),
            });
        });
        let care = Care {
            offers,
            chosen,
            held_since,
            // Unknown here: an escalation that saw less than this is refused, which is the safe side.
            moved: count(self.version),
            ..Care::default()
        };
        state.insert(Ticket {
            id: self.id,
            conversation: self.conversation,
            origin: Arc::new(Origin {
                account: self.account,
                asked: Asked {
                    language: self.asked_language,
                    skills: self.asked_skills,
                },
                tags: self.tags,
            }),
            customer: None,
            class,
            place: None,
            priority: self.priority,
            phase,
            care: care.into(),
            messages: count(self.messages),
            thread: Thread::default(),
            opened_at: self.opened_at,
            rare: Rare {
                passed_over,
                ..Rare::default()
            }
            .into(),
            changed_at: self.changed_at,
            version: count(self.version),
            // Format 1 is older than answers: nothing has been answered yet.
            answers: Answers {
                waiting_since: Some(self.opened_at),
                ..Answers::default()
            },
            trace: Trace::default(),
        });
    }

    fn check_numbers(&self, last_ticket: u64, last_offer: u64) -> Result<(), RestoreError> {
        check_ticket(self.id, last_ticket)?;
        match &self.phase {
            PhaseV1::Offered { offer, .. } => check_offer(*offer, last_offer),
            _ => Ok(()),
        }
    }

    /// Who is passed over, the ends of their pauses set.
    fn restore_passed_over(&self, state: &mut State) -> Vec<PassedOver> {
        let passed_over = self.passed_over.iter().map(|passed| {
            let (agent, until) = (state.agents.place(&passed.agent), passed.until);
            state.timers.start((until, self.id, Timer::PauseEnds(agent)));
            PassedOver { agent, until }
        });
        passed_over.collect()
    }
}

impl PhaseV1 {
    fn restore(
        self,
        mut place: impl FnMut(&AgentId) -> AgentIx,
        offered: impl FnOnce(OfferId, AgentIx, Timestamp),
    ) -> Phase {
        match self {
            Self::Queued => Phase::Queued,
            Self::Offered {
                offer,
                agent,
                expires_at,
            } => {
                offered(offer, place(&agent), expires_at);
                Phase::Offered
            }
            Self::Assigned { owner } => Phase::Assigned { owner: place(&owner) },
            Self::OnHold { owner } => Phase::OnHold { owner: place(&owner) },
            Self::WrappingUp { owner, until } => Phase::WrappingUp {
                owner: place(&owner),
                until,
            },
            Self::Done { owner, closes_at } => Phase::Done {
                owner: owner.map(|owner| place(&owner)),
                closes_at,
            },
            Self::Cancelled => Phase::Cancelled,
        }
    }
}
