//! `agents`, and whether each team has some.

mod details;

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, Channel, LanguageTag, QueueId, SiteId, TeamId};

use super::channels::CHANNELS;
use super::{Known, levels, name, proficiency, served};
use crate::fault::Position;
use crate::model::{Agent, ChannelSection, Site};
use crate::place::{Place, Table};

const KEYS: [&str; 15] = [
    "name",
    "teams",
    "skills",
    "languages",
    "capacity",
    "channel_max",
    "contact",
    "site",
    "tier",
    "attributes",
    "mentor",
    "cost",
    "weight",
    "queues",
    "available",
];

/// Two mails at once, or one call.
const DEFAULT_CAPACITY: u32 = 2;

type Channels = BTreeMap<Channel, ChannelSection>;

/// Everybody on the desk, as far as they could be read.
pub(super) struct Crew<'t> {
    pub(super) agents: Vec<Agent>,
    /// Where each agent's share of a queue stands, by the agent's place in `agents`.
    pub(super) shares: Vec<(usize, QueueId, Place<'t>)>,
    is_whole: bool,
}

impl Crew<'_> {
    /// Everybody: what nobody can do is known only when no agent was misread.
    pub(super) fn if_whole(&self) -> Option<&[Agent]> {
        self.is_whole.then_some(&self.agents)
    }
}

/// What agents are read beside.
pub(super) struct Around<'a, 't> {
    pub(super) known: &'a Known<'t>,
    pub(super) channels: &'a Channels,
    pub(super) sites: &'a BTreeMap<SiteId, Site>,
}

pub(super) fn crew<'t>(table: &Table<'t>, around: &Around<'_, 't>) -> Crew<'t> {
    let report = table.place.report();
    let faults_before = report.count();
    let mut crew = Crew {
        agents: Vec::new(),
        shares: Vec::new(),
        is_whole: false,
    };
    let mut mentors = Vec::new();
    for (id, place) in entries(table) {
        let table = place.table(&KEYS);
        let agent = agent(id, &table, around);
        let (shares, index) = (details::shares(&table, around.known), crew.agents.len());
        crew.shares
            .extend(shares.into_iter().map(|(queue, place)| (index, queue, place)));
        mentors.push(table.get("mentor"));
        crew.agents.push(agent);
    }
    details::check_mentors(&crew.agents, &mentors);
    crew.is_whole = report.count() == faults_before;
    if crew.is_whole {
        check_teams(table, &crew.agents);
    }
    crew
}

fn entries<'t>(table: &Table<'t>) -> Vec<(AgentId, Place<'t>)> {
    let Some(place) = table.need("agents", "{ana: {teams: [support], languages: {en: C2}}}") else {
        return Vec::new();
    };
    if place.is_empty_table() {
        place.fault("a desk needs at least one agent");
    }
    place.entries()
}

fn agent(id: AgentId, table: &Table<'_>, around: &Around<'_, '_>) -> Agent {
    let known = around.known;
    let (capacity, channel_max) = room(table, around.channels);
    let site = table.get("site").and_then(|place| place.word("site", &known.sites));
    let profile = AgentProfile {
        teams: teams(table, known),
        skills: table
            .get("skills")
            .map(|place| levels(&place, known))
            .unwrap_or_default(),
        languages: languages(table, known),
        capacity,
        channel_max,
        contact: table
            .get("contact")
            .and_then(|place| place.word("contact", &known.contacts)),
        region: site.as_ref().and_then(|site| around.sites.get(site)?.region.clone()),
        site,
        ..details::read(id, table, known)
    };
    Agent {
        name: name(table, profile.id.as_str()),
        profile,
    }
}

pub(super) fn teams(table: &Table<'_>, known: &Known<'_>) -> Vec<TeamId> {
    let Some(place) = table.need("teams", "[support]") else {
        return Vec::new();
    };
    if place.is_empty_list() {
        place.fault("at least one team must stand here");
    }
    let mut teams: Vec<TeamId> = Vec::new();
    for place in place.one_or_list() {
        match place.word("team", &known.teams) {
            Some(team) if teams.contains(&team) => place.fault(format!("the team `{team}` stands here a second time")),
            Some(team) => teams.push(team),
            None => {}
        }
    }
    teams
}

fn languages(table: &Table<'_>, known: &Known<'_>) -> BTreeMap<LanguageTag, tandem_domain::Proficiency> {
    let Some(place) = table.need("languages", "{en: C2}") else {
        return BTreeMap::new();
    };
    if place.is_empty_table() {
        place.fault("an agent must speak at least one language");
    }
    let spoken = |(tag, at, place): (LanguageTag, Position, Place<'_>)| {
        let is_served = served(&tag, known, |message| place.fault_at(at, message));
        Some((tag, proficiency(&place).filter(|_| is_served)?))
    };
    place.entries_at().into_iter().filter_map(spoken).collect()
}

/// Capacity and the most tickets per channel, which must let the agent work on each of the desk's channels
/// that is not closed to the agent with a 0.
fn room(table: &Table<'_>, channels: &Channels) -> (u32, BTreeMap<Channel, u32>) {
    let entries = table
        .get("channel_max")
        .map(|place| place.referring_entries("channel", &CHANNELS))
        .unwrap_or_default();
    let most = |(channel, place): (Channel, Place<'_>)| Some((channel, place.number(0..=1000)?));
    let channel_max: BTreeMap<Channel, u32> = entries.into_iter().filter_map(most).collect();
    let given = table.get("capacity");
    let capacity = given
        .as_ref()
        .map_or(Some(DEFAULT_CAPACITY), |place| place.number(1..=1000));
    let place = given.as_ref().unwrap_or(&table.place);
    for (channel, section) in channels {
        let units = section.policy.units;
        let is_open = channel_max.get(channel) != Some(&0);
        if let Some(capacity) = capacity.filter(|capacity| is_open && *capacity < units) {
            place.fault(format!(
                "a capacity of {capacity} is below the {units} units of one {channel} ticket: raise it, or close the channel with `channel_max: {{{channel}: 0}}`"
            ));
        }
    }
    (capacity.unwrap_or(DEFAULT_CAPACITY), channel_max)
}

/// A team that nobody is in serves nothing.
fn check_teams(table: &Table<'_>, agents: &[Agent]) {
    let manned: BTreeSet<&TeamId> = agents.iter().flat_map(|agent| &agent.profile.teams).collect();
    let teams = table
        .get("teams")
        .map(|place| place.entries::<TeamId>())
        .unwrap_or_default();
    for (team, place) in teams.iter().filter(|(team, _)| !manned.contains(team)) {
        place.fault(format!(
            "nobody is in the team `{team}`: name it under an agent's `teams`, or remove it"
        ));
    }
}
