//! `attributes`: what else is said of agents, and in which words.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::expression::{AttributeValue, Numbers};
use tandem_domain::{AttributeId, AttributeKey};

use crate::model::AttributeKind;
use crate::place::{Place, Table, unknown};
use crate::suggest::one_of;

/// More words are better a number.
const MOST_WORDS: usize = 100;

pub(super) fn read(table: &Table<'_>) -> BTreeMap<AttributeId, AttributeKind> {
    let entries = table.get("attributes").map(|place| place.entries()).unwrap_or_default();
    entries.into_iter().map(|(id, place)| (id, kind(&place))).collect()
}

fn kind(place: &Place<'_>) -> AttributeKind {
    if place.says("number") {
        return AttributeKind::Number;
    }
    if place.is_empty_list() || place.node.is_nothing() {
        place.fault("an attribute has words, such as [yes, no], or is a number: write `number`");
        return AttributeKind::Keys(BTreeSet::new());
    }
    if place.len() > MOST_WORDS {
        place.fault(format!("{} words: at most {MOST_WORDS} are allowed", place.len()));
        return AttributeKind::Keys(BTreeSet::new());
    }
    AttributeKind::Keys(place.one_or_list().iter().filter_map(word).collect())
}

fn word(place: &Place<'_>) -> Option<AttributeKey> {
    let key: AttributeKey = place.parsed()?;
    if key.as_str().parse::<i64>().is_ok() {
        place.fault(format!(
            "`{key}` is a number: words have letters; write `number` for an attribute of numbers"
        ));
        return None;
    }
    Some(key)
}

/// The values of one agent.
pub(super) fn values(
    place: &Place<'_>,
    known: &BTreeMap<AttributeId, AttributeKind>,
) -> BTreeMap<AttributeId, AttributeValue> {
    let names: Vec<&str> = known.keys().map(AttributeId::as_str).collect();
    let entries = place.referring_entries::<AttributeId>("attribute", &names);
    let value = |(id, place): (AttributeId, Place<'_>)| {
        let value = value(&place, known.get(&id)?)?;
        Some((id, value))
    };
    entries.into_iter().filter_map(value).collect()
}

fn value(place: &Place<'_>, kind: &AttributeKind) -> Option<AttributeValue> {
    match kind {
        AttributeKind::Keys(words) => {
            let words: Vec<&str> = words.iter().map(AttributeKey::as_str).collect();
            place.word("value", &words).map(AttributeValue::Key)
        }
        AttributeKind::Number => {
            let number = place
                .text()?
                .parse()
                .ok()
                .filter(|number| (Numbers::LOWEST..=Numbers::HIGHEST).contains(number));
            if number.is_none() {
                place.fault("this must be a whole number, up to a trillion: so the attribute says");
            }
            number.map(AttributeValue::Number)
        }
    }
}

/// What is wrong with a word of an attribute in an expression.
pub(super) fn fault_of_word(
    kind: &AttributeKind,
    attribute: &AttributeId,
    word: &AttributeKey,
    place: &Place<'_>,
) -> Option<String> {
    match kind {
        AttributeKind::Number => Some(format!(
            "`{attribute}` is a number: compare it with one, such as `attr.{attribute} >= 3`"
        )),
        AttributeKind::Keys(words) if words.contains(word) => None,
        AttributeKind::Keys(words) => {
            let words: Vec<&str> = words.iter().map(AttributeKey::as_str).collect();
            Some(unknown("value", word.as_str(), &words, place.report()))
        }
    }
}

/// What is wrong with a number of an attribute in an expression.
pub(super) fn fault_of_number(kind: &AttributeKind, attribute: &AttributeId) -> Option<String> {
    match kind {
        AttributeKind::Number => None,
        AttributeKind::Keys(words) => {
            let words: Vec<&str> = words.iter().map(AttributeKey::as_str).collect();
            Some(format!(
                "`{attribute}` is no number: compare it with {}",
                one_of(&words)
            ))
        }
    }
}
