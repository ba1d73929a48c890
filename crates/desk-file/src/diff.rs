//! What a new version of a desk file changes, in lines for people.

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::DeskFile;
use facts::{Fact, Subject};

/// One difference between two versions of a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something is new: `queue vip added`.
    Added {
        /// What, such as `queue vip`.
        subject: String,
    },
    /// Something is gone: `queue vip removed`.
    Removed {
        /// What, such as `queue vip`.
        subject: String,
    },
    /// Something is different: `agent ana: skill billing 2 → 3`.
    Changed {
        /// Of what, such as `agent ana`.
        subject: String,
        /// What about it, such as `skill billing`.
        property: String,
        /// The old value; none: there was none.
        old: Option<String>,
        /// The new value; none: there is none.
        new: Option<String>,
    },
    /// The same things stand in another order, which matters.
    Reordered {
        /// What: `agents` (the last tie-breaker), `rules`, or `policies` (the first that fits counts).
        subject: &'static str,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { subject } => write!(f, "{subject} added"),
            Self::Removed { subject } => write!(f, "{subject} removed"),
            Self::Reordered { subject } => write!(f, "{subject}: other order"),
            Self::Changed {
                subject,
                property,
                old,
                new,
            } => {
                write!(f, "{subject}: {property}")?;
                match (
                    old.as_deref().filter(|old| !old.is_empty()),
                    new.as_deref().filter(|new| !new.is_empty()),
                ) {
                    (Some(old), Some(new)) => write!(f, " {old} → {new}"),
                    (None, Some(new)) if old.is_some() => write!(f, " none → {new}"),
                    (None, Some(new)) => write!(f, " {new} added"),
                    (Some(old), None) if new.is_some() => write!(f, " {old} → none"),
                    (_, None) => f.write_str(if new.is_some() { " added" } else { " removed" }),
                }
            }
        }
    }
}

/// What `new` changes of `old`: sections as they stand in a file, keys in their order within; nothing
/// if both mean the same, however they are written.
#[must_use]
pub fn diff(old: &DeskFile, new: &DeskFile) -> Vec<Change> {
    let (before, after) = (facts::of(old), facts::of(new));
    let mut changes = Vec::new();
    for section in 0..facts::SECTIONS {
        changes.extend(compare(&before[section], &after[section]));
    }
    let agents = [old, new].map(|file| {
        file.agents
            .iter()
            .map(|agent| agent.profile.id.as_str())
            .collect::<Vec<_>>()
    });
    let rules = [old, new].map(|file| file.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>());
    let policies = [old, new].map(|file| {
        let policies = file.sla.policies.iter();
        policies.map(|policy| policy.id.as_str()).collect::<Vec<_>>()
    });
    for (subject, [old, new]) in [("agents", agents), ("rules", rules), ("policies", policies)] {
        if is_reordered(&old, &new) {
            changes.push(Change::Reordered { subject });
        }
    }
    changes
}

fn compare(old: &[Subject], new: &[Subject]) -> Vec<Change> {
    let by_name = |subjects: &'_ [Subject]| -> BTreeMap<String, usize> {
        subjects
            .iter()
            .enumerate()
            .map(|(index, subject)| (subject.name.clone(), index))
            .collect()
    };
    let (known, kept) = (by_name(old), by_name(new));
    let removed = old.iter().filter(|subject| !kept.contains_key(&subject.name));
    let mut changes: Vec<Change> = removed
        .map(|subject| Change::Removed {
            subject: subject.name.clone(),
        })
        .collect();
    for subject in new {
        match known.get(&subject.name) {
            None => changes.push(Change::Added {
                subject: subject.name.clone(),
            }),
            Some(index) => changes.extend(compare_facts(&subject.name, &old[*index].facts, &subject.facts)),
        }
    }
    changes
}

fn compare_facts(subject: &str, old: &[Fact], new: &[Fact]) -> Vec<Change> {
    let value =
        |among: &[Fact], property: &str| among.iter().find(|fact| fact.0 == property).map(|fact| fact.1.clone());
    let gone = old.iter().filter(|fact| value(new, &fact.0).is_none());
    let properties = gone.chain(new).map(|fact| &fact.0);
    let changed = properties.filter(|property| value(old, property) != value(new, property));
    let change = |property: &String| Change::Changed {
        subject: subject.to_owned(),
        property: property.clone(),
        old: value(old, property),
        new: value(new, property),
    };
    changed.map(change).collect()
}

/// Whether what is in both stands in another order.
fn is_reordered(old: &[&str], new: &[&str]) -> bool {
    let (known, kept): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    !old.iter()
        .filter(|name| kept.contains(name))
        .eq(new.iter().filter(|name| known.contains(name)))
}
