//! A dry run: a recorded stretch of a desk's history once more, as it was or under another version of the desk.
//!
//! Under the same version the stretch is replayed exactly: every input is decided anew and must make the recorded events.
//! Under another version customers come and write when they did, and agents are there when they were; who gets what is
//! decided by the production core on simulated time ([`crate::sim`]). What nobody can know (how long another agent would
//! have taken, how soon he or she would have answered, who would have left) comes from [`Assumptions`], which are part of
//! the answer.
//!
//! ```text
//! events before the stretch ──► core and books at its start
//! events of the stretch ──► what happened (Tally) ──────────────────────────────┐
//!                       └─► inputs ──► Script ──► Cast in a Simulation ──► Tally ┴─► Comparison
//! ```

mod cast;
mod figures;
mod script;
mod tally;

use std::time::Duration;

use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{AgentId, Channel, CompiledDesk, Core, DeskId, Event, LanguageTag, QueueId, TicketId, Timestamp};

pub use figures::{Figures, Waits};

use crate::RoutingCore;
use crate::replay::{Divergence, Replayed, Replayer};
use crate::sim::Simulation;
use cast::Cast;
use script::Script;
use tally::Tally;

/// What is taken for granted where the journal cannot know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// What another agent than the recorded one takes for a ticket, in percent of what it took.
    pub other_agents_time_percent: u32,
    /// Whether agents decline and miss what they declined and missed; else everybody takes every offer.
    pub declines_as_recorded: bool,
    /// Whether agents whom only the other version knows are online throughout; else they are never there.
    pub newcomers_online: bool,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            other_agents_time_percent: 100,
            declines_as_recorded: true,
            newcomers_online: true,
        }
    }
}

/// What is run dry.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The stretch begins here: what happened before is the state in which it begins.
    pub from: Timestamp,
    /// Under which version; none: as it was.
    pub other: Option<CompiledDesk>,
    /// What is taken for granted under another version.
    pub assumptions: Assumptions,
    /// So many tickets with the largest differences are named.
    pub named: usize,
}

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// All tickets that waited in the stretch.
    pub whole: Figures,
    /// By what they asked for when they opened.
    pub groups: Vec<(Group, Figures)>,
    /// Everybody who was online or busy, by key.
    pub agents: Vec<AgentShare>,
}

/// Tickets of one queue, channel and language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The queue.
    pub queue: QueueId,
    /// The channel.
    pub channel: Channel,
    /// The language, where one was known.
    pub language: Option<LanguageTag>,
}

/// What an agent did in the stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentShare {
    /// The agent.
    pub agent: AgentId,
    /// Tickets accepted.
    pub accepted: u64,
    /// Time online.
    pub online: Duration,
    /// Time with a ticket at work or in wrap-up.
    pub busy: Duration,
}

/// A ticket that fares differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The ticket, by its recorded number.
    pub ticket: TicketId,
    /// As recorded.
    pub recorded: Fate,
    /// As simulated.
    pub simulated: Fate,
}

/// What became of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// How long it waited for its first accept, for the customer to leave, or until the stretch's end.
    pub waited: Duration,
    /// Who accepted it first, if anybody did.
    pub agent: Option<AgentId>,
}

/// What came of a dry run.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Recorded events of the stretch.
    pub events: u64,
    /// As it was.
    pub recorded: Outcome,
    /// How it comes out now.
    pub rerun: Rerun,
}

/// The other side.
#[derive(Clone, Debug, PartialEq)]
pub enum Rerun {
    /// The same version: every event of the stretch was decided anew, and is the same.
    Exact,
    /// The same version, but the stretch was not decided by this program: its first difference.
    Diverged(Divergence),
    /// Another version.
    Other(Box<Simulated>),
}

/// How the stretch comes out under another version.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The figures.
    pub outcome: Outcome,
    /// Tickets that fare most differently, the largest difference first.
    pub differences: Vec<Difference>,
    /// What people did in the stretch and could not be done in the simulation, such as a transfer to somebody without room.
    pub refused: u64,
    /// Agents whom only the other version knows.
    pub newcomers: Vec<AgentId>,
    /// The median time in which offers were answered.
    pub answer_time: Duration,
    /// The median time that tickets were at work, which is taken where a ticket was never at work in the stretch.
    pub handling_time: Option<Duration>,
}

/// Why nothing came of a dry run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// The other version cannot come into force at the stretch's start.
    #[error("the other version cannot come into force at the start of the stretch: {0}")]
    Refused(Rejection),
    /// Nobody wants to know any more.
    #[error("it was stopped")]
    Stopped,
}

/// A dry run under way. Memory is bounded by the tickets that are open at its start or appear in the stretch.
#[derive(Debug)]
pub struct DryRun {
    plan: Plan,
    desk: DeskId,
    /// At the stretch's start.
    core: RoutingCore,
    before: Tally,
    stretch: Option<Stretch>,
    events: u64,
}

#[derive(Debug)]
struct Stretch {
    replayer: Option<Replayer>,
    diverged: Option<Divergence>,
    recorded: Tally,
    /// None, where nothing is to be simulated.
    script: Option<Script>,
}

impl DryRun {
    /// Begins at the beginning of a desk's history.
    #[must_use]
    pub fn new(desk: &DeskId, plan: Plan) -> Self {
        Self {
            plan,
            desk: desk.clone(),
            core: RoutingCore::new(desk),
            before: Tally::default(),
            stretch: None,
            events: 0,
        }
    }

    /// Recorded events of the stretch so far.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Takes the next recorded event in; those before the stretch, too.
    pub fn take(&mut self, event: Event<RoutingEvent>) {
        if self.stretch.is_none() && event.at < self.plan.from {
            self.core.apply(&event);
            self.before.recall(&event);
            return;
        }
        self.events += 1;
        self.begin().take(event);
    }

    fn begin(&mut self) -> &mut Stretch {
        let (plan, core, before) = (&self.plan, &mut self.core, &mut self.before);
        self.stretch.get_or_insert_with(|| {
            // Under the same version nobody goes on from here a second time.
            let (replayer, mut recorded) = if plan.other.is_some() {
                (Replayer::believing(core), before.clone())
            } else {
                let core = std::mem::replace(core, RoutingCore::new(&self.desk));
                (Replayer::deciding(core), std::mem::take(before))
            };
            recorded.begin(plan.from);
            Stretch {
                replayer: Some(replayer),
                diverged: None,
                recorded,
                script: plan.other.is_some().then(|| Script::new(plan.from)),
            }
        })
    }

    /// Compares, once every event up to `to` was taken in; `go_on` is asked every now and then.
    ///
    /// # Errors
    /// The other version was refused, or `go_on` said no.
    pub fn finish(mut self, to: Timestamp, go_on: &dyn Fn() -> bool) -> Result<Comparison, Unfinished> {
        self.begin().close();
        let Self {
            plan,
            core,
            before,
            stretch,
            events,
            ..
        } = self;
        let Some(mut stretch) = stretch else {
            return Err(Unfinished::Stopped);
        };
        let recorded = stretch.recorded.outcome(to);
        let rerun = match (plan.other.clone().zip(stretch.script), stretch.diverged) {
            (Some((other, script)), _) => {
                let cast = Recast {
                    other,
                    script,
                    recorded: &stretch.recorded,
                };
                Rerun::Other(Box::new(simulate(&plan, core, before, cast, &Until { to, go_on })?))
            }
            (None, Some(divergence)) => Rerun::Diverged(divergence),
            (None, None) => Rerun::Exact,
        };
        Ok(Comparison {
            events,
            recorded,
            rerun,
        })
    }
}

impl Stretch {
    fn take(&mut self, event: Event<RoutingEvent>) {
        self.recorded.note(&event);
        let script = &mut self.script;
        let Some(replayer) = &mut self.replayer else { return };
        if let Err(divergence) = replayer.take(event, &mut |replayed| note(script, replayed)) {
            self.diverged = Some(divergence);
            self.replayer = None;
        }
    }

    fn close(&mut self) {
        let script = &mut self.script;
        let Some(replayer) = self.replayer.take() else { return };
        if let Err(divergence) = replayer.finish(&mut |replayed| note(script, replayed)) {
            self.diverged = Some(divergence);
        }
    }
}

fn note(script: &mut Option<Script>, replayed: Replayed) {
    if let Some(script) = script {
        script.note(replayed);
    }
}

/// How far a simulation runs, if nobody stops it.
struct Until<'a> {
    to: Timestamp,
    go_on: &'a dyn Fn() -> bool,
}

/// Whether it is still wanted is asked once in so many steps.
const STEPS: usize = 10_000;

fn run(simulation: &mut Simulation<Cast>, until: &Until) -> Result<(), Unfinished> {
    while (until.go_on)() {
        let over = (0..STEPS).any(|_| simulation.step(until.to).is_none());
        if over {
            return Ok(());
        }
    }
    Err(Unfinished::Stopped)
}

/// Another version, and what is played to it.
struct Recast<'a> {
    other: CompiledDesk,
    script: Script,
    recorded: &'a Tally,
}

fn simulate(
    plan: &Plan,
    core: RoutingCore,
    mut tally: Tally,
    recast: Recast,
    until: &Until,
) -> Result<Simulated, Unfinished> {
    let Recast {
        other,
        script,
        recorded,
    } = recast;
    let newcomers = newcomers(recorded, &other);
    tally.begin(plan.from);
    let (owned, book) = (tally.owned(), tally.lend_book());
    let cast = Cast::new(script, tally, recorded, plan.assumptions, &other);
    let mut simulation = Simulation::keeping(core, cast, plan.from, book);
    simulation.plan().command(plan.from, Command::Activate(Box::new(other)));
    simulation.run_until(plan.from);
    if let Some(rejection) = simulation.world_and_plan().0.take_refusal() {
        return Err(Unfinished::Refused(rejection));
    }
    let (cast, agenda) = simulation.world_and_plan();
    cast.begin(&newcomers, owned, agenda);
    simulation.take_over();
    run(&mut simulation, until)?;
    let (mut cast, book) = simulation.into_world_and_book();
    cast.tally.take_back(book);
    Ok(Simulated {
        outcome: cast.tally.outcome(until.to),
        differences: figures::differences(recorded, &cast.tally, until.to, plan.named),
        refused: cast.refused,
        newcomers,
        answer_time: cast.medians.answer,
        handling_time: cast.medians.handling,
    })
}

/// Agents whom only the other version knows. Of somebody who came onto the desk in the stretch it is recorded when he or
/// she was there.
fn newcomers(recorded: &Tally, other: &CompiledDesk) -> Vec<AgentId> {
    let agents = other.agents.iter().map(|agent| &agent.id);
    agents.filter(|agent| !recorded.knew(agent)).cloned().collect()
}
