//! What is said of an agent beyond teams, skills, languages and capacity.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, QueueId};

use crate::model::Agent;
use crate::place::{Place, Table};
use crate::read::{Known, attributes, tiers};
use crate::written::percent;

/// The rest of a profile, without what is asked of every agent.
pub(super) fn read(id: AgentId, table: &Table<'_>, known: &Known<'_>) -> AgentProfile {
    let number = |key: &str, least: u32, most: u32| table.get(key).and_then(|place| place.number(least..=most));
    AgentProfile {
        tier: tiers::of_agent(table),
        attributes: table
            .get("attributes")
            .map(|place| attributes::values(&place, &known.attributes))
            .unwrap_or_default(),
        mentor: table.get("mentor").and_then(|place| known.agent(&place)),
        cost: number("cost", 0, 1_000_000).unwrap_or(0),
        weight: number("weight", 1, 1000).unwrap_or(1),
        queues: weights(table, known),
        available: table
            .get("available")
            .and_then(|place| place.word("calendar", &known.calendars)),
        ..AgentProfile::new(id)
    }
}

/// Where the shares of the queues stand.
pub(super) fn shares<'t>(table: &Table<'t>, known: &Known<'_>) -> Vec<(QueueId, Place<'t>)> {
    let is_known = |entry: &(String, Place<'t>)| known.queues.contains(&entry.0.as_str());
    let place = table.get("queues").filter(Place::is_table);
    let entries = place.map(|place| place.entries::<String>()).unwrap_or_default();
    let typed = |(key, place): (String, Place<'t>)| Some((key.parse().ok()?, place));
    entries.into_iter().filter(is_known).filter_map(typed).collect()
}

fn weights(table: &Table<'_>, known: &Known<'_>) -> BTreeMap<QueueId, u8> {
    let Some(place) = table.get("queues") else {
        return BTreeMap::new();
    };
    let faults_before = place.report().count();
    let entries = place.referring_entries("queue", &known.queues).into_iter();
    let share = |place: &Place<'_>| {
        let share = percent::parse(place.text()?).filter(|share| (1..=100).contains(share));
        if share.is_none() {
            place.fault("this must be a share of the agent's time such as 60% (1% to 100%)");
        }
        share
    };
    let weights: BTreeMap<QueueId, u8> = entries.filter_map(|(id, place)| Some((id, share(&place)?))).collect();
    let sum: u32 = weights.values().map(|share| u32::from(*share)).sum();
    if sum != 100 && place.report().count() == faults_before {
        place.fault(format!("these shares are {sum}% in all: they must be 100%"));
    }
    weights
}

/// Nobody is a mentor of himself or herself, not even through others. `places` has each agent's `mentor`.
pub(super) fn check_mentors(agents: &[Agent], places: &[Option<Place<'_>>]) {
    let mentor_of: BTreeMap<&AgentId, &AgentId> = agents
        .iter()
        .filter_map(|agent| Some((&agent.profile.id, agent.profile.mentor.as_ref()?)))
        .collect();
    // Whoever was followed already need not be followed again, so each circle is told once.
    let mut followed: BTreeSet<&AgentId> = BTreeSet::new();
    for (agent, place) in agents.iter().zip(places) {
        let circle = circle(&agent.profile.id, &mentor_of, &mut followed);
        if let (Some(place), [_, ..]) = (place, circle.as_slice()) {
            place.fault(shown(&circle));
        }
    }
}

/// Everybody from the first who comes a second time; nobody where the mentors come to an end.
fn circle<'a>(
    from: &'a AgentId,
    mentor_of: &BTreeMap<&'a AgentId, &'a AgentId>,
    followed: &mut BTreeSet<&'a AgentId>,
) -> Vec<&'a AgentId> {
    let mut way: Vec<&AgentId> = Vec::new();
    let mut next = Some(from);
    while let Some(id) = next {
        if followed.insert(id) {
            way.push(id);
            next = mentor_of.get(id).copied();
        } else {
            let begins = way.iter().position(|other| *other == id);
            return begins.map(|begins| way.split_off(begins)).unwrap_or_default();
        }
    }
    Vec::new()
}

fn shown(circle: &[&AgentId]) -> String {
    match circle {
        [alone] => format!("`{alone}` cannot be his or her own mentor: name somebody else"),
        [first, ..] => {
            let ids: Vec<&str> = circle.iter().map(|id| id.as_str()).collect();
            let way = ids
                .iter()
                .take(10)
                .chain([&first.as_str()])
                .copied()
                .collect::<Vec<_>>();
            format!("mentors in a circle: {}; one of them must have none", way.join(" → "))
        }
        [] => String::new(),
    }
}
