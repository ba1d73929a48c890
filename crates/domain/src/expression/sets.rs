//! Sets of keys, of which new ones can come at any time, and of numbers.

use std::collections::BTreeSet;

/// Some of all the keys that there may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OneOf<K> {
    /// Whether it must be one of them, or none of them.
    pub among: bool,
    /// The keys.
    pub keys: BTreeSet<K>,
}

impl<K: Ord + Clone> OneOf<K> {
    /// Whether it holds for this key; for none, only what asks for no key does.
    #[must_use]
    pub fn holds(&self, key: Option<&K>) -> bool {
        key.is_some_and(|key| self.keys.contains(key)) == self.among
    }

    /// Whether one of these is among the keys; negated, whether none is.
    #[must_use]
    pub fn holds_for_any(&self, keys: &[K]) -> bool {
        keys.iter().any(|key| self.keys.contains(key)) == self.among
    }

    pub(super) fn not(self) -> Self {
        Self {
            among: !self.among,
            ..self
        }
    }

    /// What both hold for, of somebody who has one key at most.
    pub(super) fn and(self, other: &Self) -> Self {
        let keys = match (self.among, other.among) {
            (true, true) => self.keys.intersection(&other.keys).cloned().collect(),
            (true, false) => self.keys.difference(&other.keys).cloned().collect(),
            (false, true) => other.keys.difference(&self.keys).cloned().collect(),
            (false, false) => self.keys.union(&other.keys).cloned().collect(),
        };
        Self {
            among: self.among || other.among,
            keys,
        }
    }

    /// What one of them holds for, of somebody who has one key at most.
    pub(super) fn or(self, other: &Self) -> Self {
        self.not().and(&other.clone().not()).not()
    }

    /// Some(true): holds for everybody; Some(false): for nobody.
    pub(super) fn constant(&self) -> Option<bool> {
        self.keys.is_empty().then_some(!self.among)
    }
}

/// A set of whole numbers; who has none counts as below every number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers {
    /// Stretches with both ends, in order, with gaps between them.
    runs: Vec<(i64, i64)>,
}

impl Numbers {
    /// The lowest number that there is.
    pub const LOWEST: i64 = -1_000_000_000_000;
    /// The highest number that there is.
    pub const HIGHEST: i64 = 1_000_000_000_000;
    /// Where those stand who have no number.
    pub(super) const MISSING: i64 = Self::LOWEST - 1;

    /// From one to another, both included; from [`Self::MISSING`] on, with those who have no number.
    pub(super) fn between(from: i64, to: i64) -> Self {
        let (from, to) = (from.max(Self::MISSING), to.min(Self::HIGHEST));
        Self {
            runs: if from <= to { vec![(from, to)] } else { Vec::new() },
        }
    }

    /// Whether a number, or not having one, is in the set.
    #[must_use]
    pub fn has(&self, number: Option<i64>) -> bool {
        let number = number.unwrap_or(Self::MISSING);
        self.runs.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    pub(super) fn runs(&self) -> &[(i64, i64)] {
        &self.runs
    }

    pub(super) fn not(&self) -> Self {
        let mut runs = Vec::new();
        let mut next = Self::MISSING;
        for (from, to) in &self.runs {
            if next < *from {
                runs.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= Self::HIGHEST {
            runs.push((next, Self::HIGHEST));
        }
        Self { runs }
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let mut all: Vec<(i64, i64)> = self.runs.iter().chain(&other.runs).copied().collect();
        all.sort_unstable();
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for (from, to) in all {
            match runs.last_mut() {
                Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
                _ => runs.push((from, to)),
            }
        }
        Self { runs }
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.not().or(&other.not()).not()
    }

    /// Some(true): holds for everybody; Some(false): for nobody.
    pub(super) fn constant(&self) -> Option<bool> {
        match self.runs.as_slice() {
            [] => Some(false),
            [(Self::MISSING, Self::HIGHEST)] => Some(true),
            _ => None,
        }
    }
}
