//! The compiled part of a desk file: ids, levels and numbers, nobody's words or addresses.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AgentId, Channel, ContactId, LanguageTag, Proficiency, QueueId, SkillId, SkillLevel, SlaPlan, TeamId,
};

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
    /// The desk's time zone (IANA): its days begin and end in it.
    #[serde(default = "utc")]
    pub timezone: String,
    /// The share of tickets that is to be accepted within a time, by channel. No entry: none is set.
    #[serde(default)]
    pub service_levels: BTreeMap<Channel, ServiceLevel>,
    /// Calendars, SLA policies and ladders.
    #[serde(default)]
    pub sla: SlaPlan,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// `80% in 30s`: how many of a channel's tickets are to be accepted how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// Percent, 1 to 100.
    pub share_percent: u8,
    /// From the ticket's opening to its first accept, by the wall clock; above zero.
    pub within: Duration,
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
    /// Who is told when a rung tells the ticket's owner; none: nobody.
    #[serde(default)]
    pub contact: Option<ContactId>,
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
    /// Support level: 1 (first line) to 3.
    #[serde(default = "first_tier")]
    pub tier: u8,
    /// The queue of the next tier, for tickets that climb; its tier is above this one's. None: the ladder's top.
    #[serde(default)]
    pub next_tier: Option<QueueId>,
}

const fn first_tier() -> u8 {
    1
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
