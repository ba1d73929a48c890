//! The compiled part of a desk file: ids, levels and numbers, nobody's words or addresses.

mod profile;
mod queue;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use profile::AgentProfile;
pub use queue::{Choice, QueueOrder, QueuePolicy};
pub use step::{Asks, LanguageAsk, Preference, RoutingStep, SkipIf, StepLength};

use crate::{
    AccountId, AgentId, AttributeId, Channel, LanguageTag, Proficiency, QueueId, RegionId, SiteId, SkillId, SlaPlan,
    TandemId, TeamId,
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
    /// Work of the key's channel does not count against an offer of these channels.
    #[serde(default)]
    pub interruptible_by: BTreeMap<Channel, BTreeSet<Channel>>,
    /// Which queue is served by an agent who serves several.
    #[serde(default)]
    pub between_queues: BetweenQueues,
    /// Agents who work a customer's tickets together.
    #[serde(default)]
    pub tandems: Vec<Tandem>,
    /// How many-to-many choices are made.
    #[serde(default)]
    pub matching: BatchPolicy,
    /// Where agents work.
    #[serde(default)]
    pub sites: Vec<SiteId>,
    /// What parts of the world are served.
    #[serde(default)]
    pub regions: Vec<RegionId>,
    /// What is said of agents beyond skills and languages.
    #[serde(default)]
    pub attributes: Vec<AttributeId>,
}

impl Default for CompiledDesk {
    /// A desk with nobody and nothing on it.
    fn default() -> Self {
        Self {
            version: 0,
            hash: String::new(),
            default_language: None,
            min_proficiency: Proficiency::B2,
            skills: Vec::new(),
            teams: Vec::new(),
            agents: Vec::new(),
            queues: Vec::new(),
            channels: BTreeMap::new(),
            accounts: BTreeMap::new(),
            close_after: Duration::ZERO,
            timezone: utc(),
            service_levels: BTreeMap::new(),
            sla: SlaPlan::default(),
            interruptible_by: BTreeMap::new(),
            between_queues: BetweenQueues::default(),
            tandems: Vec::new(),
            matching: BatchPolicy::default(),
            sites: Vec::new(),
            regions: Vec::new(),
            attributes: Vec::new(),
        }
    }
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
    /// A ticket on hold takes this share of its units, 0 to 100 percent, instead of `hold_units`.
    #[serde(default)]
    pub hold_percent: Option<u8>,
    /// Whether its tickets are assigned without being offered.
    #[serde(default)]
    pub auto_accept: bool,
}

/// Which queue is served by an agent who serves several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetweenQueues {
    /// The one whose first ticket has waited longest.
    #[default]
    LongestWait,
    /// By the agents' own `queues`.
    Weights,
    /// The one that is furthest above its share of all that waits, per mille with a sum of 1000.
    Ratio(BTreeMap<QueueId, u32>),
}

/// Agents who work a customer's tickets together, as equals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tandem {
    /// The tandem's key.
    pub id: TandemId,
    /// Its agents, for instance one inside and one in the field.
    pub agents: Vec<AgentId>,
}

/// How many-to-many choices are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPolicy {
    /// How long tickets are gathered before they are matched; zero: not at all.
    pub window: Duration,
    /// Up to so many waiting tickets are matched as a whole; beyond, one by one.
    pub head: u32,
}

impl Default for BatchPolicy {
    fn default() -> Self {
        Self {
            window: Duration::ZERO,
            head: 200,
        }
    }
}
