//! What a ticket asks of an agent in a routing step, and whether somebody fits that.

use std::collections::BTreeMap;

use tandem_domain::desk::{AgentProfile, Asks, LanguageAsk, RoutingStep};
use tandem_domain::expression::Expression;
use tandem_domain::{
    AgentId, Channel, CompiledDesk, LanguageTag, Proficiency, QueueId, Requirement, SkillId, SkillLevel, TeamId,
};

use crate::desk::{Asked, Desk};

/// What each step of each queue requires besides skills, language and teams: the queue's expression and the step's.
#[derive(Debug)]
pub(crate) struct Expressions(BTreeMap<QueueId, Vec<Option<Expression>>>);

impl Expressions {
    pub(crate) fn of(desk: &CompiledDesk) -> Self {
        let queues = desk.queues.iter().map(|queue| {
            let own = [queue.require.clone()];
            let steps = queue
                .steps
                .iter()
                .map(|step| both(queue.require.as_ref(), step.require.as_ref()));
            let each: Vec<_> = if queue.steps.is_empty() {
                own.into()
            } else {
                steps.collect()
            };
            (queue.id.clone(), each)
        });
        Self(queues.collect())
    }

    fn in_step(&self, queue: &QueueId, step: u16) -> Option<&Expression> {
        self.0.get(queue)?.get(usize::from(step))?.as_ref()
    }
}

fn both(queues: Option<&Expression>, steps: Option<&Expression>) -> Option<Expression> {
    match (queues, steps) {
        (Some(queues), Some(steps)) => Some(queues.clone().and(steps.clone())),
        (one, None) | (None, one) => one.cloned(),
    }
}

/// What is asked.
impl Desk {
    /// The queue's routing steps; none: it has but its own.
    pub(crate) fn steps(&self, queue: &QueueId) -> &[RoutingStep] {
        self.queue(queue).map_or(&[], |policy| &policy.steps)
    }

    /// Whether the queue's steps end with this one.
    pub(crate) fn is_last_step(&self, queue: &QueueId, step: u16) -> bool {
        usize::from(step) + 1 >= self.steps(queue).len()
    }

    /// What a ticket in `queue` asks of an agent in one of its steps, which may be reserved for `only` some.
    pub(crate) fn requirement(
        &self,
        asked: &Asked,
        queue: &QueueId,
        channel: Channel,
        (step, only): (u16, Vec<AgentId>),
    ) -> Requirement {
        let queue = self.queue_or_first(queue);
        let of_step = self.steps(queue).get(usize::from(step));
        let asks = of_step.map_or_else(Asks::default, |step| step.asks);
        Requirement {
            language: self.language_asked(asked, asks.language),
            skills: self.skills_asked(asked, queue, asks.skills),
            step,
            expression: self.expressions.in_step(queue, step).cloned(),
            pool: of_step.map(|step| step.teams.clone()).unwrap_or_default(),
            only,
            ..Requirement::new(queue.clone(), channel)
        }
    }

    /// The language in which a ticket is served, whatever its step asks for.
    pub(crate) fn language_of<'a>(&'a self, asked: &'a Asked) -> Option<&'a LanguageTag> {
        asked.language.as_ref().or(self.compiled.default_language.as_ref())
    }

    fn language_asked(&self, asked: &Asked, ask: LanguageAsk) -> Option<(LanguageTag, Proficiency)> {
        let least = match ask {
            LanguageAsk::AsAsked => self.compiled.min_proficiency,
            LanguageAsk::AtLeast(least) => least,
            LanguageAsk::Any => return None,
        };
        self.language_of(asked).map(|language| (language.clone(), least))
    }

    fn skills_asked(&self, asked: &Asked, queue: &QueueId, by_rules: bool) -> BTreeMap<SkillId, SkillLevel> {
        let mut skills = self
            .queue(queue)
            .map(|policy| policy.skills.clone())
            .unwrap_or_default();
        let known = asked.skills.iter().filter(|(skill, _)| by_rules && self.knows(skill));
        for (skill, level) in known {
            let wanted = skills.entry(skill.clone()).or_insert(*level);
            *wanted = (*wanted).max(*level);
        }
        skills
    }
}

/// Who fits.
impl Desk {
    /// Whether the agent has team, skills, language and whatever else is asked for.
    pub(crate) fn fits(&self, agent: &AgentProfile, requirement: &Requirement) -> bool {
        self.is_in_pool(agent, requirement)
            && (requirement.only.is_empty() || requirement.only.contains(&agent.id))
            && requirement
                .skills
                .iter()
                .all(|(skill, level)| agent.skills.get(skill) >= Some(level))
            && requirement
                .language
                .as_ref()
                .is_none_or(|(tag, least)| proficiency(agent, tag) >= Some(*least))
            && requirement
                .expression
                .as_ref()
                .is_none_or(|expression| expression.holds_for(agent))
    }

    /// Whether one of the agent's teams may serve it.
    pub(crate) fn is_in_pool(&self, agent: &AgentProfile, requirement: &Requirement) -> bool {
        self.pool(requirement).iter().any(|team| agent.teams.contains(team))
    }

    /// The teams that may serve it: the step's or, where it names none, the queue's. Without either it is nobody's.
    pub(crate) fn pool<'a>(&'a self, requirement: &'a Requirement) -> &'a [TeamId] {
        if requirement.pool.is_empty() {
            self.queue(&requirement.queue).map_or(&[], |policy| &policy.teams)
        } else {
            &requirement.pool
        }
    }
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
