//! Whether somebody can ever serve each queue in each of its steps, and if not, why.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::QueuePolicy;
use tandem_domain::expression::Expression;
use tandem_domain::{AgentId, Channel, LanguageTag, Proficiency, TeamId};

use super::{Around, Part, able};
use crate::model::Agent;
use crate::place::Place;

/// So many comparisons of an agent with what a step asks take about a second; more are left to the router, which
/// reports tickets that nobody can serve.
const MOST_COMPARISONS: usize = 20_000_000;

/// A queue, and what its check needs.
pub(in crate::read) struct Fit<'t> {
    pub(super) place: Place<'t>,
    pub(super) units: Option<Place<'t>>,
    pub(super) policy: QueuePolicy,
    pub(super) parts: Vec<Part<'t>>,
    /// By step; empty: the queue's own.
    pub(super) tried: Vec<Try<'t>>,
}

/// What is asked in one step.
pub(super) struct Try<'t> {
    pub(super) place: Place<'t>,
    pub(super) prefer: Option<Place<'t>>,
    pub(super) parts: Vec<Part<'t>>,
    pub(super) teams: Vec<TeamId>,
    /// The least proficiency; none: any language will do.
    pub(super) least: Option<Proficiency>,
    /// The only agents for whom it is; empty: everybody.
    pub(super) only: Vec<AgentId>,
}

pub(super) fn check(fits: &[Fit<'_>], crew: &[Agent], around: &Around<'_, '_>, place: &Place<'_>) {
    let terms = |parts: &[Part<'_>]| parts.iter().map(|part| part.expression.terms().count()).sum::<usize>();
    let asked = |fit: &Fit<'_>| {
        let own = terms(&fit.parts) + 1;
        let steps = fit.tried.iter().map(|tried| terms(&tried.parts) + own);
        steps.sum::<usize>() + own
    };
    let comparisons = fits.iter().map(asked).sum::<usize>().saturating_mul(crew.len());
    if comparisons > MOST_COMPARISONS {
        place.warn("too much is asked of too many agents to find out whether somebody can serve every step");
        return;
    }
    for fit in fits {
        fit.check(crew, around);
    }
}

impl Fit<'_> {
    fn check(&self, crew: &[Agent], around: &Around<'_, '_>) {
        let own = Try {
            place: self.place.clone(),
            prefer: None,
            parts: Vec::new(),
            teams: self.policy.teams.clone(),
            least: Some(around.known.least),
            only: Vec::new(),
        };
        if self.parts_met_by_nobody(crew, around) {
            return;
        }
        let mut found = Vec::new();
        if self.tried.is_empty() {
            found = self.check_step(&own, "this queue", true, crew, around);
        }
        for (index, tried) in self.tried.iter().enumerate() {
            let is_last = index + 1 == self.tried.len();
            found.extend(self.check_step(tried, "this step", is_last, crew, around));
        }
        self.check_units(&found, around);
    }

    /// What the queue requires in every step is a fault of its own, once.
    fn parts_met_by_nobody(&self, crew: &[Agent], around: &Around<'_, '_>) -> bool {
        let teams = self.tried.iter().flat_map(|tried| &tried.teams);
        let teams: Vec<TeamId> = self.policy.teams.iter().chain(teams).cloned().collect();
        let skilled: Vec<&Agent> = able(crew, &teams, &self.policy.skills, &BTreeMap::new()).collect();
        let parts: Vec<&Part<'_>> = self.parts.iter().collect();
        let fault = nobody(&parts, &skilled).filter(|_| !skilled.is_empty());
        if let Some((message, part)) = &fault {
            let message = format!("nobody can ever serve this queue: no agent of its teams with its skills {message}");
            self.place.fault_at(part.position(around.known), message);
        }
        fault.is_some()
    }

    /// Who can serve the step.
    fn check_step<'c>(
        &self,
        tried: &Try<'_>,
        what: &str,
        is_last: bool,
        crew: &'c [Agent],
        around: &Around<'_, '_>,
    ) -> Vec<&'c Agent> {
        let skilled: Vec<&Agent> = able(crew, &tried.teams, &self.policy.skills, &BTreeMap::new()).collect();
        if skilled.is_empty() {
            tried.place.fault(format!(
                "nobody can ever serve {what}: no agent of its teams has all of its skills at these levels"
            ));
            return skilled;
        }
        let parts: Vec<&Part<'_>> = self.parts.iter().chain(&tried.parts).collect();
        if let Some((message, part)) = nobody(&parts, &skilled) {
            let message = format!("nobody can ever serve {what}: no agent of its teams with its skills {message}");
            tried.place.fault_at(part.position(around.known), message);
            return Vec::new();
        }
        let mut fitting = skilled;
        fitting.retain(|agent| parts.iter().all(|part| part.expression.holds_for(&agent.profile)));
        if !self.check_languages(tried, what, is_last, &fitting, &around.known.languages) {
            return Vec::new();
        }
        if let Some(least) = tried.least {
            fitting.retain(|agent| speaks_one(agent, &around.known.languages, least));
        }
        check_preferred(tried, &mut fitting);
        fitting
    }

    /// A fault if no language is spoken, and in the last step a warning for each that is not.
    fn check_languages(
        &self,
        tried: &Try<'_>,
        what: &str,
        is_last: bool,
        fitting: &[&Agent],
        languages: &[LanguageTag],
    ) -> bool {
        let Some(least) = tried.least else { return true };
        let is_spoken = |language: &LanguageTag| fitting.iter().any(|agent| speaks(agent, language, least));
        let unserved: Vec<&str> = languages
            .iter()
            .filter(|language| !is_spoken(language))
            .map(LanguageTag::as_str)
            .collect();
        if !languages.is_empty() && unserved.len() == languages.len() {
            tried.place.fault(format!(
                "nobody can ever serve {what}: no agent who has its skills speaks one of the desk's languages at {least} or better"
            ));
            return false;
        }
        if !unserved.is_empty() && is_last {
            self.place.warn(format!(
                "nobody who serves this queue speaks {} at {least} or better",
                unserved.join(", ")
            ));
        }
        true
    }

    /// Tickets of which one costs more than anybody has.
    fn check_units(&self, found: &[&Agent], around: &Around<'_, '_>) {
        let Some(place) = &self.units else { return };
        for (channel, units) in &self.policy.units {
            if !around.channels.contains_key(channel) {
                place.warn(format!("the desk has no channel {channel}"));
                continue;
            }
            let is_open = |agent: &&&Agent| agent.profile.channel_max.get(channel) != Some(&0);
            let open: BTreeMap<&AgentId, u32> = found
                .iter()
                .filter(is_open)
                .map(|agent| (&agent.profile.id, agent.profile.capacity))
                .collect();
            check_room(place, *channel, *units, &open);
        }
    }
}

/// `open` has the capacity of everybody who serves the queue on this channel.
fn check_room(place: &Place<'_>, channel: Channel, units: u32, open: &BTreeMap<&AgentId, u32>) {
    let small: Vec<&str> = open
        .iter()
        .filter(|(_, capacity)| **capacity < units)
        .map(|(id, _)| id.as_str())
        .collect();
    if small.len() == open.len() && !open.is_empty() {
        place.fault(format!(
            "nobody who serves this queue has the {units} units that a ticket over {channel} costs here: lower them, or raise a capacity"
        ));
    } else if !small.is_empty() {
        let shown = small.iter().take(10).copied().collect::<Vec<_>>().join(", ");
        place.warn(format!(
            "a ticket over {channel} costs {units} units here, so it is never offered to who has fewer: {shown}"
        ));
    }
}

/// Each agent whom the step names must be able to serve it.
fn check_preferred(tried: &Try<'_>, fitting: &mut Vec<&Agent>) {
    let Some(place) = tried.prefer.as_ref().filter(|_| !tried.only.is_empty()) else {
        return;
    };
    let can_serve: BTreeSet<&AgentId> = fitting.iter().map(|agent| &agent.profile.id).collect();
    for (id, place) in tried.only.iter().zip(place.one_or_list()) {
        if !can_serve.contains(id) {
            place.fault(format!(
                "`{id}` can never serve this step: not in its teams, or without what it asks for"
            ));
        }
    }
    fitting.retain(|agent| tried.only.contains(&agent.profile.id));
}

/// Why nobody meets all of the parts, and where that stands: a part that nobody meets, two that nobody meets both, or
/// all of them.
fn nobody<'p, 't>(parts: &[&'p Part<'t>], among: &[&Agent]) -> Option<(String, &'p Part<'t>)> {
    let holds = |expression: &Expression| -> Vec<bool> {
        among.iter().map(|agent| expression.holds_for(&agent.profile)).collect()
    };
    let met: Vec<Vec<bool>> = parts.iter().map(|part| holds(&part.expression)).collect();
    if (0..among.len()).any(|agent| met.iter().all(|met| met[agent])) {
        return None;
    }
    for (part, met) in parts.iter().zip(&met) {
        if !met.contains(&true) {
            return Some((format!("meets `{}`", part.shown), *part));
        }
    }
    for (second, (part, met_second)) in parts.iter().zip(&met).enumerate() {
        for (first, met_first) in parts.iter().zip(&met).take(second) {
            if !met_first.iter().zip(met_second).any(|(one, other)| *one && *other) {
                return Some((format!("meets both `{}` and `{}`", first.shown, part.shown), *part));
            }
        }
    }
    let shown: Vec<String> = parts.iter().take(10).map(|part| format!("`{}`", part.shown)).collect();
    let last = parts.last()?;
    Some((format!("meets all of {}", shown.join(", ")), *last))
}

fn speaks(agent: &Agent, language: &LanguageTag, least: Proficiency) -> bool {
    let mut spoken = agent.profile.languages.iter();
    spoken.any(|(spoken, level)| *level >= least && spoken.serves(language))
}

pub(super) fn speaks_one(agent: &Agent, languages: &[LanguageTag], least: Proficiency) -> bool {
    languages.is_empty() || languages.iter().any(|language| speaks(agent, language, least))
}
