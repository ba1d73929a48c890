//! Reads values of the tree as what they should be. What does not fit is reported, and reading goes on.
//!
//! What is wanted decides what a scalar is: `no` is a language where a language is wanted, and never
//! a truth value, whatever other YAML readers make of it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use saphyr_parser::ScalarStyle;

use crate::duration;
use crate::fault::{Fault, Position, Report};
use crate::suggest::{did_you_mean, one_of, quoted};
use crate::tree::{Key, Node, Value, join};

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Place<'t> {
    pub(crate) node: &'t Node,
    at: Position,
    path: String,
    report: &'t Report,
}

impl<'t> Place<'t> {
    pub(crate) fn root(node: &'t Node, report: &'t Report) -> Self {
        Self {
            node,
            at: node.at,
            path: String::new(),
            report,
        }
    }

    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.fault_at(self.at, message);
    }

    pub(crate) fn fault_at(&self, at: Position, message: impl Into<String>) {
        self.report.fault(Fault::new(at, &self.path, message));
    }

    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.warn_at(self.at, message);
    }

    pub(crate) fn warn_at(&self, at: Position, message: impl Into<String>) {
        self.report.warn(Fault::new(at, &self.path, message));
    }

    pub(crate) fn report(&self) -> &'t Report {
        self.report
    }

    /// Text; a number or truth value is taken as it is written.
    pub(crate) fn text(&self) -> Option<&'t str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !text.trim().is_empty() && !self.node.is_nothing() => Some(text),
            Value::Scalar { .. } => self.wanted("text, but nothing stands here"),
            Value::List(_) => self.wanted("text, not a list"),
            Value::Table(_) => self.wanted("text, not a table of keys"),
            Value::Refused => None,
        }
    }

    fn wanted<T>(&self, what: &str) -> Option<T> {
        self.fault(format!("this must be {what}"));
        None
    }

    /// Anything that is read from text; its error says what is allowed.
    pub(crate) fn parsed<T>(&self) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        self.text()?
            .parse()
            .map_err(|error: T::Err| self.fault(error.to_string()))
            .ok()
    }

    /// One of these words, or the key of something that the file defines elsewhere.
    pub(crate) fn word<T>(&self, what: &str, words: &[&str]) -> Option<T>
    where
        T: FromStr,
    {
        let text = self.text()?;
        let known = words.contains(&text).then(|| text.parse().ok()).flatten();
        if known.is_none() {
            self.fault(unknown(what, text, words, self.report));
        }
        known
    }

    pub(crate) fn number(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self
            .plain(&wanted)?
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        number.or_else(|| self.wanted(&wanted))
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&self) -> Option<f64> {
        let wanted = "a number from 0 to 1, such as 0.5";
        let share = self
            .plain(wanted)?
            .parse()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share));
        share.or_else(|| self.wanted(wanted))
    }

    pub(crate) fn truth(&self) -> Option<bool> {
        let wanted = "true or false";
        match self.plain(wanted)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.wanted(wanted),
        }
    }

    pub(crate) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        self.duration_or_word(range, "")
    }

    /// Whether the value is exactly this word.
    pub(crate) fn says(&self, word: &str) -> bool {
        matches!(&self.node.value, Value::Scalar { text, .. } if text == word)
    }

    /// The same where a word such as `"never, or "` is allowed, too.
    pub(crate) fn duration_or_word(&self, range: RangeInclusive<Duration>, word: &str) -> Option<Duration> {
        let [least, most] = [range.start(), range.end()].map(|limit| duration::show(*limit));
        let units = "a whole number and s, m, h or d, such as 90s, 5m, 2h or 7d";
        let wanted = format!("{word}a duration from {least} to {most}: {units}");
        let found = duration::parse(self.plain(&wanted)?).filter(|found| range.contains(found));
        found.or_else(|| self.wanted(&wanted))
    }

    /// The text of a scalar without quotes: quoted, it would be text on purpose.
    fn plain(&self, wanted: &str) -> Option<&'t str> {
        match &self.node.value {
            Value::Scalar {
                text,
                style: ScalarStyle::Plain,
            } => Some(text),
            Value::Refused => None,
            _ => self.wanted(wanted),
        }
    }

    pub(crate) fn list(&self) -> Vec<Self> {
        match &self.node.value {
            Value::List(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(index, node)| Self {
                        node,
                        at: node.at,
                        path: format!("{}[{index}]", self.path),
                        report: self.report,
                    })
                    .collect()
            }
            Value::Refused => Vec::new(),
            _ => self.wanted("a list, such as [a, b]").unwrap_or_default(),
        }
    }

    /// A list, or its only item without the brackets.
    pub(crate) fn one_or_list(&self) -> Vec<Self> {
        match &self.node.value {
            Value::Scalar { .. } => vec![self.clone()],
            _ => self.list(),
        }
    }

    /// How much is in a list or table; 1 for anything else.
    pub(crate) fn len(&self) -> usize {
        match &self.node.value {
            Value::List(items) => items.len(),
            Value::Table(entries) => entries.len(),
            Value::Scalar { .. } | Value::Refused => 1,
        }
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(&self.node.value, Value::Table(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(&self.node.value, Value::List(_))
    }

    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.node.value, Value::List(items) if items.is_empty())
    }

    pub(crate) fn is_empty_table(&self) -> bool {
        matches!(&self.node.value, Value::Table(entries) if entries.is_empty())
    }

    /// A table whose keys the file's author chooses; every key must be a `K`.
    pub(crate) fn entries<K>(&self) -> Vec<(K, Self)>
    where
        K: FromStr<Err: Display>,
    {
        self.entries_at()
            .into_iter()
            .map(|(key, _, place)| (key, place))
            .collect()
    }

    /// The same, with each key's own position.
    pub(crate) fn entries_at<K>(&self) -> Vec<(K, Position, Self)>
    where
        K: FromStr<Err: Display>,
    {
        let typed = |(key, place): (&Key, Self)| match key.text.parse::<K>() {
            Ok(typed) => Some((typed, key.at, place)),
            Err(error) => {
                place.fault_at(key.at, error.to_string());
                None
            }
        };
        self.raw_entries().into_iter().filter_map(typed).collect()
    }

    /// A table whose keys the file defines elsewhere.
    pub(crate) fn referring_entries<K>(&self, what: &str, known: &[&str]) -> Vec<(K, Self)>
    where
        K: FromStr,
    {
        let typed = |(key, place): (&Key, Self)| {
            let found = known
                .contains(&key.text.as_str())
                .then(|| key.text.parse().ok())
                .flatten();
            if found.is_none() {
                place.fault_at(key.at, unknown(what, &key.text, known, self.report));
            }
            Some((found?, place))
        };
        self.raw_entries().into_iter().filter_map(typed).collect()
    }

    fn raw_entries(&self) -> Vec<(&'t Key, Self)> {
        match &self.node.value {
            Value::Table(entries) => {
                let place = |(key, node): &'t (Key, Node)| {
                    let path = join(&self.path, &key.text);
                    // An empty value stands nowhere: its key is the better place.
                    let at = if node.is_nothing() { key.at } else { node.at };
                    (
                        key,
                        Self {
                            node,
                            at,
                            path,
                            report: self.report,
                        },
                    )
                };
                entries.iter().map(place).collect()
            }
            Value::Refused => Vec::new(),
            _ => self.wanted("a table of keys, such as `key: value`").unwrap_or_default(),
        }
    }

    /// A table that has no other keys than these.
    pub(crate) fn table(&self, allowed: &[&str]) -> Table<'t> {
        let entries = self.raw_entries();
        for (key, place) in &entries {
            if !allowed.contains(&key.text.as_str()) {
                place.fault_at(key.at, unknown("key", &key.text, allowed, self.report));
            }
        }
        Table {
            place: self.clone(),
            entries,
        }
    }
}

/// ``unknown skill `biling`: use billing or orders; did you mean `billing`?``
pub(crate) fn unknown(what: &str, word: &str, known: &[&str], report: &Report) -> String {
    if report.is_full() {
        return String::new();
    }
    if known.is_empty() {
        return format!("unknown {what} {}: the file defines none", quoted(word));
    }
    format!(
        "unknown {what} {}: use {}{}",
        quoted(word),
        one_of(known),
        did_you_mean(word, known)
    )
}

/// A table with a closed set of keys.
pub(crate) struct Table<'t> {
    pub(crate) place: Place<'t>,
    entries: Vec<(&'t Key, Place<'t>)>,
}

impl<'t> Table<'t> {
    /// What stands under a key; none where the key is left out or empty.
    pub(crate) fn get(&self, key: &str) -> Option<Place<'t>> {
        let found = self.entries.iter().find(|(known, _)| known.text == key)?;
        Some(found.1.clone()).filter(|place| !place.node.is_nothing())
    }

    /// What stands under a key that cannot be left out.
    pub(crate) fn need(&self, key: &str, example: &str) -> Option<Place<'t>> {
        let found = self.get(key);
        if found.is_none() && matches!(self.place.node.value, Value::Table(_)) {
            self.place
                .fault(format!("`{key}` is missing: such as `{key}: {example}`"));
        }
        found
    }
}
