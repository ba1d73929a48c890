//! How a queue's tickets are ordered and offered.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RoutingStep;
use crate::expression::Expression;
use crate::ticket::named_enum;
use crate::{Channel, ClockKind, QueueId, SkillId, SkillLevel, TeamId};

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
    /// What else is required of whoever serves it.
    #[serde(default)]
    pub require: Option<Expression>,
    /// Which ticket goes first.
    #[serde(default)]
    pub order: QueueOrder,
    /// How many may be served before a ticket that came before them and could have been served; none: any number.
    #[serde(default)]
    pub max_overtaken: Option<u32>,
    /// Which agent goes first.
    #[serde(default)]
    pub choice: Choice,
    /// Capacity units of its tickets, instead of the channel's.
    #[serde(default)]
    pub units: BTreeMap<Channel, u32>,
    /// To how many agents at once a ticket is offered, 1 to 20; who accepts first has it.
    #[serde(default = "one_offer")]
    pub offers_at_once: u8,
    /// Whether its tickets are assigned without being offered.
    #[serde(default)]
    pub auto_accept: bool,
    /// What is tried in which order; empty: one step, the queue's own.
    #[serde(default)]
    pub steps: Vec<RoutingStep>,
    /// An owner who is offline so long loses the ticket; none: never.
    #[serde(default)]
    pub absence: Option<Duration>,
}

impl QueuePolicy {
    /// A queue that is nobody's, in strict priority.
    #[must_use]
    pub fn new(id: QueueId) -> Self {
        Self {
            id,
            teams: Vec::new(),
            skills: BTreeMap::new(),
            aging: None,
            decline_pause: Duration::ZERO,
            max_missed: 0,
            tier: first_tier(),
            next_tier: None,
            require: None,
            order: QueueOrder::default(),
            max_overtaken: None,
            choice: Choice::default(),
            units: BTreeMap::new(),
            offers_at_once: one_offer(),
            auto_accept: false,
            steps: Vec::new(),
            absence: None,
        }
    }
}

const fn first_tier() -> u8 {
    1
}

const fn one_offer() -> u8 {
    1
}

/// Which of a queue's tickets goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// By priority and age, as the queue's `aging` says.
    #[default]
    Aging,
    /// Whose SLA target of this clock (`Accept` or `FirstResponse`) ends first; those without a target after them.
    Deadline(ClockKind),
}

named_enum!(
    /// Which of the agents who fit and are free goes first. Equals go by the longer idle, then by the file's order.
    #[derive(Default)]
    Choice {
        /// The smaller share of capacity in use.
        #[default]
        LeastLoaded = "least_loaded",
        /// The longer idle.
        LongestIdle = "longest_idle",
        /// The higher levels in what the ticket asks for.
        BestSkilled = "best_skilled",
        /// The fewer skills and languages beyond what the ticket asks for.
        LeastOverSkilled = "least_over_skilled",
        /// Whoever's turn it is.
        RoundRobin = "round_robin",
        /// The smaller cost.
        Cheapest = "cheapest",
        /// By chance, the more often the higher the weight; the chance is drawn from the offer's number.
        Weighted = "weighted",
    }
);
