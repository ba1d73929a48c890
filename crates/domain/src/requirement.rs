//! What a ticket asks of the person who takes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::{AgentId, Channel, LanguageTag, Proficiency, QueueId, SkillId, TeamId};

/// A skill level from 1 (basic) to 5 (expert).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SkillLevel(u8);

impl SkillLevel {
    /// The lowest level.
    pub const BASIC: Self = Self(1);

    /// A level, if it is from 1 to 5.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level >= 1 && level <= 5 {
            Some(Self(level))
        } else {
            None
        }
    }

    /// The level as a number from 1 to 5.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for SkillLevel {
    type Error = String;
    fn try_from(level: u8) -> Result<Self, String> {
        Self::new(level).ok_or_else(|| format!("{level} is not a skill level: use 1 to 5"))
    }
}

impl From<SkillLevel> for u8 {
    fn from(level: SkillLevel) -> Self {
        level.0
    }
}

/// What a ticket asks, in its routing step, of the person who takes it. Tickets with equal requirements wait in one
/// class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requirement {
    /// The queue; its teams may serve it.
    pub queue: QueueId,
    /// The channel; it costs capacity.
    pub channel: Channel,
    /// The customer's language and the least proficiency; none where the language is unknown
    /// and the desk names no default.
    pub language: Option<(LanguageTag, Proficiency)>,
    /// Each skill with the least level.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// The queue's routing step, counted from 0.
    #[serde(default)]
    pub step: u16,
    /// What queue and step require besides.
    #[serde(default)]
    pub expression: Option<Expression>,
    /// The teams that may serve it; empty: the queue's.
    #[serde(default)]
    pub pool: Vec<TeamId>,
    /// The only agents who may, while a step is reserved for them; empty: everybody in the pool.
    #[serde(default)]
    pub only: Vec<AgentId>,
}

impl Requirement {
    /// What a queue without any demands asks: one of its teams, room for the channel.
    #[must_use]
    pub fn new(queue: QueueId, channel: Channel) -> Self {
        Self {
            queue,
            channel,
            language: None,
            skills: BTreeMap::new(),
            step: 0,
            expression: None,
            pool: Vec::new(),
            only: Vec::new(),
        }
    }

    /// The language in which the ticket is served: what is asked for or, as a step may take any, what was known before.
    #[must_use]
    pub fn language_or(&self, known: Option<&LanguageTag>) -> Option<LanguageTag> {
        let asked = self.language.as_ref().map(|(language, _)| language);
        asked.or(known).cloned()
    }
}
