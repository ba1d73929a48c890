//! Languages (BCP 47, with fallback) and how well somebody speaks them (CEFR).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A BCP 47 language tag in its canonical case: `de`, `pt-BR`, `zh-Hant-TW`.
///
/// Only well-formedness is checked (RFC 5646, section 2.1: subtags of 1 to 8 alphanumerics,
/// a primary subtag of 2 or 3 letters, or 4 to 8 registered letters).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(SmolStr);

/// Text that is not a language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language tag (BCP 47), such as de, pt-BR or zh-Hant")]
pub struct InvalidLanguage(pub String);

impl LanguageTag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This tag, then each shorter one: `zh-Hant-TW`, `zh-Hant`, `zh` (RFC 4647 lookup).
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |tag| {
            let (shorter, _) = tag.rsplit_once('-')?;
            // A single-letter subtag only introduces what was just cut off.
            let introducer = shorter.rsplit_once('-').filter(|(_, last)| last.len() == 1);
            Some(introducer.map_or(shorter, |(rest, _)| rest))
        })
    }

    /// Whether somebody who speaks `self` serves a customer who wants `wanted`: the same tag,
    /// or one is a refinement of the other (`de` serves `de-CH`, and `de-CH` serves `de`).
    #[must_use]
    pub fn serves(&self, wanted: &Self) -> bool {
        let (general, refined) = if self.0.len() <= wanted.0.len() {
            (self, wanted)
        } else {
            (wanted, self)
        };
        // Most have not even this in common, and need no closer look.
        refined.0.starts_with(general.as_str()) && refined.fallbacks().any(|tag| tag == general.as_str())
    }
}

/// RFC 5646, section 2.1.1: regions in upper case, scripts in title case, all else lower,
/// and everything lower behind a singleton.
fn canonical(text: &str) -> String {
    let mut extension = false;
    let subtags = text.split('-').enumerate().map(|(index, subtag)| {
        let lower = subtag.to_ascii_lowercase();
        extension |= lower.len() == 1;
        match lower.len() {
            2 if index > 0 && !extension => lower.to_ascii_uppercase(),
            4 if index > 0 && !extension => lower[..1].to_ascii_uppercase() + &lower[1..],
            _ => lower,
        }
    });
    subtags.collect::<Vec<_>>().join("-")
}

fn well_formed(text: &str) -> bool {
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && text.len() <= 35
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

impl FromStr for LanguageTag {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        if !well_formed(text) {
            return Err(InvalidLanguage(text.chars().take(80).collect()));
        }
        Ok(Self(canonical(text).into()))
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = InvalidLanguage;
    fn try_from(text: String) -> Result<Self, InvalidLanguage> {
        text.parse()
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0.into()
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How well a language is spoken: the Common European Framework's six levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Proficiency {
    /// Beginner.
    A1,
    /// Elementary.
    A2,
    /// Intermediate.
    B1,
    /// Upper intermediate: the usual minimum for serving customers.
    B2,
    /// Advanced.
    C1,
    /// Near native.
    C2,
}

impl Proficiency {
    /// All levels, lowest first.
    pub const ALL: [Self; 6] = [Self::A1, Self::A2, Self::B1, Self::B2, Self::C1, Self::C2];

    /// The level's name in the framework.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::B1 => "B1",
            Self::B2 => "B2",
            Self::C1 => "C1",
            Self::C2 => "C2",
        }
    }
}

impl FromStr for Proficiency {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("`{text}` is not a proficiency: use A1, A2, B1, B2, C1 or C2"))
    }
}

impl fmt::Display for Proficiency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> LanguageTag {
        text.parse().expect("a language tag")
    }

    #[test]
    fn tags_are_brought_to_canonical_case() {
        assert_eq!(tag("PT-br").as_str(), "pt-BR");
        assert_eq!(tag("ZH-hANT-tw").as_str(), "zh-Hant-TW");
        assert_eq!(tag("de-1996").as_str(), "de-1996");
    }

    #[test]
    fn malformed_tags_are_refused() {
        for bad in ["", "d", "de_DE", "de-", "-de", "de-toolonghere", "1a", "de ch"] {
            assert!(bad.parse::<LanguageTag>().is_err(), "{bad}");
        }
    }

    #[test]
    fn falls_back_to_shorter_tags() {
        assert_eq!(
            tag("zh-Hant-TW").fallbacks().collect::<Vec<_>>(),
            ["zh-Hant-TW", "zh-Hant", "zh"]
        );
        assert_eq!(tag("de-x-bank").fallbacks().collect::<Vec<_>>(), ["de-x-bank", "de"]);
    }

    #[test]
    fn a_language_serves_its_regions_and_the_other_way_round() {
        assert!(tag("de").serves(&tag("de-CH")));
        assert!(tag("de-CH").serves(&tag("de")));
        assert!(!tag("de-AT").serves(&tag("de-CH")));
        assert!(!tag("de").serves(&tag("nl")));
    }
}
