//! Exact replay: a history is fed to the core once more, and must come out as it was.
//!
//! The journal holds what happened, not what was asked for. But every event says when, by whom and why it happened, and
//! the first events of a turn say what the input was. So the inputs can be had back from the events; a core
//! in the state before, fed with them, makes the very same events again. Where one turn ends and the next one begins
//! needs no mark in the journal: it is where the core has nothing more to say.
//!
//! Inputs that made no event changed nothing, and leave nothing to be replayed.

mod inputs;
mod known;

use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{AgentId, Context, Core, Event};

use crate::RoutingCore;
use known::Followed;

/// What a core was fed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A command.
    Command(Box<Command>),
    /// The time came.
    Tick,
    /// An agent's session was lost.
    SessionLost(AgentId),
}

/// One input of a history, and all that it made.
#[derive(Debug)]
pub struct Replayed<'a> {
    /// What the core was fed with.
    pub input: Input,
    /// With what surrounded it.
    pub context: Context,
    /// What came of it; never empty.
    pub events: &'a [Event<RoutingEvent>],
}

/// The history does not follow from its own inputs: another program decided it, or it was tampered with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorded event is not what the same input makes now")]
pub struct Divergence {
    /// Which recorded event it is, counted from 0 since the replay began.
    pub at: u64,
    /// As recorded.
    pub recorded: Box<Event<RoutingEvent>>,
    /// As the core makes it now; none: it makes nothing (more), or the input cannot be told.
    pub made: Option<Box<Event<RoutingEvent>>>,
}

/// Replays a history, event by event; memory is bounded by the longest run of events of one context and, where it is
/// believed, by the tickets that are open at once.
#[derive(Debug)]
pub struct Replayer {
    past: Past,
    /// Recorded events of one context that are not replayed yet.
    run: Vec<Event<RoutingEvent>>,
    made: Vec<Event<RoutingEvent>>,
    replayed: u64,
}

/// How a history is gone through.
#[derive(Debug)]
enum Past {
    /// Each input is decided anew, and must make what is recorded.
    Decided(Box<RoutingCore>),
    /// What is recorded is believed. Inputs are told apart by their contexts alone.
    Believed(Followed),
}

impl Replayer {
    /// Each input is decided anew by a core in the state before the first event, and must make what is recorded.
    #[must_use]
    pub fn deciding(core: RoutingCore) -> Self {
        Self::of(Past::Decided(Box::new(core)))
    }

    /// What is recorded is believed: for histories that another program decided. The core is in the state before the
    /// first event.
    #[must_use]
    pub fn believing(core: &RoutingCore) -> Self {
        Self::of(Past::Believed(Followed::from(&core.state)))
    }

    const fn of(past: Past) -> Self {
        Self {
            past,
            run: Vec::new(),
            made: Vec::new(),
            replayed: 0,
        }
    }

    /// Takes the next recorded event in. `each` is told of every input that became clear by it.
    ///
    /// # Errors
    /// The first difference; the replay is over then.
    pub fn take(&mut self, event: Event<RoutingEvent>, each: &mut impl FnMut(Replayed)) -> Result<(), Divergence> {
        if self.run.last().is_some_and(|last| !same_context(last, &event)) {
            self.replay(each)?;
        }
        self.run.push(event);
        Ok(())
    }

    /// Replays what is still held back, at the history's end.
    ///
    /// # Errors
    /// The first difference.
    pub fn finish(mut self, each: &mut impl FnMut(Replayed)) -> Result<(), Divergence> {
        self.replay(each)
    }

    fn replay(&mut self, each: &mut impl FnMut(Replayed)) -> Result<(), Divergence> {
        let run = std::mem::take(&mut self.run);
        let mut rest = run.as_slice();
        while let Some(first) = rest.first() {
            let input = match &self.past {
                Past::Decided(core) => inputs::input_of(&core.state, rest),
                Past::Believed(followed) => inputs::input_of(followed, rest),
            };
            let Some(input) = input else {
                return Err(divergence(self.replayed, first, None));
            };
            let context = context_of(first);
            let (input, length) = match &mut self.past {
                Past::Decided(core) => decide(core, (input, &context), rest, &mut self.made)
                    .map_err(|(same, recorded, made)| divergence(self.replayed + same as u64, recorded, made))?,
                Past::Believed(followed) => (input, believe(followed, rest)),
            };
            let (events, later) = rest.split_at(length);
            each(Replayed { input, context, events });
            self.replayed += length as u64;
            rest = later;
        }
        self.run = run;
        self.run.clear();
        Ok(())
    }
}

/// How many events are the same, what comes next as recorded, and as it was made.
type Difference<'a> = (usize, &'a Event<RoutingEvent>, Option<&'a Event<RoutingEvent>>);

/// The input, and how many of the recorded events it makes.
fn decide<'a>(
    core: &mut RoutingCore,
    (mut input, context): (Input, &Context),
    rest: &'a [Event<RoutingEvent>],
    made: &'a mut Vec<Event<RoutingEvent>>,
) -> Result<(Input, usize), Difference<'a>> {
    made.clear();
    if core.feed(&input, context, made).is_err()
        && let Some(less) = inputs::without_what_followed(&input)
    {
        input = less;
        // Another refusal makes no event, which is a difference.
        core.feed(&input, context, made).ok();
    }
    let same = rest
        .iter()
        .zip(&*made)
        .take_while(|(recorded, made)| recorded == made)
        .count();
    if same < made.len() || made.is_empty() {
        let recorded = rest.get(same).unwrap_or(&rest[rest.len() - 1]);
        return Err((same, recorded, made.get(same)));
    }
    Ok((input, same))
}

fn believe(followed: &mut Followed, rest: &[Event<RoutingEvent>]) -> usize {
    let length = inputs::turn_length(rest);
    rest[..length].iter().for_each(|event| followed.follow(&event.body));
    length
}

fn divergence(at: u64, recorded: &Event<RoutingEvent>, made: Option<&Event<RoutingEvent>>) -> Divergence {
    Divergence {
        at,
        recorded: Box::new(recorded.clone()),
        made: made.cloned().map(Box::new),
    }
}

impl RoutingCore {
    /// Feeds the core with one input.
    ///
    /// # Errors
    /// The rejection of a command; nothing has changed then.
    pub fn feed(
        &mut self,
        input: &Input,
        context: &Context,
        out: &mut Vec<Event<RoutingEvent>>,
    ) -> Result<(), Rejection> {
        match input {
            Input::Command(command) => self.handle((**command).clone(), context, out).map(drop),
            Input::Tick => {
                self.tick(context, out);
                Ok(())
            }
            Input::SessionLost(agent) => {
                self.session_lost(agent, context, out);
                Ok(())
            }
        }
    }
}

fn same_context(one: &Event<RoutingEvent>, other: &Event<RoutingEvent>) -> bool {
    one.at == other.at && one.cause == other.cause && one.actor == other.actor && one.trace == other.trace
}

fn context_of(event: &Event<RoutingEvent>) -> Context {
    Context {
        now: event.at,
        actor: event.actor.clone(),
        cause: event.cause.clone(),
        trace: event.trace.clone(),
    }
}
