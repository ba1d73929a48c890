//! The desk file in force, with what is looked up often at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tandem_domain::desk::{ChannelPolicy, Preference, QueuePolicy};
use tandem_domain::routing::Intake;
use tandem_domain::sla::PolicyFacts;
use tandem_domain::{
    CalendarId, Channel, ClockKind, CompiledDesk, LanguageTag, QueueId, Schedule, SkillId, SkillLevel,
};

use crate::capacity::{Demand, Interruptions};
use crate::requirement::Expressions;

/// For a channel whose numbers the desk file does not give: such tickets must not be lost either.
const UNNAMED_CHANNEL: ChannelPolicy = ChannelPolicy {
    units: 1,
    hold_units: 0,
    offer_ttl: Duration::from_mins(1),
    wrap_up: Duration::ZERO,
    hold_percent: None,
    auto_accept: false,
};

/// What a ticket's intake asked for; the requirement is made of it and of the desk in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) language: Option<LanguageTag>,
    /// As the rules gave them, even those that this version of the desk does not know.
    pub(crate) skills: BTreeMap<SkillId, SkillLevel>,
}

impl Asked {
    pub(crate) fn by(intake: &Intake) -> Self {
        Self {
            language: intake.language.clone(),
            skills: intake.skills.clone(),
        }
    }
}

/// The version of the desk that is in force.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) compiled: CompiledDesk,
    queues: FxHashMap<QueueId, usize>,
    skills: BTreeSet<SkillId>,
    channels: [ChannelPolicy; Channel::ALL.len()],
    /// What tickets may ask of an agent's capacity, each once: the channels' own first.
    demands: Vec<Demand>,
    interruptions: Interruptions,
    pub(crate) expressions: Expressions,
    schedules: BTreeMap<CalendarId, Schedule>,
    round_the_clock: Schedule,
    prefers_last_agents: bool,
}

/// A demand's place in [`Desk::demands`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DemandIx(pub(crate) usize);

impl Desk {
    pub(crate) fn new(compiled: CompiledDesk) -> Self {
        let queues = compiled
            .queues
            .iter()
            .enumerate()
            .map(|(at, queue)| (queue.id.clone(), at))
            .collect();
        let skills = compiled.skills.iter().cloned().collect();
        let channels = Channel::ALL.map(|channel| compiled.channels.get(&channel).cloned().unwrap_or(UNNAMED_CHANNEL));
        Self {
            demands: demands(&compiled, &channels),
            interruptions: Interruptions::of(&compiled.interruptible_by),
            expressions: Expressions::of(&compiled),
            schedules: schedules(&compiled),
            round_the_clock: Schedule::round_the_clock(),
            prefers_last_agents: prefers_last_agents(&compiled),
            compiled,
            queues,
            skills,
            channels,
        }
    }

    /// What tickets may ask of an agent's capacity.
    pub(crate) fn demands(&self) -> &[Demand] {
        &self.demands
    }

    pub(crate) fn demand(&self, demand: DemandIx) -> Demand {
        self.demands[demand.0]
    }

    /// What the queue's tickets of this channel ask of an agent's capacity.
    pub(crate) fn demand_in(&self, queue: &QueueId, channel: Channel) -> DemandIx {
        let own = self.queue(queue).and_then(|policy| policy.units.get(&channel).copied());
        let units = own.unwrap_or(self.channel(channel).units);
        let place = self
            .demands
            .iter()
            .position(|demand| *demand == Demand { channel, units });
        DemandIx(place.expect("the demands are those of all queues and channels"))
    }

    pub(crate) fn interruptions(&self) -> &Interruptions {
        &self.interruptions
    }

    pub(crate) fn channel(&self, channel: Channel) -> &ChannelPolicy {
        &self.channels[channel as usize]
    }

    pub(crate) fn queue(&self, queue: &QueueId) -> Option<&QueuePolicy> {
        self.queues.get(queue).map(|at| &self.compiled.queues[*at])
    }

    /// The queue itself or, where this version does not have it, the desk's first: a message
    /// that ingest queued by another version must still find its way.
    pub(crate) fn queue_or_first<'a>(&'a self, queue: &'a QueueId) -> &'a QueueId {
        match self.compiled.queues.first() {
            Some(first) if !self.queues.contains_key(queue) => &first.id,
            _ => queue,
        }
    }

    pub(crate) fn knows(&self, skill: &SkillId) -> bool {
        self.skills.contains(skill)
    }

    /// Whether any step asks who served a customer last: only then it is remembered.
    pub(crate) fn prefers_last_agents(&self) -> bool {
        self.prefers_last_agents
    }

    /// A calendar's hours.
    pub(crate) fn schedule(&self, calendar: &CalendarId) -> Option<&Schedule> {
        self.schedules.get(calendar)
    }

    /// The working time within which something is promised to such a ticket, and by whose hours; none: nothing is.
    pub(crate) fn promised(&self, clock: ClockKind, facts: PolicyFacts<'_>) -> Option<(Duration, &Schedule)> {
        let policy = self.compiled.sla.policy_of(facts)?;
        let target = policy.target(clock, facts.priority)?;
        let own = policy.calendar.as_ref().and_then(|calendar| self.schedule(calendar));
        Some((target, own.unwrap_or(&self.round_the_clock)))
    }

    /// For how long somebody who declined or missed one of the queue's tickets is passed over for it.
    pub(crate) fn decline_pause(&self, queue: &QueueId) -> Duration {
        self.queue(queue).map_or(Duration::ZERO, |policy| policy.decline_pause)
    }
}

fn prefers_last_agents(compiled: &CompiledDesk) -> bool {
    let mut steps = compiled.queues.iter().flat_map(|queue| &queue.steps);
    steps.any(|step| step.prefer == Some(Preference::LastAgent))
}

fn schedules(compiled: &CompiledDesk) -> BTreeMap<CalendarId, Schedule> {
    let calendars = compiled.sla.calendars.iter();
    calendars
        .map(|calendar| (calendar.id.clone(), Schedule::of(calendar)))
        .collect()
}

fn demands(compiled: &CompiledDesk, channels: &[ChannelPolicy; Channel::ALL.len()]) -> Vec<Demand> {
    let of_channel = |channel: Channel| Demand {
        channel,
        units: channels[channel as usize].units,
    };
    let mut demands: Vec<_> = Channel::ALL.into_iter().map(of_channel).collect();
    for (channel, units) in compiled.queues.iter().flat_map(|queue| &queue.units) {
        let (channel, units) = (*channel, *units);
        let demand = Demand { channel, units };
        if !demands.contains(&demand) {
            demands.push(demand);
        }
    }
    demands
}
