//! What would have to be true for a ticket not to wait. Nothing is guessed: each wish is an agent as he or she might be,
//! of whom the matcher's own rules are asked; and it is told only if no ticket before it in its queue would take that
//! agent instead.

use tandem_domain::desk::AgentProfile;
use tandem_domain::explain::{Candidate, Lack, Wish};
use tandem_domain::expression::{Expression, Term};
use tandem_domain::{AgentId, Proficiency, Requirement, SkillLevel};

use crate::agents::AgentIx;
use crate::capacity::Limits;
use crate::explain::is_ability;
use crate::state::State;
use crate::summary::list;
use crate::ticket::{Phase, Ticket};

/// So many are told.
const TOLD: usize = 5;
/// So many agents are asked about, the nearest first.
const ASKED: usize = 50;
/// So many classes of tickets before it are looked at.
const CLASSES: usize = 1_000;

impl State {
    pub(crate) fn wishes(&self, ticket: &Ticket, candidates: &[Candidate]) -> Vec<Wish> {
        if ticket.phase != Phase::Queued || candidates.iter().any(|candidate| candidate.lacks.is_empty()) {
            return Vec::new();
        }
        let nearly = candidates
            .iter()
            .take(ASKED)
            .filter_map(|candidate| self.wish_of(ticket, candidate));
        self.newcomer(ticket).into_iter().chain(nearly).take(TOLD).collect()
    }

    /// Somebody whom the desk does not have.
    fn newcomer(&self, ticket: &Ticket) -> Option<Wish> {
        let requirement = self.requirement(ticket);
        let profile = self.able(requirement)?;
        let ahead = self.ahead_for(ticket, &profile);
        let (fit, needs) = (self.classes.get(ticket.class).fit_count(), self.demand(ticket).units);
        let room = if ahead == 0 {
            format!("with room for it ({})", units(needs))
        } else {
            format!("with room for it and the {ahead} before it")
        };
        let who = match fit {
            0 => "an agent".to_owned(),
            others => format!("one more agent than the {others} who fit"),
        };
        Some(Wish {
            what: format!(
                "{who}, {}, online {room}, would have it",
                described(&profile, requirement)
            ),
            agent: None,
            since: ticket.changed_at,
        })
    }

    /// Somebody who can do just what is asked for; none: what is asked for cannot be had by being able.
    fn able(&self, requirement: &Requirement) -> Option<AgentProfile> {
        let nobody: AgentId = "newcomer".parse().expect("a key");
        let mut profile = AgentProfile::new(nobody);
        profile.teams.extend(self.desk().pool(requirement).first().cloned());
        profile.skills.clone_from(&requirement.skills);
        profile.languages.extend(requirement.language.clone());
        if let Some(expression) = &requirement.expression {
            for term in &expression.unmet(&profile) {
                grant(&mut profile, term);
            }
        }
        self.desk().fits(&profile, requirement).then_some(profile)
    }

    /// How many tickets before this one in its queue the agent would be offered first.
    fn ahead_for(&self, ticket: &Ticket, profile: &AgentProfile) -> usize {
        let (key, queue) = (self.wait_key(ticket), self.classes.get(ticket.class).queue);
        let classes = self.classes.waiting_in(queue).take(CLASSES);
        let served = classes.filter(|class| self.desk().fits(profile, &class.requirement));
        served.map(|class| class.waiting.count_before(key)).sum()
    }

    /// What the agent would have to be or have, if that is one thing.
    fn wish_of(&self, ticket: &Ticket, candidate: &Candidate) -> Option<Wish> {
        let [lack] = candidate.lacks.as_slice() else {
            return None;
        };
        let agent = self.agents.find(&candidate.agent)?;
        let (profile, what) = self.changed(ticket, agent, lack)?;
        if self.ahead_for(ticket, &profile) > 0 {
            return None;
        }
        Some(Wish {
            what: format!("if {} {what}, he or she would have it", candidate.agent),
            agent: Some(candidate.agent.clone()),
            since: ticket.changed_at.max(self.agents.get(agent).idle_since),
        })
    }

    /// The agent as he or she would have to be, where the rules say that this is enough.
    fn changed(&self, ticket: &Ticket, agent: AgentIx, lack: &Lack) -> Option<(AgentProfile, String)> {
        let mut profile = self.profile(agent)?.clone();
        let what = match lack {
            Lack::Presence { .. } => "were online".to_owned(),
            Lack::Capacity { needs, free } => {
                profile.capacity += needs - free;
                format!("had {} more", units(needs - free))
            }
            Lack::ChannelMaximum { maximum, .. } => {
                let channel = self.demand(ticket).channel;
                profile.channel_max.insert(channel, maximum + 1);
                format!("could have {} of {channel} at once", maximum + 1)
            }
            able if is_ability(able) => learned(&mut profile, able)?,
            _ => return None,
        };
        let limits = Limits::of(&profile);
        let load = self.load_without(agent, ticket.id);
        let has_room = limits.admit(&load, self.demand(ticket), self.desk().interruptions());
        (has_room && self.desk().fits(&profile, self.requirement(ticket))).then_some((profile, what))
    }
}

/// What the agent has learned or joined, as far as that can be done.
fn learned(profile: &mut AgentProfile, lack: &Lack) -> Option<String> {
    Some(match lack {
        Lack::Team { needs } => {
            profile.teams.push(needs.first()?.clone());
            format!("were in team {}", list(needs))
        }
        Lack::Skill { skill, needs, .. } => {
            profile.skills.insert(skill.clone(), *needs);
            format!("had skill {skill} at {}", needs.get())
        }
        Lack::Language { language, needs, .. } => {
            profile.languages.insert(language.clone(), *needs);
            format!("spoke {language} at {needs}")
        }
        Lack::Term { needs } => {
            let unmet = needs.parse::<Expression>().ok()?.unmet(profile);
            for term in &unmet {
                grant(profile, term);
            }
            format!("met {needs}")
        }
        _ => return None,
    })
}

/// Gives the agent what the least of a term asks for; what it forbids stays as it is, and the matcher says no.
fn grant(profile: &mut AgentProfile, term: &Term) {
    match term {
        Term::Skill { skill, levels } => {
            let level = (1..=5).find(|level| levels.has(*level)).and_then(SkillLevel::new);
            profile.skills.extend(level.map(|level| (skill.clone(), level)));
        }
        Term::Language { language, levels } => {
            let level = Proficiency::ALL
                .into_iter()
                .zip(1..)
                .find(|(_, level)| levels.has(*level));
            profile
                .languages
                .extend(level.map(|(level, _)| (language.clone(), level)));
        }
        Term::Team(teams) if teams.among => profile.teams.extend(teams.keys.first().cloned()),
        Term::Site(sites) if sites.among => profile.site = sites.keys.first().cloned(),
        Term::Region(regions) if regions.among => profile.region = regions.keys.first().cloned(),
        Term::Tier { tiers } => profile.tier = (0..=3).find(|tier| tiers.has(*tier)).unwrap_or(0),
        Term::Team(_) | Term::Site(_) | Term::Region(_) | Term::Agent(_) | Term::Attribute { .. } => {}
    }
}

fn described(profile: &AgentProfile, requirement: &Requirement) -> String {
    let mut words = vec![format!("in team {}", list(&profile.teams))];
    let languages = profile.languages.iter();
    words.extend(languages.map(|(language, level)| format!("speaking {language} at {level}")));
    let skills = profile.skills.iter();
    words.extend(skills.map(|(skill, level)| format!("with {skill} at {}", level.get())));
    if let Some(expression) = &requirement.expression {
        words.push(format!("meeting {expression}"));
    }
    words.join(", ")
}

fn units(units: u32) -> String {
    let noun = if units == 1 { "unit" } else { "units" };
    format!("{units} {noun}")
}
