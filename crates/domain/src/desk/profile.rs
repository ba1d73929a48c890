//! What agents can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expression::AttributeValue;
use crate::{
    AgentId, AttributeId, CalendarId, Channel, ContactId, LanguageTag, Proficiency, QueueId, RegionId, SiteId, SkillId,
    SkillLevel, TeamId,
};

/// What an agent can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentProfile {
    /// The agent.
    pub id: AgentId,
    /// The agent's teams.
    pub teams: Vec<TeamId>,
    /// Skills with levels.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// Languages with proficiency.
    pub languages: BTreeMap<LanguageTag, Proficiency>,
    /// Capacity in units; each ticket costs its channel's.
    pub capacity: u32,
    /// The most tickets at once per channel; no entry: only capacity limits.
    pub channel_max: BTreeMap<Channel, u32>,
    /// Who is told when a rung tells the ticket's owner; none: nobody.
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// Where the agent works.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// What part of the world the agent serves.
    #[serde(default)]
    pub region: Option<RegionId>,
    /// Support level, 1 to 3; 0: none.
    #[serde(default)]
    pub tier: u8,
    /// What else is said of the agent.
    #[serde(default)]
    pub attributes: BTreeMap<AttributeId, AttributeValue>,
    /// Who takes over where a step prefers the last owner's mentor.
    #[serde(default)]
    pub mentor: Option<AgentId>,
    /// What an hour of the agent's costs, in any unit.
    #[serde(default)]
    pub cost: u32,
    /// How often the agent is chosen by weight, beside others; above zero.
    #[serde(default = "one")]
    pub weight: u32,
    /// How the agent's time is shared out between queues, in percent with a sum of 100; empty: as it comes.
    #[serde(default)]
    pub queues: BTreeMap<QueueId, u8>,
    /// When the agent can be offered work; none: whenever online.
    #[serde(default)]
    pub available: Option<CalendarId>,
}

impl AgentProfile {
    /// Somebody who can do nothing yet.
    #[must_use]
    pub fn new(id: AgentId) -> Self {
        Self {
            id,
            teams: Vec::new(),
            skills: BTreeMap::new(),
            languages: BTreeMap::new(),
            capacity: 0,
            channel_max: BTreeMap::new(),
            contact: None,
            site: None,
            region: None,
            tier: 0,
            attributes: BTreeMap::new(),
            mentor: None,
            cost: 0,
            weight: one(),
            queues: BTreeMap::new(),
            available: None,
        }
    }
}

const fn one() -> u32 {
    1
}
