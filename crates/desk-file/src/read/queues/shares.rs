//! Agents who give a share of their time to a queue that they can never serve.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::{AgentProfile, LanguageAsk, Preference, QueuePolicy, RoutingStep};
use tandem_domain::{QueueId, StepId, TeamId};

use super::fit::speaks_one;
use crate::model::{Agent, Queue};
use crate::read::Known;
use crate::read::people::Crew;
use crate::suggest::one_of;

pub(in crate::read) fn check(crew: &Crew<'_>, queues: &[Queue], known: &Known<'_>) {
    if crew.if_whole().is_none() {
        return;
    }
    let policies: BTreeMap<&QueueId, &QueuePolicy> =
        queues.iter().map(|queue| (&queue.policy.id, &queue.policy)).collect();
    for (agent, queue, place) in &crew.shares {
        let (Some(agent), Some(policy)) = (crew.agents.get(*agent), policies.get(queue)) else {
            continue;
        };
        if let Some(why) = never_serves(agent, policy, known) {
            place.fault(format!("`{}` can never serve `{queue}`: {why}", agent.profile.id));
        }
    }
}

/// Why the agent fits none of the queue's steps; of several reasons, the last step's, for it asks for the least.
fn never_serves(agent: &Agent, queue: &QueuePolicy, known: &Known<'_>) -> Option<String> {
    if queue.steps.is_empty() {
        let own: StepId = "own".parse().ok()?;
        return misfit(agent, queue, &RoutingStep::new(own), known);
    }
    let mut why = None;
    for step in &queue.steps {
        why = Some(misfit(agent, queue, step, known)?);
    }
    why
}

fn misfit(agent: &Agent, queue: &QueuePolicy, step: &RoutingStep, known: &Known<'_>) -> Option<String> {
    let profile = &agent.profile;
    let teams: &[TeamId] = if step.teams.is_empty() {
        &queue.teams
    } else {
        &step.teams
    };
    let least = match step.asks.language {
        LanguageAsk::AsAsked => Some(known.least),
        LanguageAsk::AtLeast(level) => Some(level),
        LanguageAsk::Any => None,
    };
    let is_preferred = match &step.prefer {
        Some(Preference::Agents(agents)) => agents.contains(&profile.id),
        _ => true,
    };
    outside(profile, teams)
        .or_else(|| unskilled(profile, queue))
        .or_else(|| unmet(profile, queue, step))
        .or_else(|| {
            let least = least.filter(|least| !speaks_one(agent, &known.languages, *least))?;
            Some(format!("it takes one of the desk's languages at {least} or better"))
        })
        .or_else(|| (!is_preferred).then(|| "it is for other agents".to_owned()))
}

fn outside(profile: &AgentProfile, teams: &[TeamId]) -> Option<String> {
    let names: BTreeSet<&str> = teams.iter().map(TeamId::as_str).collect();
    let is_in = profile.teams.iter().any(|team| names.contains(team.as_str()));
    let names: Vec<&str> = names.into_iter().collect();
    (!is_in).then(|| format!("it is served by {}", one_of(&names)))
}

fn unskilled(profile: &AgentProfile, queue: &QueuePolicy) -> Option<String> {
    let mut skills = queue.skills.iter();
    let (skill, level) = skills.find(|(skill, level)| profile.skills.get(*skill).is_none_or(|own| own < level))?;
    Some(format!("it takes the skill `{skill}` at {} or better", level.get()))
}

fn unmet(profile: &AgentProfile, queue: &QueuePolicy, step: &RoutingStep) -> Option<String> {
    let required = queue.require.iter().chain(&step.require);
    let term = required.flat_map(|expression| expression.unmet(profile)).next()?;
    Some(format!("it takes `{term}`"))
}
