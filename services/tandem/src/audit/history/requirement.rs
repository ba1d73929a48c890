//! What a ticket asks of an agent, worked out from its first message and the desk file in force.

use std::collections::BTreeMap;

use tandem_domain::desk::{LanguageAsk, QueuePolicy, RoutingStep};
use tandem_domain::expression::Expression;
use tandem_domain::routing::Intake;
use tandem_domain::{
    AgentId, Channel, CompiledDesk, LanguageTag, Proficiency, QueueId, Requirement, SkillId, SkillLevel, StepId,
};

/// What the rules made of a ticket's first message.
pub(crate) struct Asked {
    channel: Channel,
    language: Option<LanguageTag>,
    /// All of them: a later desk file may know more skills than the one in force.
    skills: BTreeMap<SkillId, SkillLevel>,
}

impl Asked {
    /// By the first message.
    pub(crate) fn of(intake: &Intake) -> Self {
        Self {
            channel: intake.channel,
            language: intake.language.clone(),
            skills: intake.skills.clone(),
        }
    }

    /// What that means in a step of a queue that is kept for these agents; in the desk's first queue where the desk
    /// does not have that one.
    pub(crate) fn requirement(
        &self,
        desk: &CompiledDesk,
        queue: &QueueId,
        (step, only): (u16, &[AgentId]),
    ) -> Requirement {
        let policy = queue_of(desk, queue).or(desk.queues.first());
        let of_step = policy.and_then(|policy| policy.steps.get(usize::from(step)));
        let required = [
            policy.and_then(|policy| policy.require.clone()),
            of_step.and_then(|step| step.require.clone()),
        ];
        Requirement {
            language: self.language(desk, of_step),
            skills: self.skills(desk, policy, of_step),
            step,
            expression: required.into_iter().flatten().reduce(Expression::and),
            pool: of_step.map(|step| step.teams.clone()).unwrap_or_default(),
            only: only.to_vec(),
            ..Requirement::new(policy.map_or(queue, |policy| &policy.id).clone(), self.channel)
        }
    }

    fn language(&self, desk: &CompiledDesk, step: Option<&RoutingStep>) -> Option<(LanguageTag, Proficiency)> {
        let least = match step.map_or(LanguageAsk::AsAsked, |step| step.asks.language) {
            LanguageAsk::AsAsked => Some(desk.min_proficiency),
            LanguageAsk::AtLeast(least) => Some(least),
            LanguageAsk::Any => None,
        };
        let language = self.language.as_ref().or(desk.default_language.as_ref());
        language.cloned().zip(least)
    }

    fn skills(
        &self,
        desk: &CompiledDesk,
        queue: Option<&QueuePolicy>,
        step: Option<&RoutingStep>,
    ) -> BTreeMap<SkillId, SkillLevel> {
        let mut skills = queue.map(|queue| queue.skills.clone()).unwrap_or_default();
        let by_rules = step.is_none_or(|step| step.asks.skills);
        let known = self
            .skills
            .iter()
            .filter(|(skill, _)| by_rules && desk.skills.contains(skill));
        for (skill, level) in known {
            let least = skills.entry(skill.clone()).or_insert(*level);
            *least = (*least).max(*level);
        }
        skills
    }
}

/// The key of a requirement's step.
pub(crate) fn step_of(desk: &CompiledDesk, requirement: &Requirement) -> Option<StepId> {
    let steps = &queue_of(desk, &requirement.queue)?.steps;
    steps.get(usize::from(requirement.step)).map(|step| step.id.clone())
}

/// Where a ticket stands in a new desk file, and for whom it is kept, that was in this step: in the step of the same
/// key; in the first where there is none, or nobody for whom it could still be kept.
pub(crate) fn carried(desk: &CompiledDesk, before: &Requirement, step: Option<&StepId>) -> (u16, Vec<AgentId>) {
    let steps = queue_of(desk, &before.queue).map_or(&[][..], |queue| &queue.steps);
    let same = steps.iter().position(|now| Some(&now.id) == step);
    let Some(number) = same.and_then(|number| u16::try_from(number).ok()) else {
        return (0, Vec::new());
    };
    if usize::from(number) + 1 == steps.len() {
        return (number, Vec::new());
    }
    let is_there = |agent: &&AgentId| desk.agents.iter().any(|profile| profile.id == **agent);
    let only: Vec<_> = before.only.iter().filter(is_there).cloned().collect();
    if steps[usize::from(number)].prefer.is_some() == only.is_empty() {
        return (0, Vec::new());
    }
    (number, only)
}

fn queue_of<'a>(desk: &'a CompiledDesk, queue: &QueueId) -> Option<&'a QueuePolicy> {
    desk.queues.iter().find(|policy| policy.id == *queue)
}
