//! What the parts of a file may refer to, known before any of them is read.

use std::collections::{BTreeMap, HashSet};

use tandem_domain::{AgentId, AttributeId, LanguageTag, Proficiency};

use super::{attributes, contacts};
use crate::model::AttributeKind;
use crate::place::{Place, Table};
use crate::tree::{Node, Value};

/// The names that the file defines.
pub(super) struct Known<'t> {
    pub(super) languages: Vec<LanguageTag>,
    /// The least with which a customer is served.
    pub(super) least: Proficiency,
    pub(super) skills: Vec<&'t str>,
    pub(super) teams: Vec<&'t str>,
    pub(super) agents: Vec<&'t str>,
    /// The same: there are many agents, and many places that name some.
    agent_set: HashSet<&'t str>,
    pub(super) queues: Vec<&'t str>,
    pub(super) sites: Vec<&'t str>,
    pub(super) regions: Vec<&'t str>,
    pub(super) tandems: Vec<&'t str>,
    pub(super) attributes: BTreeMap<AttributeId, AttributeKind>,
    pub(super) calendars: Vec<&'t str>,
    pub(super) contacts: Vec<&'t str>,
    pub(super) roles: Vec<&'t str>,
    pub(super) ladders: Vec<&'t str>,
    /// Everybody whom a rung can tell.
    pub(super) recipients: Vec<&'t str>,
    /// What visitors of a chat see where its account has no name.
    pub(super) desk_name: String,
    /// The file, in which a mistake within a value has its place.
    pub(super) text: &'t str,
}

impl<'t> Known<'t> {
    pub(super) fn of(table: &Table<'t>, desk_name: &str, least: Proficiency, text: &'t str) -> Self {
        let (contacts, roles) = (keys(table, "contacts"), keys(table, "roles"));
        let agents = keys(table, "agents");
        Self {
            languages: languages(table),
            least,
            skills: keys(table, "skills"),
            teams: keys(table, "teams"),
            agent_set: agents.iter().copied().collect(),
            agents,
            queues: keys(table, "queues"),
            sites: keys(table, "sites"),
            regions: keys(table, "regions"),
            tandems: keys(table, "tandems"),
            attributes: attributes::read(table),
            calendars: keys(table, "calendars"),
            ladders: keys(table, "ladders"),
            recipients: [&[contacts::OWNER], &roles[..], &contacts[..]].concat(),
            contacts,
            roles,
            desk_name: desk_name.to_owned(),
            text,
        }
    }

    pub(super) fn is_agent(&self, key: &str) -> bool {
        self.agent_set.contains(key)
    }

    /// The agent that is named there.
    pub(super) fn agent(&self, place: &Place<'_>) -> Option<AgentId> {
        let key = place.text()?;
        if self.is_agent(key) {
            key.parse().ok()
        } else {
            place.word("agent", &self.agents)
        }
    }
}

fn keys<'t>(table: &Table<'t>, section: &str) -> Vec<&'t str> {
    match table.get(section).map(|place| &place.node.value) {
        Some(Value::Table(entries)) => entries.iter().map(|(key, _): &(_, Node)| key.text.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn languages(table: &Table<'_>) -> Vec<LanguageTag> {
    let mut languages: Vec<LanguageTag> = Vec::new();
    for place in table.need("languages", "[en, de]").iter().flat_map(Place::one_or_list) {
        match place.parsed() {
            Some(language) if languages.contains(&language) => {
                place.fault(format!("`{language}` stands here a second time"));
            }
            Some(language) => languages.push(language),
            None => {}
        }
    }
    languages
}
