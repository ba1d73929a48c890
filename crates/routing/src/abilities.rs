//! Who on the desk has which team, skill and language, as sets: who fits a requirement is what they have in common.
//!
//! A desk may have ten thousand agents and as many requirements; asking every agent about every requirement takes
//! minutes.

use std::collections::BTreeMap;

use tandem_domain::{LanguageTag, Proficiency, Requirement, SkillId, SkillLevel, TeamId};

use crate::agents::{AgentIx, Agents};
use crate::bits::Bits;
use crate::desk::Desk;

const SKILL_LEVELS: usize = 5;
const PROFICIENCIES: usize = Proficiency::ALL.len();

/// Who can do what.
#[derive(Debug, Default)]
pub(crate) struct Abilities {
    teams: BTreeMap<TeamId, Bits>,
    /// At each level, who has it at that or a higher one.
    skills: BTreeMap<SkillId, [Bits; SKILL_LEVELS]>,
    /// At each proficiency, who speaks it that well or better.
    languages: BTreeMap<LanguageTag, [Bits; PROFICIENCIES]>,
}

impl Abilities {
    pub(crate) fn of(agents: &Agents) -> Self {
        let mut abilities = Self::default();
        for agent in agents.in_order() {
            abilities.add(*agent, agents);
        }
        abilities
    }

    fn add(&mut self, agent: AgentIx, agents: &Agents) {
        let Some(profile) = &agents.get(agent).profile else {
            return;
        };
        for team in &profile.teams {
            self.teams.entry(team.clone()).or_default().set(agent.at(), true);
        }
        for (skill, level) in &profile.skills {
            let levels = self.skills.entry(skill.clone()).or_default();
            levels[..=below(*level)]
                .iter_mut()
                .for_each(|who| who.set(agent.at(), true));
        }
        for (language, proficiency) in &profile.languages {
            let levels = self.languages.entry(language.clone()).or_default();
            levels[..=*proficiency as usize]
                .iter_mut()
                .for_each(|who| who.set(agent.at(), true));
        }
    }

    /// Everybody who fits, as [`Desk::fits`] says of each.
    pub(crate) fn fitting(&self, requirement: &Requirement, desk: &Desk, agents: &Agents) -> Bits {
        let mut fit = Bits::default();
        for team in desk.pool(requirement) {
            self.teams.get(team).into_iter().for_each(|who| fit.add_all(who));
        }
        for (skill, level) in &requirement.skills {
            match self.skills.get(skill) {
                Some(levels) => fit.keep(&levels[below(*level)]),
                None => fit.clear(),
            }
        }
        if let Some((language, least)) = &requirement.language {
            fit.keep(&self.who_serve(language, *least));
        }
        keep_named(&mut fit, requirement, agents);
        debug_assert!(
            agents.in_order().iter().all(|agent| {
                let profile = agents.get(*agent).profile.as_deref();
                fit.contains(agent.at()) == profile.is_some_and(|profile| desk.fits(profile, requirement))
            }),
            "the sets of who can do what are not what the agents can do"
        );
        fit
    }

    fn who_serve(&self, wanted: &LanguageTag, least: Proficiency) -> Bits {
        let serving = self.languages.iter().filter(|(spoken, _)| spoken.serves(wanted));
        let mut who = Bits::default();
        serving.for_each(|(_, levels)| who.add_all(&levels[least as usize]));
        who
    }
}

/// What is asked of each agent by himself or herself: of those who are left, as that is dearer.
fn keep_named(fit: &mut Bits, requirement: &Requirement, agents: &Agents) {
    if !requirement.only.is_empty() {
        let named = requirement.only.iter().filter_map(|agent| agents.find(agent));
        fit.keep(&named.map(AgentIx::at).collect());
    }
    if let Some(expression) = &requirement.expression {
        let profile = |agent: usize| agents.get(AgentIx::new(agent)).profile.as_deref();
        let holds = |agent: &usize| profile(*agent).is_some_and(|profile| expression.holds_for(profile));
        *fit = fit.iter().filter(holds).collect();
    }
}

/// A level's place among five.
fn below(level: SkillLevel) -> usize {
    usize::from(level.get()) - 1
}
