//! What a ticket asks of an agent, worked out from its first message and the desk file in force.

use std::collections::BTreeMap;

use tandem_domain::routing::Intake;
use tandem_domain::{Channel, CompiledDesk, LanguageTag, QueueId, Requirement, SkillId, SkillLevel};

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

    /// What that means in a queue; in the desk's first queue where the desk does not have that one.
    pub(crate) fn requirement(&self, desk: &CompiledDesk, queue: &QueueId) -> Requirement {
        let policy = desk.queues.iter().find(|policy| policy.id == *queue);
        let policy = policy.or(desk.queues.first());
        let mut skills = policy.map(|policy| policy.skills.clone()).unwrap_or_default();
        for (skill, level) in self.skills.iter().filter(|(skill, _)| desk.skills.contains(skill)) {
            let least = skills.entry(skill.clone()).or_insert(*level);
            *least = (*least).max(*level);
        }
        let language = self.language.as_ref().or(desk.default_language.as_ref());
        Requirement {
            language: language.map(|language| (language.clone(), desk.min_proficiency)),
            skills,
            ..Requirement::new(policy.map_or(queue, |policy| &policy.id).clone(), self.channel)
        }
    }
}
