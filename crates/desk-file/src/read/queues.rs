//! `queues`, and whether somebody can serve each of them.

mod fit;
mod order;
pub(super) mod shares;
pub(super) mod steps;
pub(super) mod targets;

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::{Choice, QueuePolicy};
use tandem_domain::{Channel, QueueId, SkillId, SkillLevel, TeamId};

use super::asked::{self, Part};
use super::channels::CHANNELS;
use super::{DAY, Known, MINUTE, asked_levels, duration_or, name, people, seconds, tiers};
use crate::model::{Agent, ChannelSection, Queue};
use crate::place::{Place, Table};
use fit::Fit;

const KEYS: [&str; 17] = [
    "name",
    "teams",
    "skills",
    "aging",
    "decline_pause",
    "max_missed",
    "tier",
    "next_tier",
    "require",
    "order",
    "max_overtaken",
    "choice",
    "units",
    "offers_at_once",
    "auto_accept",
    "absence",
    "steps",
];

const CHOICES: [&str; 7] = [
    "least_loaded",
    "longest_idle",
    "best_skilled",
    "least_over_skilled",
    "round_robin",
    "cheapest",
    "weighted",
];

/// What queues are read beside.
pub(super) struct Around<'a, 't> {
    pub(super) known: &'a Known<'t>,
    /// None where not every agent could be read.
    pub(super) crew: Option<&'a [Agent]>,
    pub(super) channels: &'a BTreeMap<Channel, ChannelSection>,
}

/// The queues, and where each of them stands.
pub(super) struct Queues<'t> {
    pub(super) queues: Vec<Queue>,
    pub(super) tables: Vec<Table<'t>>,
}

pub(super) fn read<'t>(table: &Table<'t>, around: &Around<'_, 't>) -> Queues<'t> {
    let mut all = Queues {
        queues: Vec::new(),
        tables: Vec::new(),
    };
    let Some(place) = table.need("queues", "{support: {teams: [support]}}") else {
        return all;
    };
    if place.is_empty_table() {
        place.fault("a desk needs at least one queue");
    }
    let mut fits = Vec::new();
    for (id, place) in place.entries() {
        let faults_before = place.report().count();
        let table = place.table(&KEYS);
        let (queue, fit) = queue(id, &table, around);
        if place.report().count() == faults_before {
            fits.push(fit);
        }
        all.queues.push(queue);
        all.tables.push(table);
    }
    if let Some(crew) = around.crew {
        fit::check(&fits, crew, around, &place);
    }
    let climbs: Vec<Option<Place<'_>>> = all.tables.iter().map(|table| table.get("next_tier")).collect();
    tiers::check(&all.queues, &climbs);
    all
}

fn queue<'t>(id: QueueId, table: &Table<'t>, around: &Around<'_, 't>) -> (Queue, Fit<'t>) {
    let known = around.known;
    let required = asked::read(table, known);
    let policy = QueuePolicy {
        teams: people::teams(table, known),
        skills: table
            .get("skills")
            .map(|place| asked_levels(&place, known))
            .unwrap_or_default(),
        decline_pause: duration_or(table, "decline_pause", 0..=DAY, 10 * MINUTE),
        max_missed: table
            .get("max_missed")
            .and_then(|place| place.number(1..=100))
            .unwrap_or(3),
        tier: tiers::tier(table),
        next_tier: tiers::next(table, known),
        require: required.as_ref().map(asked::Asked::expression),
        choice: choice(table, around),
        units: table.get("units").map(|place| units(&place)).unwrap_or_default(),
        absence: table
            .get("absence")
            .and_then(|place| place.duration(seconds(MINUTE..=30 * DAY))),
        ..order::read(id, table)
    };
    check_offers(table, &policy, around);
    let parts = required.map(|asked| asked.parts()).unwrap_or_default();
    let (steps, tried) = steps::read(table, &policy, around);
    let fit = Fit {
        place: table.place.clone(),
        units: table.get("units"),
        policy: QueuePolicy { steps, ..policy },
        parts,
        tried,
    };
    let queue = Queue {
        name: name(table, fit.policy.id.as_str()),
        policy: fit.policy.clone(),
    };
    (queue, fit)
}

fn choice(table: &Table<'_>, around: &Around<'_, '_>) -> Choice {
    let Some(place) = table.get("choice") else {
        return Choice::default();
    };
    let choice = place.word("choice", &CHOICES).unwrap_or_default();
    let costs_nothing = |crew: &[Agent]| crew.iter().all(|agent| agent.profile.cost == 0);
    if choice == Choice::Cheapest && around.crew.is_some_and(costs_nothing) {
        place.warn("no agent has a `cost`: all are equally cheap");
    }
    choice
}

/// What is assigned at once is offered to one agent only.
fn check_offers(table: &Table<'_>, queue: &QueuePolicy, around: &Around<'_, '_>) {
    let Some(place) = table.get("offers_at_once").filter(|_| queue.offers_at_once > 1) else {
        return;
    };
    let assigned = around.channels.iter().filter(|(_, section)| section.policy.auto_accept);
    for (channel, _) in assigned {
        place.warn(format!(
            "tickets over {channel} are assigned at once (`auto_accept`), each to one agent"
        ));
    }
}

/// What a ticket costs in this queue, by channel.
fn units(place: &Place<'_>) -> BTreeMap<Channel, u32> {
    let entries = place.referring_entries("channel", &CHANNELS).into_iter();
    entries
        .filter_map(|(channel, place)| Some((channel, place.number(1..=100)?)))
        .collect()
}

/// Who is in these teams and has these skills and these more.
pub(super) fn able<'c>(
    crew: &'c [Agent],
    teams: &[TeamId],
    skills: &BTreeMap<SkillId, SkillLevel>,
    more: &BTreeMap<SkillId, SkillLevel>,
) -> impl Iterator<Item = &'c Agent> {
    let teams: BTreeSet<&TeamId> = teams.iter().collect();
    let is_in = move |agent: &&Agent| agent.profile.teams.iter().any(|team| teams.contains(team));
    crew.iter()
        .filter(is_in)
        .filter(|agent| has_skills(agent, skills) && has_skills(agent, more))
}

pub(super) fn has_skills(agent: &Agent, skills: &BTreeMap<SkillId, SkillLevel>) -> bool {
    let has = |(skill, level): (&SkillId, &SkillLevel)| agent.profile.skills.get(skill).is_some_and(|own| own >= level);
    skills.iter().all(has)
}
