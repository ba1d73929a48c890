//! What customers and agents did in the recorded stretch, as far as it is not the router's doing.

use std::collections::VecDeque;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tandem_domain::routing::{Command, DeclineReason, NoHelp, RoutingEvent};
use tandem_domain::{AgentId, Event, OfferId, Presence, Role, TicketId, Timestamp};

use super::figures::quantile;
use crate::numbered::Numbered;
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
    /// The first answer of each agent to an offer of the ticket.
    answers: Vec<(AgentId, Answered)>,
    /// All answers of those who were asked to help with it, perhaps more than once.
    help: Vec<(AgentId, Answered)>,
    /// When its customer left before anybody had it.
    pub(super) left: Option<Timestamp>,
    /// Whether somebody has it at the stretch's end: how long for is not known.
    pub(super) in_hands: bool,
    owner: Option<AgentId>,
    mark: Option<(Timestamp, Since)>,
    hands_since: Option<Timestamp>,
}

impl Part {
    /// What the agent made of an offer of the ticket.
    pub(super) fn answer_of(&self, agent: &AgentId) -> Option<Answered> {
        answers_of(&self.answers, agent).next()
    }

    /// What the agent made of being asked to help with the ticket, once more after so many times.
    pub(super) fn help_of(&self, agent: &AgentId, times: usize) -> Option<Answered> {
        answers_of(&self.help, agent).nth(times)
    }
}

fn answers_of(answers: &[(AgentId, Answered)], agent: &AgentId) -> impl Iterator<Item = Answered> {
    let own = answers.iter().filter(move |(by, _)| by == agent);
    own.map(|(_, answer)| *answer)
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
    /// In order of time.
    pub(super) acts: VecDeque<(Timestamp, Act)>,
    parts: Numbered<TicketId, Box<Part>>,
    /// Open offers, those to help among them, and since when.
    offered: Numbered<OfferId, Timestamp>,
    answer_times: FxHashMap<AgentId, Vec<Duration>>,
    handling_times: Vec<Duration>,
}

/// How long things took.
#[derive(Debug)]
pub(super) struct Medians {
    /// Answering an offer, of all agents.
    pub(super) answer: Duration,
    by_agent: FxHashMap<AgentId, Duration>,
    /// From getting a ticket to resolving it; none: none was resolved.
    pub(super) handling: Option<Duration>,
}

impl Medians {
    /// The median time in which the agent answered offers; of all agents, where he or she answered none.
    pub(super) fn answer_of(&self, agent: &AgentId) -> Duration {
        self.by_agent.get(agent).copied().unwrap_or(self.answer)
    }
}

impl Script {
    pub(super) fn new(from: Timestamp) -> Self {
        Self {
            from,
            acts: VecDeque::new(),
            parts: Numbered::default(),
            offered: Numbered::default(),
            answer_times: FxHashMap::default(),
            handling_times: Vec::new(),
        }
    }

    pub(super) fn part(&self, ticket: TicketId) -> Option<&Part> {
        self.parts.get(ticket).map(Box::as_ref)
    }

    fn part_mut(&mut self, ticket: TicketId) -> &mut Part {
        self.parts.get_or_insert_with(ticket, Box::default)
    }

    /// Tickets that were at hand when the stretch began, with what was done first.
    pub(super) fn begun(&self) -> impl Iterator<Item = (TicketId, &Deed)> {
        let firsts = self
            .parts
            .iter()
            .filter_map(|(ticket, part)| Some((ticket, part.deeds.first()?)));
        firsts.filter(|(_, deed)| deed.since == Since::Start)
    }

    pub(super) fn medians(&self) -> Medians {
        let by_agent = self.answer_times.iter();
        Medians {
            answer: median(self.answer_times.values().flatten().copied().collect()),
            by_agent: by_agent
                .map(|(agent, times)| (agent.clone(), median(times.clone())))
                .collect(),
            handling: (!self.handling_times.is_empty()).then(|| median(self.handling_times.clone())),
        }
    }

    /// Takes down one input and what it made.
    pub(super) fn note(&mut self, replayed: Replayed) {
        let at = replayed.context.now;
        let events = replayed.events;
        let of_agent = replayed.context.actor.role == Role::Agent;
        match replayed.input {
            Input::Command(command) => self.note_command(command, (events, of_agent), at),
            Input::SessionLost(agent) => self.presence(at, agent, Presence::Offline),
            Input::Tick => {}
        }
        for event in events {
            self.note_event(&event.body, at);
        }
    }

    /// `made` are the events that it made, and whether an agent asked for it.
    fn note_command(&mut self, command: Box<Command>, made: (&[Event<RoutingEvent>], bool), at: Timestamp) {
        match &*command {
            Command::Intake(_) | Command::SetPresence { .. } => self.acts.push_back((at, Act::Command(command))),
            Command::CustomerLeft { .. } => self.leaving(made.0, at),
            // Answers to offers are noted with the offers. What reached the customer changes no ticket's way.
            Command::Activate(_)
            | Command::Accept { .. }
            | Command::Decline { .. }
            | Command::ReportDelivery { .. } => {}
            _ => self.note_verb(command, made, at),
        }
    }

    fn presence(&mut self, at: Timestamp, agent: AgentId, presence: Presence) {
        let command = Command::SetPresence { agent, presence };
        self.acts.push_back((at, Act::Command(Box::new(command))));
    }

    fn leaving(&mut self, events: &[Event<RoutingEvent>], at: Timestamp) {
        let abandoned = |event: &RoutingEvent| matches!(event, RoutingEvent::TicketAbandoned { .. });
        let Some(ticket) = events.iter().find_map(|event| event.body.ticket()) else {
            return;
        };
        if events.iter().any(|event| abandoned(&event.body)) {
            self.part_mut(ticket).left = Some(at);
        } else {
            self.deed(ticket, Command::Resolve { ticket }, at);
        }
    }

    fn note_verb(&mut self, command: Box<Command>, (events, of_agent): (&[Event<RoutingEvent>], bool), at: Timestamp) {
        let Some(ticket) = events.iter().find_map(|event| event.body.ticket()) else {
            return;
        };
        let steering = match &*command {
            Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Resolve { .. }
            | Command::FinishWrapUp { .. }
            | Command::Answer { .. } => false,
            Command::Requeue { .. }
            | Command::Transfer { .. }
            | Command::Consult { .. }
            | Command::EndHelp { .. }
            | Command::HandOver { .. } => !of_agent,
            _ => true,
        };
        let part = self.part(ticket);
        let has_it = part.is_none_or(|part| part.hands_since.is_some() || part.mark.is_none());
        if steering || !has_it {
            self.acts.push_back((at, Act::Steer(ticket, command)));
        } else {
            self.deed(ticket, *command, at);
        }
    }

    fn deed(&mut self, ticket: TicketId, command: Command, at: Timestamp) {
        let from = self.from;
        let part = self.part_mut(ticket);
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
            RoutingEvent::OfferIssued { offer, .. } | RoutingEvent::HelpOffered { offer, .. } => {
                self.offered.insert(*offer, at);
            }
            RoutingEvent::HelpAccepted { offer, ticket, agent } => {
                let after = self.answered(*offer, at);
                self.help(*ticket, agent, Answered::Accepted(after));
            }
            RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent,
                why,
                declined,
            } => {
                let after = self.answered(*offer, at);
                match why {
                    NoHelp::Declined => {
                        let reason = declined.unwrap_or(DeclineReason::Other);
                        self.help(*ticket, agent, Answered::Declined(after, reason));
                    }
                    NoHelp::Expired => self.help(*ticket, agent, Answered::Missed),
                    NoHelp::AgentLeft | NoHelp::Withdrawn | NoHelp::TicketMoved | NoHelp::DeskChanged => {}
                }
            }
            RoutingEvent::OfferAccepted { offer, ticket, agent } => {
                let after = self.answered(*offer, at);
                self.note_answer_time(agent, after);
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
            RoutingEvent::OfferRevoked { offer, .. } => drop(self.offered.remove(*offer)),
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
        at.since(self.offered.remove(offer).unwrap_or(self.from))
    }

    fn note_answer_time(&mut self, agent: &AgentId, after: Duration) {
        if let Some(times) = self.answer_times.get_mut(agent) {
            times.push(after);
        } else {
            self.answer_times.insert(agent.clone(), vec![after]);
        }
    }

    /// The first one counts, if somebody is asked more than once.
    fn answer(&mut self, ticket: TicketId, agent: &AgentId, answer: Answered) {
        let part = self.part_mut(ticket);
        if part.answer_of(agent).is_none() {
            part.answers.push((agent.clone(), answer));
        }
    }

    fn help(&mut self, ticket: TicketId, agent: &AgentId, answer: Answered) {
        self.part_mut(ticket).help.push((agent.clone(), answer));
    }

    fn taken(&mut self, ticket: TicketId, by: Option<&AgentId>, at: Timestamp) {
        let part = self.part_mut(ticket);
        part.mark = Some((at, Since::Hands(at)));
        part.in_hands = true;
        if let Some(agent) = by {
            part.owner = Some(agent.clone());
            part.hands_since = Some(at);
        }
    }

    fn served(&mut self, ticket: TicketId, at: Timestamp) {
        let since = self.parts.get_mut(ticket).and_then(|part| part.hands_since.take());
        self.handling_times.extend(since.map(|since| at.since(since)));
    }

    fn let_go(&mut self, ticket: TicketId) {
        let part = self.part_mut(ticket);
        (part.in_hands, part.hands_since) = (false, None);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    quantile(&times, 50)
}
