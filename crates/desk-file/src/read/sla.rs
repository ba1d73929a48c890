//! `sla`: what is promised to which tickets.

mod circles;
mod shadows;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use tandem_domain::sla::{Action, Ladder, Policy};
use tandem_domain::{ClockKind, LadderId, LanguageTag, PolicyId, Priority, QueueId};

use super::channels::CHANNELS;
use super::rules::PRIORITIES;
use super::{DAY, Known, language, seconds};
use crate::model::Queue;
use crate::place::{Place, Table};

const KEYS: [&str; 9] = [
    "name",
    "queues",
    "channels",
    "languages",
    "priorities",
    "tags",
    "calendar",
    "targets",
    "ladders",
];
const CLOCKS: [&str; 4] = ["accept", "first_response", "next_response", "resolution"];

/// What policies are checked against.
pub(super) struct Around<'a, 't> {
    pub(super) known: &'a Known<'t>,
    pub(super) ladders: &'a [Ladder],
    pub(super) queues: &'a [Queue],
}

/// A policy, and where it stands in the file.
type Placed<'t> = (Policy, Place<'t>);

pub(super) fn read(table: &Table<'_>, around: &Around<'_, '_>) -> Vec<Policy> {
    let places = table.get("sla").map(|place| place.list()).unwrap_or_default();
    let faults_before = table.place.report().count();
    let mut names = BTreeSet::new();
    let policies: Vec<Placed<'_>> = places
        .into_iter()
        .filter_map(|place| Some((policy(&place, around, &mut names)?, place)))
        .collect();
    if table.place.report().count() == faults_before {
        shadows::check(&policies);
        circles::check(&policies, around);
        check_used(table, &policies);
    }
    policies.into_iter().map(|(policy, _)| policy).collect()
}

fn policy(place: &Place<'_>, around: &Around<'_, '_>, names: &mut BTreeSet<PolicyId>) -> Option<Policy> {
    let known = around.known;
    let table = place.table(&KEYS);
    let id = table.need("name", "chat").and_then(|place| name(&place, names));
    let queues: BTreeSet<QueueId> = words(&table, "queues", "queue", &known.queues);
    let targets = table
        .need("targets", "{first_response: 4h}")
        .map(|place| targets(&place));
    let targets = targets.unwrap_or_default();
    let ladders = table
        .get("ladders")
        .map(|place| ladders(&place, &targets, &queues, around));
    Some(Policy {
        channels: words(&table, "channels", "channel", &CHANNELS),
        languages: languages(&table, known),
        priorities: words(&table, "priorities", "priority", &PRIORITIES),
        tags: set(&table, "tags", Place::parsed),
        calendar: table
            .get("calendar")
            .and_then(|place| place.word("calendar", &known.calendars)),
        ladders: ladders.unwrap_or_default(),
        queues,
        targets,
        id: id?,
    })
}

/// A clock remembers its policy's name, so each has one of its own.
fn name(place: &Place<'_>, names: &mut BTreeSet<PolicyId>) -> Option<PolicyId> {
    let name: PolicyId = place.parsed()?;
    if !names.insert(name.clone()) {
        place.fault(format!("another policy is called `{name}` already"));
    }
    Some(name)
}

/// One or more; none where the key is left out, which fits every ticket.
fn set<'t, T: Ord>(table: &Table<'t>, key: &str, read: impl FnMut(&Place<'t>) -> Option<T>) -> BTreeSet<T> {
    let Some(place) = table.get(key) else {
        return BTreeSet::new();
    };
    if place.is_empty_list() {
        place.fault(format!("nothing stands here: leave `{key}` away where any will do"));
    }
    place.one_or_list().iter().filter_map(read).collect()
}

fn words<T: Ord + FromStr>(table: &Table<'_>, key: &str, what: &str, known: &[&str]) -> BTreeSet<T> {
    set(table, key, |place| place.word(what, known))
}

fn languages(table: &Table<'_>, known: &Known<'_>) -> BTreeSet<LanguageTag> {
    set(table, "languages", |place| language(place, known))
}

fn targets(place: &Place<'_>) -> BTreeMap<ClockKind, BTreeMap<Priority, Duration>> {
    if place.is_empty_table() {
        place.fault("nothing is promised here: such as `{first_response: 4h}`");
    }
    let entries = place.referring_entries("clock", &CLOCKS);
    entries
        .into_iter()
        .map(|(clock, place)| (clock, target(&place)))
        .collect()
}

/// One for all priorities, or one for each.
fn target(place: &Place<'_>) -> BTreeMap<Priority, Duration> {
    let time = |place: &Place<'_>| place.duration(seconds(1..=365 * DAY));
    if place.is_table() {
        if place.is_empty_table() {
            place.fault("nothing stands here: such as `{urgent: 15m, high: 1h, normal: 4h, low: 8h}`");
        }
        let entries = place.referring_entries("priority", &PRIORITIES).into_iter();
        return entries
            .filter_map(|(priority, place)| Some((priority, time(&place)?)))
            .collect();
    }
    let time = time(place);
    let every = Priority::ALL.iter().filter_map(|priority| Some((*priority, time?)));
    every.collect()
}

fn ladders(
    place: &Place<'_>,
    targets: &BTreeMap<ClockKind, BTreeMap<Priority, Duration>>,
    queues: &BTreeSet<QueueId>,
    around: &Around<'_, '_>,
) -> BTreeMap<ClockKind, LadderId> {
    let mut ladders = BTreeMap::new();
    for (clock, place) in place.referring_entries::<ClockKind>("clock", &CLOCKS) {
        let Some(id) = place.word::<LadderId>("ladder", &around.known.ladders) else {
            continue;
        };
        if !targets.contains_key(&clock) {
            place.fault(format!(
                "the clock `{clock}` has no target in this policy: add it under `targets`"
            ));
        }
        check_moves(&place, &id, queues, around.ladders);
        ladders.insert(clock, id);
    }
    ladders
}

/// Where all of a policy's tickets are already, a ladder cannot move them.
fn check_moves(place: &Place<'_>, id: &LadderId, queues: &BTreeSet<QueueId>, ladders: &[Ladder]) {
    let rungs = ladders
        .iter()
        .filter(|ladder| ladder.id == *id)
        .flat_map(|ladder| &ladder.rungs);
    let first = rungs.flat_map(|rung| &rung.actions).find_map(|action| match action {
        Action::MoveToQueue(queue) => Some(queue),
        _ => None,
    });
    if let Some(queue) = first.filter(|queue| queues.len() == 1 && queues.contains(*queue)) {
        place.fault(format!(
            "the ladder `{id}` moves tickets to `{queue}`, where all tickets of this policy are already"
        ));
    }
}

/// A ladder that no clock climbs tells nobody anything: likely forgotten.
fn check_used(table: &Table<'_>, policies: &[Placed<'_>]) {
    let used: BTreeSet<&LadderId> = policies
        .iter()
        .flat_map(|(policy, _)| policy.ladders.values())
        .collect();
    let entries = table
        .get("ladders")
        .map(|place| place.entries::<LadderId>())
        .unwrap_or_default();
    for (id, place) in entries.iter().filter(|(id, _)| !used.contains(id)) {
        place.warn(format!(
            "no policy uses the ladder `{id}`: name it under the `ladders` of one in `sla`"
        ));
    }
}
