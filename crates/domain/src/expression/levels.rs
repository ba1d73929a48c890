//! Sets of levels, of which there are few: a bit each.

use crate::Proficiency;

/// A set of levels from 0 (has none) to `TOP`, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Levels<const TOP: u8>(u8);

/// Levels of a skill: 0 (has it not) to 5.
pub type SkillLevels = Levels<5>;
/// Proficiencies in a language: 0 (speaks it not), then 1 to 6 for A1 to C2.
pub type LanguageLevels = Levels<6>;
/// Support levels: 0 (has none) to 3.
pub type TierLevels = Levels<3>;

impl<const TOP: u8> Levels<TOP> {
    /// No level.
    pub const NONE: Self = Self(0);
    /// Every level.
    pub const ALL: Self = Self((1 << (TOP + 1)) - 1);

    /// The levels from one to another, as far as there are such.
    #[must_use]
    pub fn between(from: u8, to: u8) -> Self {
        let levels = (from..=to.min(TOP)).fold(0, |bits, level| bits | 1 << level);
        Self(levels)
    }

    /// This level and all above it.
    #[must_use]
    pub fn at_least(level: u8) -> Self {
        Self::between(level, TOP)
    }

    /// Whether a level is in the set.
    #[must_use]
    pub const fn has(self, level: u8) -> bool {
        level <= TOP && self.0 & (1 << level) != 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in one of them.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All other levels.
    #[must_use]
    pub const fn not(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// The lowest level in the set, if there is one.
    #[must_use]
    pub fn lowest(self) -> Option<u8> {
        (0..=TOP).find(|level| self.has(*level))
    }

    /// The highest level in the set, if there is one.
    #[must_use]
    pub fn highest(self) -> Option<u8> {
        (0..=TOP).rev().find(|level| self.has(*level))
    }

    /// Stretches of neighbouring levels, lowest first.
    pub(super) fn runs(self) -> Vec<(i64, i64)> {
        let begins = (0..=TOP).filter(|level| self.has(*level) && (*level == 0 || !self.has(level - 1)));
        let until = |from: u8| (from..=TOP).take_while(|level| self.has(*level)).last().unwrap_or(from);
        begins.map(|from| (i64::from(from), i64::from(until(from)))).collect()
    }
}

impl LanguageLevels {
    /// A proficiency's place in the set: 1 to 6.
    #[must_use]
    pub const fn of(level: Proficiency) -> u8 {
        level as u8 + 1
    }
}
