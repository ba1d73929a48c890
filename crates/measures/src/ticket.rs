//! What of a ticket the measures need.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tandem_domain::routing::Intake;
use tandem_domain::{AgentId, Channel, LanguageTag, MessageId, QueueId, Requirement, TeamId, Timestamp};

use crate::Place;

/// Where routing has a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Queued,
    Offered(AgentId),
    Assigned(AgentId),
    OnHold(AgentId),
    WrappingUp(AgentId),
    /// With its last owner.
    Done(Option<AgentId>),
    Scheduled,
}

impl Phase {
    /// Whether the ticket waits for an agent.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self, Self::Queued | Self::Offered(_))
    }

    pub(crate) const fn owner(&self) -> Option<&AgentId> {
        match self {
            Self::Queued | Self::Offered(_) | Self::Scheduled => None,
            Self::Assigned(owner) | Self::OnHold(owner) | Self::WrappingUp(owner) => Some(owner),
            Self::Done(owner) => owner.as_ref(),
        }
    }

    /// Whether somebody has it in hand: time on hold is not handling.
    const fn in_hand(&self) -> bool {
        matches!(self, Self::Assigned(_) | Self::WrappingUp(_))
    }
}

/// A ticket that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) opened_at: Timestamp,
    pub(crate) channel: Channel,
    pub(crate) language: Option<LanguageTag>,
    pub(crate) queue: QueueId,
    /// Those that served the queue when the ticket came into it.
    pub(crate) teams: Vec<TeamId>,
    pub(crate) phase: Phase,
    /// To whom else it is offered, oldest offer first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also_offered: Vec<AgentId>,
    since: Timestamp,
    /// For how long it was scheduled: nobody was to take it then.
    #[serde(default)]
    set_aside: Duration,
    /// For how long it was in hand before `since`; none: nobody had it since it was opened, reopened or done.
    handled: Option<Duration>,
    /// Whether anybody ever accepted it.
    pub(crate) accepted: bool,
    /// Public answers, without those that could not be delivered.
    pub(crate) answers: Vec<MessageId>,
}

impl Ticket {
    /// A ticket that has just been opened.
    pub(crate) fn new(intake: &Intake, requirement: &Requirement, teams: Vec<TeamId>, at: Timestamp) -> Self {
        Self {
            opened_at: intake.received_at.min(at),
            channel: requirement.channel,
            language: requirement.language_or(intake.language.as_ref()),
            queue: requirement.queue.clone(),
            teams,
            phase: Phase::Queued,
            also_offered: Vec::new(),
            since: at,
            set_aside: Duration::ZERO,
            handled: None,
            accepted: false,
            answers: Vec::new(),
        }
    }

    /// Where it is once it is offered to one more agent.
    pub(crate) fn offered_to(&mut self, agent: &AgentId) -> Phase {
        match &self.phase {
            Phase::Offered(first) => {
                self.also_offered.push(agent.clone());
                Phase::Offered(first.clone())
            }
            _ => Phase::Offered(agent.clone()),
        }
    }

    /// Where it is once it is not offered to this agent any more: it is queued only when it is offered to nobody.
    pub(crate) fn offered_without(&mut self, agent: &AgentId) -> Phase {
        match &self.phase {
            Phase::Offered(first) if first != agent => {
                let first = first.clone();
                self.also_offered.retain(|other| other != agent);
                Phase::Offered(first)
            }
            _ if self.also_offered.is_empty() => Phase::Queued,
            _ => Phase::Offered(self.also_offered.remove(0)),
        }
    }

    /// Everybody whose capacity it takes.
    pub(crate) fn holders(&self) -> impl Iterator<Item = &AgentId> {
        let first = match &self.phase {
            Phase::Offered(agent) => Some(agent),
            Phase::Done(_) => None,
            other => other.owner(),
        };
        first.into_iter().chain(&self.also_offered)
    }

    /// Moves on to another phase.
    pub(crate) fn shift(&mut self, phase: Phase, at: Timestamp) {
        if self.phase.in_hand() {
            *self.handled.get_or_insert_default() += at.since(self.since);
        }
        if self.phase == Phase::Scheduled {
            self.set_aside += at.since(self.since);
        }
        (self.phase, self.since) = (phase, at);
    }

    /// For how long it has been there to be taken.
    pub(crate) fn waited(&self, at: Timestamp) -> Duration {
        let scheduled = if self.phase == Phase::Scheduled {
            at.since(self.since)
        } else {
            Duration::ZERO
        };
        at.since(self.opened_at).saturating_sub(self.set_aside + scheduled)
    }

    /// Comes into a queue, or back into its own.
    pub(crate) fn enter(&mut self, requirement: &Requirement, teams: Vec<TeamId>) {
        self.queue.clone_from(&requirement.queue);
        self.language = requirement.language_or(self.language.as_ref());
        self.teams = teams;
    }

    /// For how long it was in hand, if at all; counted once.
    pub(crate) fn take_handled(&mut self) -> Option<Duration> {
        self.handled.take()
    }

    /// The places in which something counts that happened to the ticket, for these teams.
    pub(crate) fn places(&self, teams: &[TeamId]) -> Vec<Place> {
        let place = |team: Option<&TeamId>| Place {
            queue: self.queue.clone(),
            channel: self.channel,
            language: self.language.clone(),
            team: team.cloned(),
        };
        std::iter::once(None).chain(teams.iter().map(Some)).map(place).collect()
    }
}
