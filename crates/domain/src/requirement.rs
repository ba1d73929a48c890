//! What a ticket asks of the person who takes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Channel, LanguageTag, Proficiency, QueueId, SkillId};

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

/// What a ticket asks of the person who takes it. Tickets with equal requirements wait in one class.
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
}
