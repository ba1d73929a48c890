//! A ticket in memory: a closed one is forgotten.

use std::sync::Arc;

use tandem_domain::explain::Ranking;
use tandem_domain::routing::StepPlace;
use tandem_domain::{
    ConversationId, CustomerId, Priority, RoutingState, SignedMillis, TandemId, TicketId, TicketStatus, Timestamp,
    Trace,
};

use crate::agents::AgentIx;
use crate::answers::Answers;
use crate::classes::ClassIx;
use crate::handful::Handful;
use crate::holders::{Helper, OpenOffer};
use crate::origins::Origin;
use crate::overtaking::Arrival;
use crate::seldom::{Plain, Seldom};
use crate::thread::Thread;
use crate::timers::Timer;

/// Where a ticket is, with what belongs to being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued,
    /// To at least one agent: there is an open offer to own it.
    Offered,
    Assigned {
        owner: AgentIx,
    },
    OnHold {
        owner: AgentIx,
    },
    WrappingUp {
        owner: AgentIx,
        until: Timestamp,
    },
    /// Resolved; `owner` is the last one.
    Done {
        owner: Option<AgentIx>,
        closes_at: Timestamp,
    },
    Cancelled,
    Abandoned,
    Scheduled {
        until: Timestamp,
    },
    /// It goes on with this one.
    Merged {
        into: TicketId,
    },
}

impl Phase {
    pub(crate) fn state(self) -> RoutingState {
        match self {
            Self::Queued => RoutingState::Queued,
            Self::Offered => RoutingState::Offered,
            Self::Assigned { .. } => RoutingState::Assigned,
            Self::OnHold { .. } => RoutingState::OnHold,
            Self::WrappingUp { .. } => RoutingState::WrappingUp,
            Self::Done { .. } => RoutingState::Done,
            Self::Cancelled => RoutingState::Cancelled,
            Self::Abandoned => RoutingState::Abandoned,
            Self::Scheduled { .. } => RoutingState::Scheduled,
            Self::Merged { .. } => RoutingState::Merged,
        }
    }

    pub(crate) fn status(self) -> TicketStatus {
        match self {
            Self::Queued | Self::Offered | Self::Assigned { .. } => TicketStatus::Open,
            Self::OnHold { .. } | Self::Scheduled { .. } => TicketStatus::Pending,
            Self::WrappingUp { .. } | Self::Done { .. } => TicketStatus::Resolved,
            Self::Cancelled | Self::Abandoned | Self::Merged { .. } => TicketStatus::Closed,
        }
    }

    /// The owner whose capacity it takes; to whom it is offered is not said here.
    pub(crate) fn holder(self) -> Option<AgentIx> {
        match self {
            Self::Assigned { owner } | Self::OnHold { owner } | Self::WrappingUp { owner, .. } => Some(owner),
            Self::Queued
            | Self::Offered
            | Self::Done { .. }
            | Self::Cancelled
            | Self::Abandoned
            | Self::Scheduled { .. }
            | Self::Merged { .. } => None,
        }
    }

    /// The agent who owns it; the last one, when it is done.
    pub(crate) fn owner(self) -> Option<AgentIx> {
        match self {
            Self::Assigned { owner } | Self::OnHold { owner } | Self::WrappingUp { owner, .. } => Some(owner),
            Self::Done { owner, .. } => owner,
            Self::Queued
            | Self::Offered
            | Self::Cancelled
            | Self::Abandoned
            | Self::Scheduled { .. }
            | Self::Merged { .. } => None,
        }
    }

    /// Whether the customer is served, or will not be.
    pub(crate) fn is_over(self) -> bool {
        matches!(self.status(), TicketStatus::Resolved | TicketStatus::Closed)
    }

    /// When it ends by itself, and how.
    pub(crate) fn deadline(self) -> Option<(Timestamp, Timer)> {
        match self {
            Self::WrappingUp { until, .. } => Some((until, Timer::WrapUpEnds)),
            Self::Done { closes_at, .. } => Some((closes_at, Timer::Closes)),
            Self::Scheduled { until } => Some((until, Timer::Due)),
            Self::Queued
            | Self::Offered
            | Self::Assigned { .. }
            | Self::OnHold { .. }
            | Self::Cancelled
            | Self::Abandoned
            | Self::Merged { .. } => None,
        }
    }
}

/// An agent who is not offered this ticket for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PassedOver {
    pub(crate) agent: AgentIx,
    pub(crate) until: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) id: TicketId,
    pub(crate) conversation: ConversationId,
    pub(crate) origin: Arc<Origin>,
    /// Where ingest knows one.
    pub(crate) customer: Option<CustomerId>,
    pub(crate) class: ClassIx,
    /// Where it stands among its queue's steps. None: in the first one, which has no end, and nothing was passed over.
    pub(crate) place: Option<Box<StepPlace>>,
    pub(crate) priority: Priority,
    pub(crate) phase: Phase,
    pub(crate) care: Seldom<Care>,
    pub(crate) rare: Seldom<Rare>,
    pub(crate) messages: u32,
    pub(crate) thread: Thread,
    pub(crate) opened_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    /// How many events it was named in.
    pub(crate) version: u32,
    pub(crate) answers: Answers,
    /// Of the customer's last message; empty where nothing is traced.
    pub(crate) trace: Trace,
}

/// What a ticket has once somebody cares for it: those that wait, of which there may be very many, have none of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Care {
    pub(crate) offers: Handful<OpenOffer>,
    /// Why the owner was chosen.
    pub(crate) chosen: Option<Arc<Ranking>>,
    /// The number of the event that gave it to its owner, or offered it last: work lists are in this order.
    pub(crate) held_since: u64,
    /// Who accepted it or took it over last.
    pub(crate) last_owner: Option<AgentIx>,
    /// Whether its owner had no room for it when it last came or moved.
    pub(crate) over_capacity: bool,
    /// The version at which its priority was changed last; 0: never.
    pub(crate) reprioritised: u32,
    /// The version at which it was accepted, put into a queue or offered by hand last; 0: never.
    pub(crate) moved: u32,
}

impl Plain for Care {
    const PLAIN: &'static Self = &Self {
        offers: Handful::None,
        chosen: None,
        held_since: 0,
        last_owner: None,
        over_capacity: false,
        reprioritised: 0,
        moved: 0,
    };
}

/// What most tickets do not have, or have not yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rare {
    pub(crate) helpers: Vec<Helper>,
    pub(crate) passed_over: Vec<PassedOver>,
    pub(crate) tandem: Option<TandemId>,
    /// By how much it counts as older than it is, in its queue's order only.
    pub(crate) adjusted: SignedMillis,
    /// When the target ends by which its queue is ordered, as of when it began to wait.
    pub(crate) deadline: Option<Timestamp>,
    /// As whom it came into its queue, where being overtaken is bounded there and it was not served yet.
    pub(crate) arrival: Option<Arrival>,
}

impl Plain for Rare {
    const PLAIN: &'static Self = &Self {
        helpers: Vec::new(),
        passed_over: Vec::new(),
        tandem: None,
        adjusted: SignedMillis(0),
        deadline: None,
        arrival: None,
    };
}

impl Ticket {
    /// Until when the agent is passed over for this ticket, if that is still so.
    pub(crate) fn passes_over(&self, agent: AgentIx, now: Timestamp) -> Option<Timestamp> {
        self.rare
            .passed_over
            .iter()
            .find(|passed| passed.agent == agent && passed.until > now)
            .map(|passed| passed.until)
    }

    /// Whether the conversation is its own, or was merged into it.
    pub(crate) fn is_on(&self, conversation: ConversationId) -> bool {
        self.conversation == conversation || self.thread.joined.conversations.contains(&conversation)
    }

    /// When its routing step ends; none: it does not, or it is not known yet in the desk's new version.
    pub(crate) fn step_ends(&self) -> Option<Timestamp> {
        self.place.as_ref()?.until
    }

    /// Whether the customer is not yet served: such tickets keep their queue in the desk file.
    pub(crate) fn is_open(&self) -> bool {
        !self.phase.is_over() || matches!(self.phase, Phase::WrappingUp { .. })
    }
}

/// The place itself, where it is not simply the first step, without an end.
pub(crate) fn boxed(place: &StepPlace) -> Option<Box<StepPlace>> {
    (*place != StepPlace::default()).then(|| Box::new(place.clone()))
}
