//! What customers and agents did in the recorded stretch, as far as it is not the router's doing.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::routing::{Command, DeclineReason, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, OfferId, Presence, Role, TicketId, Timestamp};

use super::figures::quantile;
use crate::replay::{Input, Replayed};

/// What somebody who had a ticket did with it.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// So long after `since`.
    pub(super) after: Duration,
    pub(super) since: Since,
    /// Whose ticket it was.
    pub(super) by: Option<AgentId>,
    pub(super) command: Command,
}

/// From when the time to a deed counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// From the stretch's beginning: it was at hand already.
    Start,
    /// From when somebody got it or the customer woke it up, which was then.
    Hands(Timestamp),
    /// From the deed before.
    Deed,
}

/// How an offer was answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answered {
    Accepted(Duration),
    Declined(Duration, DeclineReason),
    Missed,
}

/// One ticket's part.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) deeds: Vec<Deed>,
    pub(super) answers: BTreeMap<AgentId, Answered>,
    /// When its customer left before anybody had it.
    pub(super) left: Option<Timestamp>,
    /// Whether somebody has it at the stretch's end: how long for is not known.
    pub(super) in_hands: bool,
    owner: Option<AgentId>,
    mark: Option<(Timestamp, Since)>,
    hands_since: Option<Timestamp>,
}

/// What happens at a recorded time, whatever the router does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A message, an agent who comes or goes.
    Command(Box<Command>),
    /// Somebody who steers the desk does it to this ticket, by its recorded number.
    Steer(TicketId, Box<Command>),
}

/// Everything that was done.
#[derive(Debug)]
pub(super) struct Script {
    from: Timestamp,
    pub(super) acts: Vec<(Timestamp, Act)>,
    parts: BTreeMap<TicketId, Part>,
    offered: BTreeMap<OfferId, Timestamp>,
    answer_times: BTreeMap<AgentId, Vec<Duration>>,
    handling_times: Vec<Duration>,
}

impl Script {
    pub(super) const fn new(from: Timestamp) -> Self {
        Self {
            from,
            acts: Vec::new(),
            parts: BTreeMap::new(),
            offered: BTreeMap::new(),
            answer_times: BTreeMap::new(),
            handling_times: Vec::new(),
        }
    }

    pub(super) fn part(&self, ticket: TicketId) -> Option<&Part> {
        self.parts.get(&ticket)
    }

    /// Tickets that were at hand when the stretch began, with what was done first.
    pub(super) fn begun(&self) -> impl Iterator<Item = (TicketId, &Deed)> {
        let firsts = self
            .parts
            .iter()
            .filter_map(|(ticket, part)| Some((*ticket, part.deeds.first()?)));
        firsts.filter(|(_, deed)| deed.since == Since::Start)
    }

    /// The median time in which the agent answered offers; of all agents, where he or she answered none.
    pub(super) fn answer_time_of(&self, agent: &AgentId) -> Duration {
        let own = self.answer_times.get(agent).map(|times| median(times.iter().copied()));
        own.unwrap_or_else(|| self.answer_time())
    }

    pub(super) fn answer_time(&self) -> Duration {
        median(self.answer_times.values().flatten().copied())
    }

    /// The median time from getting a ticket to resolving it; none: none was resolved.
    pub(super) fn handling_time(&self) -> Option<Duration> {
        (!self.handling_times.is_empty()).then(|| median(self.handling_times.iter().copied()))
    }

    /// Takes down one input and what it made.
    pub(super) fn note(&mut self, replayed: &Replayed) {
        let at = replayed.context.now;
        match &replayed.input {
            Input::Command(command) => self.note_command(command, replayed, at),
            Input::SessionLost(agent) => self.presence(at, agent.clone(), Presence::Offline),
            Input::Tick => {}
        }
        for event in replayed.events {
            self.note_event(&event.body, at);
        }
    }

    fn note_command(&mut self, command: &Command, replayed: &Replayed, at: Timestamp) {
        match command {
            Command::Intake(_) => self.acts.push((at, Act::Command(Box::new(command.clone())))),
            Command::SetPresence { agent, presence } => self.presence(at, agent.clone(), *presence),
            Command::CustomerLeft { .. } => self.leaving(replayed, at),
            // Answers to offers are noted with the offers. What reached the customer changes no ticket's way.
            Command::Activate(_)
            | Command::Accept { .. }
            | Command::Decline { .. }
            | Command::ReportDelivery { .. } => {}
            other => self.note_verb(other, replayed, at),
        }
    }

    fn presence(&mut self, at: Timestamp, agent: AgentId, presence: Presence) {
        let command = Command::SetPresence { agent, presence };
        self.acts.push((at, Act::Command(Box::new(command))));
    }

    fn leaving(&mut self, replayed: &Replayed, at: Timestamp) {
        let abandoned = |event: &RoutingEvent| matches!(event, RoutingEvent::TicketAbandoned { .. });
        let Some(ticket) = replayed.events.iter().find_map(|event| event.body.ticket()) else {
            return;
        };
        if replayed.events.iter().any(|event| abandoned(&event.body)) {
            self.parts.entry(ticket).or_default().left = Some(at);
        } else {
            self.deed(ticket, Command::Resolve { ticket }, at);
        }
    }

    fn note_verb(&mut self, command: &Command, replayed: &Replayed, at: Timestamp) {
        let Some(ticket) = replayed.events.iter().find_map(|event| event.body.ticket()) else {
            return;
        };
        let steering = match command {
            Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Resolve { .. }
            | Command::FinishWrapUp { .. }
            | Command::Answer { .. } => false,
            Command::Requeue { .. } | Command::Transfer { .. } => replayed.context.actor.role != Role::Agent,
            _ => true,
        };
        let has_it = self
            .parts
            .get(&ticket)
            .is_none_or(|part| part.hands_since.is_some() || part.mark.is_none());
        if steering || !has_it {
            self.acts.push((at, Act::Steer(ticket, Box::new(command.clone()))));
        } else {
            self.deed(ticket, command.clone(), at);
        }
    }

    fn deed(&mut self, ticket: TicketId, command: Command, at: Timestamp) {
        let from = self.from;
        let part = self.parts.entry(ticket).or_default();
        let (mark, since) = part.mark.unwrap_or((from, Since::Start));
        part.deeds.push(Deed {
            after: at.since(mark),
            since,
            by: part.owner.clone(),
            command,
        });
        part.mark = Some((at, Since::Deed));
    }

    fn note_event(&mut self, event: &RoutingEvent, at: Timestamp) {
        match event {
            RoutingEvent::OfferIssued { offer, .. } => drop(self.offered.insert(*offer, at)),
            RoutingEvent::OfferAccepted { offer, ticket, agent } => {
                let after = self.answered(*offer, at);
                self.answer_times.entry(agent.clone()).or_default().push(after);
                self.answer(*ticket, agent, Answered::Accepted(after));
                self.taken(*ticket, Some(agent), at);
            }
            RoutingEvent::OfferDeclined {
                offer,
                ticket,
                agent,
                reason,
                ..
            } => {
                let after = self.answered(*offer, at);
                self.answer(*ticket, agent, Answered::Declined(after, *reason));
            }
            RoutingEvent::OfferExpired {
                offer, ticket, agent, ..
            } => {
                self.answered(*offer, at);
                self.answer(*ticket, agent, Answered::Missed);
            }
            RoutingEvent::OfferRevoked { offer, .. } => drop(self.offered.remove(offer)),
            RoutingEvent::OwnerChanged { ticket, to, .. } => self.taken(*ticket, Some(to), at),
            RoutingEvent::TicketResumed { ticket } | RoutingEvent::WrapUpInterrupted { ticket } => {
                self.taken(*ticket, None, at);
            }
            RoutingEvent::WrapUpStarted { ticket, .. } => self.served(*ticket, at),
            RoutingEvent::TicketDone { ticket } => {
                self.served(*ticket, at);
                self.let_go(*ticket);
            }
            RoutingEvent::TicketRequeued { ticket, .. }
            | RoutingEvent::TicketCancelled { ticket }
            | RoutingEvent::TicketMerged { ticket, .. }
            | RoutingEvent::TicketScheduled { ticket, .. } => self.let_go(*ticket),
            _ => {}
        }
    }

    /// How long the offer was open.
    fn answered(&mut self, offer: OfferId, at: Timestamp) -> Duration {
        at.since(self.offered.remove(&offer).unwrap_or(self.from))
    }

    fn answer(&mut self, ticket: TicketId, agent: &AgentId, answer: Answered) {
        let part = self.parts.entry(ticket).or_default();
        part.answers.entry(agent.clone()).or_insert(answer);
    }

    fn taken(&mut self, ticket: TicketId, by: Option<&AgentId>, at: Timestamp) {
        let part = self.parts.entry(ticket).or_default();
        part.mark = Some((at, Since::Hands(at)));
        part.in_hands = true;
        if let Some(agent) = by {
            part.owner = Some(agent.clone());
            part.hands_since = Some(at);
        }
    }

    fn served(&mut self, ticket: TicketId, at: Timestamp) {
        let since = self.parts.get_mut(&ticket).and_then(|part| part.hands_since.take());
        self.handling_times.extend(since.map(|since| at.since(since)));
    }

    fn let_go(&mut self, ticket: TicketId) {
        let part = self.parts.entry(ticket).or_default();
        (part.in_hands, part.hands_since) = (false, None);
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    quantile(&times, 50)
}

/// Agents whom only the other version knows.
pub(super) fn newcomers(desk: Option<&CompiledDesk>, other: &CompiledDesk) -> Vec<AgentId> {
    let known = |id: &AgentId| desk.is_some_and(|desk| desk.agents.iter().any(|agent| agent.id == *id));
    let agents = other.agents.iter().map(|agent| agent.id.clone());
    agents.filter(|id| !known(id)).collect()
}
