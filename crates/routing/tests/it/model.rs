//! The router as one would write it on a napkin: no index, no event, everything looked at every time.

mod answers;
mod changes;
mod matching;
mod tickets;
mod verbs;

use std::collections::BTreeMap;

use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::{Intake, TransferTarget};
use tandem_domain::{AgentId, CompiledDesk, MessageId, OfferId, Presence, QueueId, RoutingState, TicketId, Timestamp};

use crate::histories::Step;
use crate::support::conversation_id;
use answers::Said;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    Queued,
    Offered {
        to: AgentId,
        offer: u64,
        until: Timestamp,
        direct: bool,
    },
    Assigned(AgentId),
    OnHold(AgentId),
    WrappingUp(AgentId, Timestamp),
    Done(Option<AgentId>, Timestamp),
    Closed,
}

#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) id: TicketId,
    intake: Intake,
    queue: QueueId,
    opened_at: Timestamp,
    pub(crate) place: Place,
    /// The offer by which its holder got it.
    since: u64,
    passed_over: BTreeMap<AgentId, Timestamp>,
    log: Vec<Said>,
    pub(crate) undelivered: Vec<MessageId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) presence: Presence,
    pub(crate) missed: u32,
    idle_since: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) desk: CompiledDesk,
    pub(crate) now: Timestamp,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) offers: u64,
    /// Whether the last step was accepted.
    pub(crate) accepted: bool,
}

impl Place {
    fn holder(&self) -> Option<&AgentId> {
        match self {
            Self::Offered { to, .. } => Some(to),
            Self::Assigned(owner) | Self::OnHold(owner) | Self::WrappingUp(owner, _) => Some(owner),
            Self::Queued | Self::Done(..) | Self::Closed => None,
        }
    }

    pub(crate) fn owner(&self) -> Option<&AgentId> {
        match self {
            Self::Assigned(owner) | Self::OnHold(owner) | Self::WrappingUp(owner, _) => Some(owner),
            Self::Done(owner, _) => owner.as_ref(),
            Self::Queued | Self::Offered { .. } | Self::Closed => None,
        }
    }

    /// None once it is closed: the model does not remember how.
    pub(crate) fn state(&self) -> Option<RoutingState> {
        match self {
            Self::Queued => Some(RoutingState::Queued),
            Self::Offered { .. } => Some(RoutingState::Offered),
            Self::Assigned(_) => Some(RoutingState::Assigned),
            Self::OnHold(_) => Some(RoutingState::OnHold),
            Self::WrappingUp(..) => Some(RoutingState::WrappingUp),
            Self::Done(..) => Some(RoutingState::Done),
            Self::Closed => None,
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Offered { until, .. } | Self::WrappingUp(_, until) | Self::Done(_, until) => Some(*until),
            Self::Queued | Self::Assigned(_) | Self::OnHold(_) | Self::Closed => None,
        }
    }
}

/// Steps.
impl Model {
    pub(crate) fn new(desk: CompiledDesk, now: Timestamp) -> Self {
        let offline = |profile: &AgentProfile| Agent {
            id: profile.id.clone(),
            presence: Presence::Offline,
            missed: 0,
            idle_since: Timestamp::EPOCH,
        };
        let agents = desk.agents.iter().map(offline).collect();
        Self {
            desk,
            now,
            tickets: Vec::new(),
            agents,
            offers: 0,
            accepted: true,
        }
    }

    pub(crate) fn step(&mut self, step: &Step) {
        self.accepted = self.decide(step).is_some();
        if self.accepted {
            self.match_up();
        }
    }

    fn decide(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Message(intake) => self.message(intake),
            Step::Presence(agent, presence) => self.set_presence(agent, *presence)?,
            Step::LoseSession(agent) => self.lose_session(agent),
            Step::Accept { ago, by } => self.accept(self.offer_number(*ago), by.as_ref())?,
            Step::Decline { ago, by } => self.decline(self.offer_number(*ago), by.as_ref())?,
            Step::Hold(ticket) => self.hold(*ticket)?,
            Step::Resume(ticket) => self.resume(*ticket)?,
            Step::Requeue(ticket) => self.requeue(*ticket)?,
            Step::Transfer(ticket, TransferTarget::Queue(queue)) => self.transfer_to_queue(*ticket, queue)?,
            Step::Transfer(ticket, TransferTarget::Agent(agent)) => self.transfer_to_agent(*ticket, agent)?,
            Step::Resolve(ticket) => self.resolve(*ticket)?,
            Step::FinishWrapUp(ticket) => self.finish(*ticket)?,
            Step::Reopen(ticket) => self.reopen(*ticket)?,
            Step::Cancel(ticket) => self.cancel(*ticket)?,
            Step::Answer {
                ticket,
                text,
                by,
                visible,
                then,
            } => self.answer(*ticket, *text, by.as_ref(), *visible, *then)?,
            Step::Report { ticket, text, outcome } => self.report(*ticket, *text, *outcome)?,
            Step::Leave { conversation } => self.leave(conversation_id(*conversation)),
            Step::Priority { ticket, to, escalated } => self.set_priority(*ticket, *to, *escalated)?,
            Step::Activate(desk) => self.activate(desk)?,
            Step::Wait(time) => self.wait(*time),
            Step::Restart => {}
        }
        Some(())
    }

    pub(crate) fn offer_number(&self, ago: u64) -> OfferId {
        OfferId(self.offers.saturating_sub(ago))
    }

    /// Who has the offer, if it is open; else whoever comes first.
    pub(crate) fn answers(&self, offer: OfferId, by: Option<&AgentId>) -> AgentId {
        let open = self.tickets.iter().find_map(|ticket| match &ticket.place {
            Place::Offered { to, offer: number, .. } if *number == offer.0 => Some(to.clone()),
            _ => None,
        });
        by.cloned().or(open).unwrap_or_else(|| self.agents[0].id.clone())
    }

    fn message(&mut self, intake: &Intake) {
        let same =
            |ticket: &&Ticket| ticket.intake.conversation == intake.conversation && ticket.place != Place::Closed;
        match self.tickets.iter().find(same).map(|ticket| ticket.id) {
            Some(ticket) if !intake.automatic => {
                let at = self.now.min(intake.received_at);
                self.ticket_mut(ticket).log.push(Said::ByCustomer(at));
                self.wake(ticket);
            }
            None if !intake.automatic => self.open(intake),
            _ => {}
        }
    }

    fn open(&mut self, intake: &Intake) {
        let id = TicketId(self.tickets.len() as u64 + 1);
        let queue = self
            .policy(&intake.queue)
            .map_or(&self.desk.queues[0].id, |policy| &policy.id)
            .clone();
        let (intake, opened_at) = (intake.clone(), self.now.min(intake.received_at));
        let passed_over = BTreeMap::new();
        self.tickets.push(Ticket {
            id,
            intake,
            queue,
            opened_at,
            place: Place::Queued,
            since: 0,
            passed_over,
            log: vec![Said::ByCustomer(opened_at)],
            undelivered: Vec::new(),
        });
    }

    fn wake(&mut self, id: TicketId) {
        match self.ticket(id).place.clone() {
            Place::OnHold(owner) if self.online(&owner) || self.agent(&owner).presence == Presence::Draining => {
                self.put(id, Place::Assigned(owner));
            }
            Place::WrappingUp(owner, _) => self.put(id, Place::Assigned(owner)),
            Place::OnHold(_) | Place::Done(..) => self.put(id, Place::Queued),
            Place::Queued | Place::Offered { .. } | Place::Assigned(_) | Place::Closed => {}
        }
    }

    fn set_presence(&mut self, id: &AgentId, presence: Presence) -> Option<()> {
        let (agent, now) = (self.agents.iter_mut().find(|agent| agent.id == *id)?, self.now);
        if agent.presence != presence || (presence == Presence::Online && agent.missed > 0) {
            agent.presence = presence;
            if presence == Presence::Online {
                (agent.missed, agent.idle_since) = (0, now);
            }
        }
        self.revoke_from_absent(id);
        Some(())
    }

    fn revoke_from_absent(&mut self, id: &AgentId) {
        if !self.online(id) {
            for ticket in self.held(id) {
                self.revoke(ticket);
            }
        }
    }

    fn lose_session(&mut self, id: &AgentId) {
        if self
            .agents
            .iter()
            .any(|agent| agent.id == *id && agent.presence != Presence::Offline)
        {
            self.set_presence(id, Presence::Offline);
        }
    }
}
