//! `queues`, and whether somebody can serve each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::{LanguageTag, Proficiency, QueueId, SkillId, SkillLevel, TeamId};

use super::{DAY, HOUR, Known, MINUTE, duration_or, levels, name, people, seconds, tiers};
use crate::model::{Agent, Queue};
use crate::place::{Place, Table};

const KEYS: [&str; 8] = [
    "name",
    "teams",
    "skills",
    "aging",
    "decline_pause",
    "max_missed",
    "tier",
    "next_tier",
];

/// Reads the queues; `crew` is none where not every agent could be read.
pub(super) fn read(table: &Table<'_>, known: &Known<'_>, crew: Option<&[Agent]>, least: Proficiency) -> Vec<Queue> {
    let Some(place) = table.need("queues", "{support: {teams: [support]}}") else {
        return Vec::new();
    };
    let entries = place.entries();
    if place.is_empty_table() {
        place.fault("a desk needs at least one queue");
    }
    let (mut queues, mut climbs) = (Vec::new(), Vec::new());
    for (id, place) in entries {
        let faults_before = place.report().count();
        let table = place.table(&KEYS);
        let queue = queue(id, &table, known);
        climbs.push(table.get("next_tier"));
        if let Some(crew) = crew.filter(|_| place.report().count() == faults_before) {
            check_served(&place, &queue, crew, &known.languages, least);
        }
        queues.push(queue);
    }
    tiers::check(&queues, &climbs);
    queues
}

fn queue(id: QueueId, table: &Table<'_>, known: &Known<'_>) -> Queue {
    Queue {
        name: name(table, id.as_str()),
        teams: people::teams(table, known),
        skills: table
            .get("skills")
            .map(|place| levels(&place, known))
            .unwrap_or_default(),
        aging: aging(table),
        decline_pause: duration_or(table, "decline_pause", 0..=DAY, 10 * MINUTE),
        max_missed: table
            .get("max_missed")
            .and_then(|place| place.number(1..=100))
            .unwrap_or(3),
        tier: tiers::tier(table),
        next_tier: tiers::next(table, known),
        id,
    }
}

/// Without aging, a ticket of low priority can wait for ever: that must be asked for.
fn aging(table: &Table<'_>) -> Option<Duration> {
    let default = Duration::from_secs(HOUR);
    let Some(place) = table.get("aging") else {
        return Some(default);
    };
    if place.says("never") {
        return None;
    }
    let given = place.duration_or_word(seconds(MINUTE..=30 * DAY), "never, or ");
    Some(given.unwrap_or(default))
}

/// A fault if nobody can ever serve the queue, a warning for each language in which nobody can.
fn check_served(place: &Place<'_>, queue: &Queue, crew: &[Agent], languages: &[LanguageTag], least: Proficiency) {
    let skilled: Vec<&Agent> = able(crew, queue, &BTreeMap::new()).collect();
    if skilled.is_empty() {
        place.fault("nobody can ever serve this queue: no agent of its teams has all of its skills at these levels");
        return;
    }
    let unserved = |language: &&LanguageTag| !skilled.iter().any(|agent| speaks(agent, language, least));
    let unserved: Vec<&str> = languages.iter().filter(unserved).map(LanguageTag::as_str).collect();
    match unserved.len() {
        0 => {}
        all if all == languages.len() => place.fault(format!(
            "nobody can ever serve this queue: no agent who has its skills speaks one of the desk's languages at {least} or better"
        )),
        _ => place.warn(format!("nobody who serves this queue speaks {} at {least} or better", unserved.join(", "))),
    }
}

/// Who is in the queue's teams and has its skills and these more.
pub(super) fn able<'c>(
    crew: &'c [Agent],
    queue: &Queue,
    more: &BTreeMap<SkillId, SkillLevel>,
) -> impl Iterator<Item = &'c Agent> {
    let teams: BTreeSet<&TeamId> = queue.teams.iter().collect();
    let is_in = move |agent: &&Agent| agent.teams.iter().any(|team| teams.contains(team));
    crew.iter()
        .filter(is_in)
        .filter(|agent| has_skills(agent, &queue.skills) && has_skills(agent, more))
}

pub(super) fn has_skills(agent: &Agent, skills: &BTreeMap<SkillId, SkillLevel>) -> bool {
    skills
        .iter()
        .all(|(skill, level)| agent.skills.get(skill).is_some_and(|own| own >= level))
}

fn speaks(agent: &Agent, language: &LanguageTag, least: Proficiency) -> bool {
    agent
        .languages
        .iter()
        .any(|(spoken, level)| *level >= least && spoken.serves(language))
}
