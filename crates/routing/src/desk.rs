//! The desk file in force, with what is looked up often at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy};
use tandem_domain::{Channel, CompiledDesk, LanguageTag, Proficiency, QueueId, Requirement, SkillId, SkillLevel};

use crate::capacity::{Demand, Interruptions};

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
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) language: Option<LanguageTag>,
    /// As the rules gave them, even those that this version of the desk does not know.
    pub(crate) skills: BTreeMap<SkillId, SkillLevel>,
}

/// The version of the desk that is in force.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) compiled: CompiledDesk,
    queues: BTreeMap<QueueId, usize>,
    skills: BTreeSet<SkillId>,
    channels: [ChannelPolicy; Channel::ALL.len()],
    /// What tickets may ask of an agent's capacity, each once: the channels' own first.
    demands: Vec<Demand>,
    interruptions: Interruptions,
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
        let place = self.demands.iter().position(|demand| *demand == Demand { channel, units });
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

    /// For how long somebody who declined or missed one of the queue's tickets is passed over for it.
    pub(crate) fn decline_pause(&self, queue: &QueueId) -> Duration {
        self.queue(queue).map_or(Duration::ZERO, |policy| policy.decline_pause)
    }

    /// What a ticket in `queue` asks of an agent.
    pub(crate) fn requirement(&self, asked: &Asked, queue: &QueueId, channel: Channel) -> Requirement {
        let queue = self.queue_or_first(queue);
        let language = asked.language.as_ref().or(self.compiled.default_language.as_ref());
        Requirement {
            queue: queue.clone(),
            channel,
            language: language.map(|language| (language.clone(), self.compiled.min_proficiency)),
            skills: self.skills_asked(asked, queue),
            ..Requirement::new(queue.clone(), channel)
        }
    }

    fn skills_asked(&self, asked: &Asked, queue: &QueueId) -> BTreeMap<SkillId, SkillLevel> {
        let mut skills = self
            .queue(queue)
            .map(|policy| policy.skills.clone())
            .unwrap_or_default();
        for (skill, level) in asked.skills.iter().filter(|(skill, _)| self.skills.contains(*skill)) {
            let wanted = skills.entry(skill.clone()).or_insert(*level);
            *wanted = (*wanted).max(*level);
        }
        skills
    }

    /// Whether the agent has team, skills and language for it.
    pub(crate) fn fits(&self, agent: &AgentProfile, requirement: &Requirement) -> bool {
        self.serves_queue(agent, &requirement.queue)
            && requirement
                .skills
                .iter()
                .all(|(skill, level)| agent.skills.get(skill) >= Some(level))
            && requirement
                .language
                .as_ref()
                .is_none_or(|(tag, least)| proficiency(agent, tag) >= Some(*least))
    }

    /// Whether one of the agent's teams serves the queue. A queue without teams is nobody's.
    pub(crate) fn serves_queue(&self, agent: &AgentProfile, queue: &QueueId) -> bool {
        self.queue(queue)
            .is_some_and(|policy| policy.teams.iter().any(|team| agent.teams.contains(team)))
    }
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

/// The agent's best proficiency in a language that serves a customer who wants `wanted`.
pub(crate) fn proficiency(agent: &AgentProfile, wanted: &LanguageTag) -> Option<Proficiency> {
    agent
        .languages
        .iter()
        .filter(|(spoken, _)| spoken.serves(wanted))
        .map(|(_, level)| *level)
        .max()
}
