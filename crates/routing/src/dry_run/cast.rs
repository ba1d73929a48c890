//! Customers and agents of a recorded stretch, on simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, MessageId, OfferId, Presence, TicketId, Timestamp};

use super::Assumptions;
use super::script::{Act, Answered, Deed, Part, Script, Since};
use super::tally::Tally;
use crate::sim::{OfferAnswer, Plan, TicketRecord, World};

/// What the cast plans.
#[derive(Debug)]
pub(super) enum Note {
    /// The next act of the script.
    Act,
    /// Whoever has the ticket does the next thing, if this is still so.
    Deed(TicketId, u32),
}

/// Where a ticket is in its part.
#[derive(Debug, Default)]
struct Playing {
    /// The recorded ticket whose part it plays; none: it was none of its own then.
    recorded: Option<TicketId>,
    next: usize,
    /// Counts what was planned, so that what is outdated is known as such.
    planned: u32,
    owner: Option<AgentId>,
}

/// Plays a recorded stretch to another version of the desk.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) script: Script,
    pub(super) tally: Tally,
    assumptions: Assumptions,
    playing: BTreeMap<TicketId, Playing>,
    recorded_by_message: BTreeMap<MessageId, TicketId>,
    /// Now, by recorded numbers: tickets may be numbered differently.
    simulated: BTreeMap<TicketId, TicketId>,
    agents: BTreeSet<AgentId>,
    acted: usize,
    now: Timestamp,
    handling_time: Option<Duration>,
    pub(super) refused: u64,
    refusal: Option<Rejection>,
}

impl Cast {
    pub(super) fn new(
        script: Script,
        tally: Tally,
        recorded: &Tally,
        assumptions: Assumptions,
        other: &CompiledDesk,
    ) -> Self {
        let handling_time = script.handling_time();
        Self {
            script,
            tally,
            assumptions,
            playing: BTreeMap::new(),
            recorded_by_message: recorded.opened_in_stretch().collect(),
            simulated: BTreeMap::new(),
            agents: other.agents.iter().map(|agent| agent.id.clone()).collect(),
            acted: 0,
            now: Timestamp::EPOCH,
            handling_time,
            refused: 0,
            refusal: None,
        }
    }

    pub(super) const fn take_refusal(&mut self) -> Option<Rejection> {
        self.refusal.take()
    }

    /// Plans what begins the play: who is new comes, who had a ticket goes on with it.
    pub(super) fn begin(&mut self, newcomers: &[AgentId], plan: &mut Plan<Note>) {
        self.now = plan.now();
        for agent in newcomers.iter().filter(|_| self.assumptions.newcomers_online) {
            let (agent, presence) = (agent.clone(), Presence::Online);
            plan.command(plan.now(), Command::SetPresence { agent, presence });
        }
        for (ticket, owner) in self.tally.owned() {
            let playing = Playing {
                recorded: Some(ticket),
                owner: Some(owner),
                ..Playing::default()
            };
            self.playing.insert(ticket, playing);
        }
        for (ticket, deed) in self.script.begun() {
            let playing = self.playing.entry(ticket).or_default();
            (playing.recorded, playing.planned) = (Some(ticket), 1);
            plan.wake_in(deed.after, Note::Deed(ticket, 1));
        }
        self.plan_act(plan);
    }

    fn plan_act(&self, plan: &mut Plan<Note>) {
        if let Some((at, _)) = self.script.acts.get(self.acted) {
            plan.wake(*at, Note::Act);
        }
    }

    fn act(&mut self, plan: &mut Plan<Note>) {
        let Some((_, act)) = self.script.acts.get(self.acted) else {
            return;
        };
        match act {
            Act::Command(command) if self.is_of_somebody_else(command) => {}
            Act::Command(command) => plan.command(plan.now(), (**command).clone()),
            Act::Steer(recorded, command) => {
                let ticket = self.simulated.get(recorded).copied().unwrap_or(*recorded);
                plan.command(plan.now(), steered(command, ticket, &self.simulated));
            }
        }
        self.acted += 1;
        self.plan_act(plan);
    }

    /// Who is not on the other desk does not come.
    fn is_of_somebody_else(&self, command: &Command) -> bool {
        matches!(command, Command::SetPresence { agent, .. } if !self.agents.contains(agent))
    }
}

/// Parts.
impl Cast {
    fn part_of(&self, ticket: TicketId) -> Option<&Part> {
        let playing = self.playing.get(&ticket);
        let recorded = playing.map_or(Some(ticket), |playing| playing.recorded)?;
        self.script.part(recorded)
    }

    fn next_deed(&self, ticket: TicketId) -> Option<&Deed> {
        let next = self.playing.get(&ticket).map_or(0, |playing| playing.next);
        self.part_of(ticket)?.deeds.get(next)
    }

    fn opened(&mut self, ticket: TicketId, message: MessageId) {
        let recorded = self.recorded_by_message.get(&message).copied();
        if let Some(recorded) = recorded {
            self.simulated.insert(recorded, ticket);
        }
        let playing = Playing {
            recorded,
            ..Playing::default()
        };
        self.playing.insert(ticket, playing);
    }

    /// Somebody has the ticket (again), and goes on with it from now.
    fn taken(&mut self, ticket: TicketId, by: Option<&AgentId>, plan: &mut Plan<Note>) {
        let playing = self.playing.entry(ticket).or_insert_with(|| Playing {
            recorded: Some(ticket),
            ..Playing::default()
        });
        playing.owner = by.cloned().or(playing.owner.take());
        self.plan_deed(ticket, plan);
    }

    fn plan_deed(&mut self, ticket: TicketId, plan: &mut Plan<Note>) {
        let Some(after) = self.time_to_deed(ticket) else {
            return;
        };
        if let Some(playing) = self.playing.get_mut(&ticket) {
            playing.planned += 1;
            plan.wake_in(after, Note::Deed(ticket, playing.planned));
        }
    }

    /// None: it stays where it is until the end, as it did, or nobody ever handled a ticket.
    fn time_to_deed(&self, ticket: TicketId) -> Option<Duration> {
        let owner = self.playing.get(&ticket)?.owner.as_ref();
        match self.next_deed(ticket) {
            Some(deed) if deed.by.as_ref() == owner => Some(deed.after),
            Some(deed) => Some(deed.after * self.assumptions.other_agents_time_percent / 100),
            None if self.part_of(ticket).is_some_and(|part| part.in_hands) => None,
            None => self.handling_time,
        }
    }

    fn interrupted(&mut self, ticket: TicketId) {
        if let Some(playing) = self.playing.get_mut(&ticket) {
            playing.planned += 1;
        }
    }

    fn do_deed(&mut self, ticket: TicketId, plan: &mut Plan<Note>) {
        let command = match self.next_deed(ticket) {
            Some(deed) => self.played(&deed.command, ticket),
            None => Command::Resolve { ticket },
        };
        plan.command(plan.now(), command);
        if let Some(playing) = self.playing.get_mut(&ticket) {
            playing.next += 1;
        }
        match self.next_deed(ticket).map(|deed| deed.since) {
            Some(Since::Deed) => self.plan_deed(ticket, plan),
            // What was waited for has come already.
            Some(Since::Hands(at)) if at <= plan.now() => self.plan_deed(ticket, plan),
            Some(Since::Hands(_) | Since::Start) | None => {}
        }
    }

    /// The recorded command, about this ticket and by whoever has it now.
    fn played(&self, command: &Command, ticket: TicketId) -> Command {
        let owner = self.playing.get(&ticket).and_then(|playing| playing.owner.clone());
        match steered(command, ticket, &self.simulated) {
            Command::Answer {
                ticket,
                message,
                author,
                visible,
                then,
            } => Command::Answer {
                ticket,
                message,
                author: author.and(owner),
                visible,
                then,
            },
            other => other,
        }
    }
}

impl World for Cast {
    type Note = Note;

    fn wake(&mut self, note: Note, plan: &mut Plan<Note>) {
        match note {
            Note::Act => self.act(plan),
            Note::Deed(ticket, planned) => {
                let current = self
                    .playing
                    .get(&ticket)
                    .is_some_and(|playing| playing.planned == planned);
                if current {
                    self.do_deed(ticket, plan);
                }
            }
        }
    }

    /// Customers who left leave then, if they still wait; all others wait as long as it takes.
    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        let left = self.part_of(ticket.ticket)?.left?;
        Some(left.since(self.now))
    }

    fn answer(&mut self, ticket: &TicketRecord, agent: &AgentId, _: OfferId) -> OfferAnswer {
        let recorded = self.part_of(ticket.ticket).and_then(|part| part.answers.get(agent));
        match recorded {
            Some(Answered::Accepted(after)) => OfferAnswer::Accept { after: *after },
            Some(Answered::Declined(after, reason)) if self.assumptions.declines_as_recorded => OfferAnswer::Decline {
                after: *after,
                reason: *reason,
            },
            Some(Answered::Missed) if self.assumptions.declines_as_recorded => OfferAnswer::Miss,
            _ => OfferAnswer::Accept {
                after: self.script.answer_time_of(agent),
            },
        }
    }

    /// What agents do stands in the script.
    fn service(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
        None
    }

    fn saw(&mut self, event: &Event<RoutingEvent>, plan: &mut Plan<Note>) {
        self.now = event.at;
        self.tally.note(event);
        match &event.body {
            RoutingEvent::TicketOpened { ticket, intake, .. } | RoutingEvent::TicketSplit { ticket, intake, .. } => {
                self.opened(*ticket, intake.message);
            }
            RoutingEvent::OfferAccepted { ticket, agent, .. }
            | RoutingEvent::OwnerChanged { ticket, to: agent, .. } => {
                self.taken(*ticket, Some(agent), plan);
            }
            RoutingEvent::TicketResumed { ticket } | RoutingEvent::WrapUpInterrupted { ticket } => {
                self.taken(*ticket, None, plan);
            }
            RoutingEvent::TicketRequeued { ticket, .. }
            | RoutingEvent::TicketDone { ticket }
            | RoutingEvent::TicketCancelled { ticket }
            | RoutingEvent::TicketMerged { ticket, .. }
            | RoutingEvent::TicketScheduled { ticket, .. } => self.interrupted(*ticket),
            _ => {}
        }
    }

    fn ended(&mut self, _: &TicketRecord, _: &mut Plan<Note>) {}

    fn refused(&mut self, rejection: &Rejection) {
        self.refused += 1;
        self.refusal.get_or_insert_with(|| rejection.clone());
    }
}

/// The command about this ticket; others that it names go by their numbers of now, too.
fn steered(command: &Command, to: TicketId, simulated: &BTreeMap<TicketId, TicketId>) -> Command {
    let mut command = command.clone();
    if let Some(ticket) = command.ticket_mut() {
        *ticket = to;
    }
    if let Command::Merge { into, .. } = &mut command {
        *into = simulated.get(into).copied().unwrap_or(*into);
    }
    command
}
