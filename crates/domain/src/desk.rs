//! The compiled part of a desk file: ids, levels and numbers, nobody's words or addresses.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AccountId, AgentId, Channel, LanguageTag, Proficiency, QueueId, SkillId, SkillLevel, TeamId};

/// What the router needs of one version of a desk file. It travels in the activation event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledDesk {
    /// Version number, counted by the desk from 1.
    pub version: u64,
    /// SHA-256 of the file's bytes, lower-case hex: the file is fetched under it.
    pub hash: String,
    /// The language that is assumed where none is recognised.
    pub default_language: Option<LanguageTag>,
    /// The least proficiency with which a customer is served.
    pub min_proficiency: Proficiency,
    /// Every skill that there is.
    pub skills: Vec<SkillId>,
    /// Teams.
    pub teams: Vec<TeamId>,
    /// Agents, in the file's order (the last tie-breaker).
    pub agents: Vec<AgentProfile>,
    /// Queues.
    pub queues: Vec<QueuePolicy>,
    /// Every channel's numbers.
    pub channels: BTreeMap<Channel, ChannelPolicy>,
    /// Channel accounts, without their addresses.
    pub accounts: BTreeMap<AccountId, Channel>,
    /// How long a resolved ticket can be reopened before it is closed for good.
    pub close_after: Duration,
}

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
}

/// How one queue's tickets are offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePolicy {
    /// The queue.
    pub id: QueueId,
    /// Teams that serve it.
    pub teams: Vec<TeamId>,
    /// Skills that each of its tickets needs, whatever the rules add.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// Waiting this long counts as one step of priority; none: strict priority (a low ticket may starve).
    pub aging: Option<Duration>,
    /// For how long an agent who declined or missed a ticket is passed over for it.
    pub decline_pause: Duration,
    /// This many offers missed in a row make an agent *not responding*.
    pub max_missed: u32,
}

/// What a ticket of a channel costs and how long things take there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelPolicy {
    /// Capacity units of one ticket, offered, assigned or being wrapped up.
    pub units: u32,
    /// Capacity units of a ticket on hold, at most `units`.
    pub hold_units: u32,
    /// How long an offer stands.
    pub offer_ttl: Duration,
    /// The longest wrap-up; zero: none.
    pub wrap_up: Duration,
}
