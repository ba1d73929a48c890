//! Who may serve what.

use tandem_domain::desk::AgentProfile;
use tandem_domain::{CompiledDesk, Requirement};

/// The first thing that keeps the agent from the requirement: team, skill, language, or what else is required.
pub(crate) fn lack(desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    lacking_team(desk, profile, requirement)
        .or_else(|| lacking_skill(profile, requirement))
        .or_else(|| lacking_language(profile, requirement))
        .or_else(|| lacking_else(profile, requirement))
}

/// A step's teams or, where it names none, the queue's. Without either it is nobody's.
fn lacking_team(desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    let queue = desk.queues.iter().find(|queue| queue.id == requirement.queue);
    let own = queue.map(|queue| &queue.teams).filter(|_| requirement.pool.is_empty());
    let pool = own.unwrap_or(&requirement.pool);
    let serves = profile.teams.iter().any(|team| pool.contains(team));
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

fn lacking_else(profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    if !requirement.only.is_empty() && !requirement.only.contains(&profile.id) {
        return Some("being one of those for whom it is kept".to_owned());
    }
    let required = requirement.expression.as_ref()?;
    (!required.holds_for(profile)).then(|| format!("`{required}`"))
}
