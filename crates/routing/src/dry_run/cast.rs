//! Customers and agents of a recorded stretch, on simulated time.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};
use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, MessageId, OfferId, Presence, TicketId, Timestamp};

use super::Assumptions;
use super::script::{Act, Answered, Deed, Medians, Part, Script, Since};
use super::tally::Tally;
use crate::numbered::Numbered;
use crate::sim::{OfferAnswer, Plan, TicketRecord, World};

/// What the cast plans.
#[derive(Debug)]
pub(super) enum Note {
    /// The next act of the script.
    Act,
    /// Whoever has the ticket does the next thing, if this is still so.
    Deed(TicketId, u32),
    /// Who was asked to help answers, if the offer still stands.
    Help(OfferId),
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
    pub(super) medians: Medians,
    pub(super) tally: Tally,
    assumptions: Assumptions,
    playing: Numbered<TicketId, Playing>,
    recorded_by_message: FxHashMap<MessageId, TicketId>,
    /// Now, by recorded numbers: tickets may be numbered differently.
    simulated: Numbered<TicketId, TicketId>,
    /// Open offers to help, and how they will be answered.
    helping: FxHashMap<OfferId, Command>,
    /// How often somebody was asked to help with a ticket.
    asked: FxHashMap<(TicketId, AgentId), usize>,
    agents: FxHashSet<AgentId>,
    now: Timestamp,
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
        Self {
            medians: script.medians(),
            script,
            tally,
            assumptions,
            playing: Numbered::default(),
            recorded_by_message: recorded.opened_in_stretch().collect(),
            simulated: Numbered::default(),
            helping: FxHashMap::default(),
            asked: FxHashMap::default(),
            agents: other.agents.iter().map(|agent| agent.id.clone()).collect(),
            now: Timestamp::EPOCH,
            refused: 0,
            refusal: None,
        }
    }

    pub(super) const fn take_refusal(&mut self) -> Option<Rejection> {
        self.refusal.take()
    }

    /// Plans what begins the play: who is new comes, who had a ticket goes on with it.
    pub(super) fn begin(&mut self, newcomers: &[AgentId], owned: Vec<(TicketId, AgentId)>, plan: &mut Plan<Note>) {
        self.now = plan.now();
        for agent in newcomers.iter().filter(|_| self.assumptions.newcomers_online) {
            let (agent, presence) = (agent.clone(), Presence::Online);
            plan.command(plan.now(), Command::SetPresence { agent, presence });
        }
        for (ticket, owner) in owned {
            let playing = Playing {
                recorded: Some(ticket),
                owner: Some(owner),
                ..Playing::default()
            };
            self.playing.insert(ticket, playing);
        }
        for (ticket, deed) in self.script.begun() {
            let playing = self.playing.get_or_insert_with(ticket, Playing::default);
            (playing.recorded, playing.planned) = (Some(ticket), 1);
            plan.wake_in(deed.after, Note::Deed(ticket, 1));
        }
        self.plan_act(plan);
    }

    fn plan_act(&self, plan: &mut Plan<Note>) {
        if let Some((at, _)) = self.script.acts.front() {
            plan.wake(*at, Note::Act);
        }
    }

    fn act(&mut self, plan: &mut Plan<Note>) {
        let Some((_, act)) = self.script.acts.pop_front() else {
            return;
        };
        match act {
            Act::Command(command) if self.is_of_somebody_else(&command) => {}
            Act::Command(command) => plan.command(plan.now(), *command),
            Act::Steer(recorded, command) => {
                let ticket = self.simulated.get(recorded).copied().unwrap_or(recorded);
                plan.command(plan.now(), steered(*command, ticket, &self.simulated));
            }
        }
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
        let playing = self.playing.get(ticket);
        let recorded = playing.map_or(Some(ticket), |playing| playing.recorded)?;
        self.script.part(recorded)
    }

    fn next_deed(&self, ticket: TicketId) -> Option<&Deed> {
        let next = self.playing.get(ticket).map_or(0, |playing| playing.next);
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
        let playing = self.playing.get_or_insert_with(ticket, || Playing {
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
        if let Some(playing) = self.playing.get_mut(ticket) {
            playing.planned += 1;
            plan.wake_in(after, Note::Deed(ticket, playing.planned));
        }
    }

    /// None: it stays where it is until the end, as it did, or nobody ever handled a ticket.
    fn time_to_deed(&self, ticket: TicketId) -> Option<Duration> {
        let owner = self.playing.get(ticket)?.owner.as_ref();
        match self.next_deed(ticket) {
            Some(deed) if deed.by.as_ref() == owner => Some(deed.after),
            Some(deed) => Some(deed.after * self.assumptions.other_agents_time_percent / 100),
            None if self.part_of(ticket).is_some_and(|part| part.in_hands) => None,
            None => self.medians.handling,
        }
    }

    fn interrupted(&mut self, ticket: TicketId) {
        if let Some(playing) = self.playing.get_mut(ticket) {
            playing.planned += 1;
        }
    }

    fn do_deed(&mut self, ticket: TicketId, plan: &mut Plan<Note>) {
        let command = match self.next_deed(ticket) {
            Some(deed) => self.played(&deed.command, ticket),
            None => Command::Resolve { ticket },
        };
        plan.command(plan.now(), command);
        if let Some(playing) = self.playing.get_mut(ticket) {
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
        let owner = self.playing.get(ticket).and_then(|playing| playing.owner.clone());
        match steered(command.clone(), ticket, &self.simulated) {
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

/// Offers.
impl Cast {
    fn answered(&self, recorded: Option<Answered>, agent: &AgentId) -> OfferAnswer {
        match recorded {
            Some(Answered::Accepted(after)) => OfferAnswer::Accept { after },
            Some(Answered::Declined(after, reason)) if self.assumptions.declines_as_recorded => {
                OfferAnswer::Decline { after, reason }
            }
            Some(Answered::Missed) if self.assumptions.declines_as_recorded => OfferAnswer::Miss,
            _ => OfferAnswer::Accept {
                after: self.medians.answer_of(agent),
            },
        }
    }

    fn asked_to_help(&mut self, offer: OfferId, ticket: TicketId, agent: &AgentId, plan: &mut Plan<Note>) {
        let times = self.asked.entry((ticket, agent.clone())).or_default();
        let before = std::mem::replace(times, *times + 1);
        let recorded = self.part_of(ticket).and_then(|part| part.help_of(agent, before));
        let by = agent.clone();
        let (after, answer) = match self.answered(recorded, agent) {
            OfferAnswer::Accept { after } => (after, Command::Accept { agent: by, offer }),
            OfferAnswer::Decline { after, reason } => {
                let agent = by;
                (after, Command::Decline { agent, offer, reason })
            }
            OfferAnswer::Miss => return,
        };
        self.helping.insert(offer, answer);
        plan.wake_in(after, Note::Help(offer));
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
                    .get(ticket)
                    .is_some_and(|playing| playing.planned == planned);
                if current {
                    self.do_deed(ticket, plan);
                }
            }
            Note::Help(offer) => {
                if let Some(answer) = self.helping.remove(&offer) {
                    plan.command(plan.now(), answer);
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
        self.answered(
            self.part_of(ticket.ticket).and_then(|part| part.answer_of(agent)),
            agent,
        )
    }

    /// What agents do stands in the script.
    fn service(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
        None
    }

    fn saw(&mut self, event: &Event<RoutingEvent>, plan: &mut Plan<Note>) {
        self.now = event.at;
        self.tally.tell(event);
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
            RoutingEvent::HelpOffered {
                offer, ticket, agent, ..
            } => self.asked_to_help(*offer, *ticket, agent, plan),
            RoutingEvent::HelpAccepted { offer, .. } | RoutingEvent::HelpRefused { offer, .. } => {
                self.helping.remove(offer);
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
fn steered(mut command: Command, to: TicketId, simulated: &Numbered<TicketId, TicketId>) -> Command {
    if let Some(ticket) = command.ticket_mut() {
        *ticket = to;
    }
    if let Command::Merge { into, .. } = &mut command {
        *into = simulated.get(*into).copied().unwrap_or(*into);
    }
    command
}
