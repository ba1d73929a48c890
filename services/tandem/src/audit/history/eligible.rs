//! Who may serve what.

use tandem_domain::desk::AgentProfile;
use tandem_domain::{CompiledDesk, Requirement};

/// The first thing that keeps the agent from the requirement: team, skill or language.
pub(crate) fn lack(desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    lacking_team(desk, profile, requirement)
        .or_else(|| lacking_skill(profile, requirement))
        .or_else(|| lacking_language(profile, requirement))
}

/// A queue without teams is nobody's.
fn lacking_team(desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    let queue = desk.queues.iter().find(|queue| queue.id == requirement.queue);
    let serves = queue.is_some_and(|queue| profile.teams.iter().any(|team| queue.teams.contains(team)));
    (!serves).then(|| format!("a team of queue {}", requirement.queue))
}

fn lacking_skill(profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    let mut skills = requirement.skills.iter();
    let (skill, level) = skills.find(|(skill, level)| profile.skills.get(*skill) < Some(*level))?;
    Some(format!("skill {skill} at level {}", level.get()))
}

fn lacking_language(profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    let (language, least) = requirement.language.as_ref()?;
    let mut spoken = profile.languages.iter();
    let speaks = spoken.any(|(known, level)| known.serves(language) && level >= least);
    (!speaks).then(|| format!("language {language} at {least}"))
}
