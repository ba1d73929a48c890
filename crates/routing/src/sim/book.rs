//! What became of tickets, and what agents did with their time: read off the events.

use std::collections::BTreeMap;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tandem_domain::routing::{Intake, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, OfferId, Presence, RoutingState, TicketId, Timestamp};

use crate::numbered::Numbered;

/// What became of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRecord {
    /// The ticket.
    pub ticket: TicketId,
    /// The message that opened it, with what it asks for.
    pub intake: Box<Intake>,
    /// When it opened: it waits from here.
    pub opened_at: Timestamp,
    /// How many offers were made of it.
    pub offers: u32,
    /// Who accepted it first, or got it without an offer, and when.
    pub accepted: Option<(AgentId, Timestamp)>,
    /// How long people worked on it, wrap-up included, without the spell at hand.
    pub worked: Duration,
    /// When it last ended, and how: done, cancelled, abandoned, or merged into another one.
    pub ended: Option<(Timestamp, RoutingState)>,
    /// Who works on it now (or does the paperwork), since when.
    at_work: Option<(AgentId, Timestamp)>,
    /// Whether that is only paperwork.
    pub(super) wraps_up: bool,
    /// Who had it last, and takes it up again from hold.
    holder: Option<AgentId>,
    /// Counts what somebody began on it, so that the end of something older is known as such.
    pub(super) spell: u32,
}

impl TicketRecord {
    fn new(ticket: TicketId, intake: &Intake, at: Timestamp) -> Self {
        Self {
            ticket,
            intake: Box::new(intake.clone()),
            opened_at: intake.received_at.min(at),
            offers: 0,
            accepted: None,
            worked: Duration::ZERO,
            ended: None,
            at_work: None,
            wraps_up: false,
            holder: None,
            spell: 0,
        }
    }

    /// How long the customer waited for somebody to accept, or before leaving; none while that is open.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        let end = self.accepted.as_ref().map(|(_, at)| *at);
        let end = end.or(self.ended.map(|(at, _)| at))?;
        Some(end.since(self.opened_at))
    }

    /// Who has it, or had it last.
    pub(crate) const fn holder(&self) -> Option<&AgentId> {
        self.holder.as_ref()
    }

    /// Who works on it now.
    #[must_use]
    pub fn worker(&self) -> Option<&AgentId> {
        self.at_work.as_ref().map(|(agent, _)| agent)
    }
}

/// What an agent did with the time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentRecord {
    /// Time online.
    pub online: Duration,
    /// Time with at least one ticket at work or in wrap-up, online or not.
    pub busy: Duration,
    /// Offers accepted.
    pub accepted: u64,
    online_since: Option<Timestamp>,
    busy_since: Option<Timestamp>,
    at_work: u32,
}

impl AgentRecord {
    fn set_online(&mut self, online: bool, at: Timestamp) {
        match (self.online_since, online) {
            (None, true) => self.online_since = Some(at),
            (Some(since), false) => {
                self.online += at.since(since);
                self.online_since = None;
            }
            _ => {}
        }
    }

    fn begin(&mut self, at: Timestamp) {
        self.at_work += 1;
        self.busy_since.get_or_insert(at);
    }

    fn stop(&mut self, at: Timestamp) {
        self.at_work -= 1;
        if let Some(since) = self.busy_since.take_if(|_| self.at_work == 0) {
            self.busy += at.since(since);
        }
    }

    /// Takes what runs at `now` into the totals.
    fn settle(&mut self, now: Timestamp) {
        for (total, since) in [
            (&mut self.online, &mut self.online_since),
            (&mut self.busy, &mut self.busy_since),
        ] {
            if let Some(since) = since {
                *total += now.since(*since);
                *since = now;
            }
        }
    }
}

/// The desk as its events tell it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    tickets: Numbered<TicketId, Box<TicketRecord>>,
    offers: Numbered<OfferId, (TicketId, AgentId)>,
    /// Gone through in no order that anybody sees.
    agents: FxHashMap<AgentId, AgentRecord>,
}

impl Book {
    pub(crate) fn ticket(&self, ticket: TicketId) -> Option<&TicketRecord> {
        self.tickets.get(ticket).map(Box::as_ref)
    }

    pub(crate) fn tickets(&self) -> impl Iterator<Item = &TicketRecord> {
        self.tickets.values().map(Box::as_ref)
    }

    pub(super) fn which(&self, wanted: impl Fn(&TicketRecord) -> bool) -> Vec<TicketId> {
        let wanted = self.tickets().filter(|record| wanted(record));
        wanted.map(|record| record.ticket).collect()
    }

    /// The ticket of an open offer, and to whom it was made.
    pub(super) fn offer(&self, offer: OfferId) -> Option<&(TicketId, AgentId)> {
        self.offers.get(offer)
    }

    pub(super) fn offers(&self) -> impl Iterator<Item = OfferId> {
        self.offers.keys().into_iter()
    }

    /// What agents did up to `now`.
    pub(crate) fn agents(&mut self, now: Timestamp) -> BTreeMap<AgentId, AgentRecord> {
        self.agents.values_mut().for_each(|agent| agent.settle(now));
        let agents = self.agents.iter();
        agents.map(|(agent, record)| (agent.clone(), record.clone())).collect()
    }

    /// From now on what agents do is counted anew.
    pub(crate) fn recount(&mut self, now: Timestamp) {
        for agent in self.agents.values_mut() {
            agent.settle(now);
            (agent.online, agent.busy, agent.accepted) = (Duration::ZERO, Duration::ZERO, 0);
        }
    }

    /// Forgets the ticket that the event has closed, if it has; the core forgets it, too. A done one may come back until
    /// it is closed.
    pub(crate) fn forget_closed(&mut self, event: &RoutingEvent) {
        if let RoutingEvent::TicketClosed { ticket }
        | RoutingEvent::TicketCancelled { ticket }
        | RoutingEvent::TicketMerged { ticket, .. }
        | RoutingEvent::TicketAbandoned { ticket } = event
        {
            self.tickets.remove(*ticket);
        }
    }

    pub(crate) fn note(&mut self, event: &Event<RoutingEvent>) {
        let at = event.at;
        match &event.body {
            RoutingEvent::DeskActivated(desk) => self.keep_on_desk(desk, at),
            RoutingEvent::TicketOpened { ticket, intake, .. } | RoutingEvent::TicketSplit { ticket, intake, .. } => {
                let record = TicketRecord::new(*ticket, intake, at);
                self.tickets.insert(*ticket, Box::new(record));
            }
            RoutingEvent::PresenceChanged { agent, presence } => {
                self.agent(agent).set_online(*presence == Presence::Online, at);
            }
            RoutingEvent::OfferIssued {
                offer, ticket, agent, ..
            } => self.open(*offer, *ticket, agent),
            RoutingEvent::OfferAccepted { offer, ticket, agent } => self.accept(*offer, *ticket, agent, at),
            RoutingEvent::OfferDeclined { offer, .. }
            | RoutingEvent::OfferExpired { offer, .. }
            | RoutingEvent::OfferRevoked { offer, .. } => {
                self.offers.remove(*offer);
            }
            RoutingEvent::TicketResumed { ticket } => self.resume(*ticket, at),
            RoutingEvent::TicketHeld { ticket }
            | RoutingEvent::TicketRequeued { ticket, .. }
            | RoutingEvent::TicketScheduled { ticket, .. } => self.set_aside(*ticket, at),
            RoutingEvent::OwnerChanged { ticket, to, .. } => self.take(*ticket, to, at),
            RoutingEvent::WrapUpStarted { ticket, .. } => self.turn_to(*ticket, true),
            RoutingEvent::WrapUpInterrupted { ticket } => self.turn_to(*ticket, false),
            RoutingEvent::TicketDone { ticket } => self.end(*ticket, at, RoutingState::Done),
            RoutingEvent::TicketCancelled { ticket } => self.end(*ticket, at, RoutingState::Cancelled),
            RoutingEvent::TicketAbandoned { ticket } => self.end(*ticket, at, RoutingState::Abandoned),
            RoutingEvent::TicketMerged { ticket, .. } => self.end(*ticket, at, RoutingState::Merged),
            _ => {}
        }
    }

    /// Who is not on the desk any more is not online either.
    fn keep_on_desk(&mut self, desk: &CompiledDesk, at: Timestamp) {
        let on_desk = |agent: &AgentId| desk.agents.iter().any(|profile| profile.id == *agent);
        for (_, record) in self.agents.iter_mut().filter(|(agent, _)| !on_desk(agent)) {
            record.set_online(false, at);
        }
    }

    fn agent(&mut self, agent: &AgentId) -> &mut AgentRecord {
        if !self.agents.contains_key(agent) {
            self.agents.insert(agent.clone(), AgentRecord::default());
        }
        self.agents.get_mut(agent).expect("it was just put in")
    }

    fn open(&mut self, offer: OfferId, ticket: TicketId, agent: &AgentId) {
        self.offers.insert(offer, (ticket, agent.clone()));
        if let Some(record) = self.tickets.get_mut(ticket) {
            record.offers += 1;
        }
    }

    fn accept(&mut self, offer: OfferId, ticket: TicketId, agent: &AgentId, at: Timestamp) {
        self.offers.remove(offer);
        self.agent(agent).accepted += 1;
        self.take(ticket, agent, at);
    }

    /// Somebody has it from now on, by an offer or without.
    fn take(&mut self, ticket: TicketId, agent: &AgentId, at: Timestamp) {
        if let Some(record) = self.tickets.get_mut(ticket) {
            record.accepted.get_or_insert_with(|| (agent.clone(), at));
            self.begin(ticket, agent, at);
        }
    }

    /// A ticket on hold is taken up by whoever set it aside.
    fn resume(&mut self, ticket: TicketId, at: Timestamp) {
        let holder = self.tickets.get(ticket).and_then(|record| record.holder.clone());
        if let Some(holder) = holder {
            self.begin(ticket, &holder, at);
        }
    }

    fn begin(&mut self, ticket: TicketId, agent: &AgentId, at: Timestamp) {
        self.set_aside(ticket, at);
        if let Some(record) = self.tickets.get_mut(ticket) {
            record.at_work = Some((agent.clone(), at));
            record.holder = Some(agent.clone());
        }
        self.turn_to(ticket, false);
        self.agent(agent).begin(at);
    }

    fn turn_to(&mut self, ticket: TicketId, paperwork: bool) {
        if let Some(record) = self.tickets.get_mut(ticket) {
            record.wraps_up = paperwork;
            record.spell += 1;
        }
    }

    /// Nobody works on it for now.
    fn set_aside(&mut self, ticket: TicketId, at: Timestamp) {
        let Some(record) = self.tickets.get_mut(ticket) else {
            return;
        };
        record.ended = None;
        if let Some((agent, since)) = record.at_work.take() {
            record.worked += at.since(since);
            record.spell += 1;
            self.agent(&agent).stop(at);
        }
    }

    fn end(&mut self, ticket: TicketId, at: Timestamp, how: RoutingState) {
        self.set_aside(ticket, at);
        if let Some(record) = self.tickets.get_mut(ticket) {
            record.ended = Some((at, how));
        }
    }
}
