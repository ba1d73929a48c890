//! Routing steps: what a queue tries first, and what it settles for later.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::{AgentId, CalendarId, ClockKind, Proficiency, StepId, TeamId};

/// One of a queue's routing steps. They are gone through in order; the last one never ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingStep {
    /// The step's key.
    pub id: StepId,
    /// Only these agents while the step lasts; none: everybody in the pool.
    #[serde(default)]
    pub prefer: Option<Preference>,
    /// What is required of agents besides what the queue requires.
    #[serde(default)]
    pub require: Option<Expression>,
    /// The teams that may serve the ticket in this step; empty: the queue's.
    #[serde(default)]
    pub teams: Vec<TeamId>,
    /// What remains of what the ticket asks for.
    #[serde(default)]
    pub asks: Asks,
    /// How long it lasts; none only on the last step.
    #[serde(default)]
    pub lasts: Option<StepLength>,
    /// When it is passed over: if any of these holds as it would begin.
    #[serde(default)]
    pub skip_if: Vec<SkipIf>,
}

impl RoutingStep {
    /// A step that asks what the queue asks, and does not end.
    #[must_use]
    pub fn new(id: StepId) -> Self {
        Self {
            id,
            prefer: None,
            require: None,
            teams: Vec::new(),
            asks: Asks::default(),
            lasts: None,
            skip_if: Vec::new(),
        }
    }
}

/// For whom a step is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Whoever served the customer, or the ticket, last.
    LastAgent,
    /// The agents of the customer's tandem.
    Tandem,
    /// The mentor of the ticket's last owner.
    Mentor,
    /// These agents.
    Agents(Vec<AgentId>),
}

/// What remains, in a step, of what the ticket asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// Whether the skills that the rules asked for count; else only the queue's own.
    pub skills: bool,
    /// What becomes of the language.
    pub language: LanguageAsk,
}

impl Default for Asks {
    /// All of it.
    fn default() -> Self {
        Self {
            skills: true,
            language: LanguageAsk::AsAsked,
        }
    }
}

/// What a step asks of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LanguageAsk {
    /// The customer's language at the desk's least proficiency.
    AsAsked,
    /// The customer's language at this proficiency.
    AtLeast(Proficiency),
    /// Any language.
    Any,
}

/// How long a step lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepLength {
    /// By the wall clock.
    Wall(Duration),
    /// In a calendar's working time.
    Working {
        /// So much of it.
        length: Duration,
        /// Whose.
        calendar: CalendarId,
    },
    /// A share of the time that is left to an SLA target as the step begins.
    ShareLeft {
        /// 1 to 100.
        percent: u8,
        /// `Accept` or `FirstResponse`.
        clock: ClockKind,
    },
}

/// When a step is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipIf {
    /// Nobody who fits the step is online.
    NobodyOnline,
    /// The estimated wait in the queue is longer.
    WaitOver(Duration),
}
