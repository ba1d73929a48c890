//! Tells the story: whatever happens for programs, enough to follow for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::cli::Format;
use crate::failure::Failure;
use crate::output::print_line;

/// People are shown so many of each kind of thing, then only how many there were.
const ENOUGH: usize = 4;
/// Of what is rarer, and what the demo is about.
const ENOUGH_OF_IMPORTANT: usize = 8;

/// One voice for everybody who has something to tell.
pub(crate) struct Teller {
    output: Format,
    told: Mutex<BTreeMap<&'static str, usize>>,
}

/// How much of a kind people want to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Happens all the time.
    Common,
    /// Happens now and then.
    Important,
    /// Always told.
    Chapter,
}

impl Teller {
    /// A voice that prints in this format.
    pub(crate) fn new(output: Format) -> Self {
        Self {
            output,
            told: Mutex::default(),
        }
    }

    /// Tells something of a kind.
    pub(crate) fn tell(&self, kind: &'static str, weight: Weight, text: &str) -> Result<(), Failure> {
        match self.output {
            Format::Json => print_line(&serde_json::json!({ "event": kind, "text": text }).to_string()),
            Format::Text if self.is_wanted(kind, weight) => print_line(text),
            Format::Text => Ok(()),
        }
    }

    /// Tells people something that programs need not know.
    pub(crate) fn aside(&self, text: &str) -> Result<(), Failure> {
        match self.output {
            Format::Json => Ok(()),
            Format::Text => print_line(text),
        }
    }

    fn is_wanted(&self, kind: &'static str, weight: Weight) -> bool {
        let enough = match weight {
            Weight::Common => ENOUGH,
            Weight::Important => ENOUGH_OF_IMPORTANT,
            Weight::Chapter => usize::MAX,
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = told.entry(kind).or_default();
        *told += 1;
        *told <= enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_enough_of_each_kind_and_no_more() {
        let teller = Teller::new(Format::Text);
        let wanted = |kind, weight| (0..20).filter(|_| teller.is_wanted(kind, weight)).count();
        assert_eq!(wanted("opened", Weight::Common), ENOUGH);
        assert_eq!(wanted("rung", Weight::Important), ENOUGH_OF_IMPORTANT);
        assert_eq!(wanted("chapter", Weight::Chapter), 20);
    }
}
