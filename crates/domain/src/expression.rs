//! What is asked of an agent, as AND, OR and NOT over skills, languages, people and places.

mod check;
mod levels;
mod normal;
mod parse;
mod sets;
mod show;
mod words;

use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use check::Clash;
pub use levels::{LanguageLevels, Levels, SkillLevels, TierLevels};
pub use parse::{MOST_BYTES, MOST_DEPTH, MOST_TERMS, Mention, Name, Written};
pub use sets::{Numbers, OneOf};

use crate::desk::AgentProfile;
use crate::{AgentId, AttributeId, AttributeKey, LanguageTag, Proficiency, RegionId, SiteId, SkillId, TeamId};

/// What is asked of an agent, always in normal form: *not* stands in the terms, `All` within `All` and `Any`
/// within `Any` are one, what they hold is sorted and stands there once, and terms on the same thing are one
/// term. Two texts that differ only in these ways are equal here.
///
/// On the wire and in the journal it is the text that [`Display`](std::fmt::Display) writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Expression {
    /// This holds.
    Term(Term),
    /// At least one of these holds; of none: never.
    Any(Vec<Self>),
    /// Each of these holds; of none: always.
    All(Vec<Self>),
}

/// One thing that is asked of an agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// The level of a skill is one of these; 0: the agent has it not.
    Skill {
        /// The skill.
        skill: SkillId,
        /// The levels that will do.
        levels: SkillLevels,
    },
    /// The proficiency in a language is one of these. What counts is the best of the agent's languages that serve
    /// it ([`LanguageTag::serves`]); 0: none does.
    Language {
        /// The language.
        language: LanguageTag,
        /// The proficiencies that will do.
        levels: LanguageLevels,
    },
    /// The agent is one of these.
    Agent(OneOf<AgentId>),
    /// One of the agent's teams is one of these; negated: none of them is.
    Team(OneOf<TeamId>),
    /// The agent works at one of these sites; without a site, at none of them.
    Site(OneOf<SiteId>),
    /// The agent's site is in one of these regions; without a region, in none of them.
    Region(OneOf<RegionId>),
    /// The agent's support level is one of these; 0: the agent has none.
    Tier {
        /// The levels that will do.
        tiers: TierLevels,
    },
    /// What the desk file says of the agent.
    Attribute {
        /// Which attribute.
        attribute: AttributeId,
        /// What its value must be.
        test: AttributeTest,
    },
}

/// What an attribute's value must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeTest {
    /// One of these words; an agent without the attribute has none of them.
    Keys(OneOf<AttributeKey>),
    /// One of these numbers; an agent without the attribute is below every number.
    Numbers(Numbers),
}

/// What the desk file says of an agent under an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeValue {
    /// One of the attribute's words.
    Key(AttributeKey),
    /// A number, within [`Numbers::LOWEST`] and [`Numbers::HIGHEST`].
    Number(i64),
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {help}")]
pub struct ExpressionFault {
    /// Where in the text, in bytes.
    pub at: Range<usize>,
    /// What is wrong there.
    pub what: String,
    /// What to write instead.
    pub help: String,
}

impl Expression {
    /// Reads what somebody wrote. A language without a level asks for [`Proficiency::B2`], the least proficiency of
    /// a desk that names none; with another one, use [`Written::parse`].
    ///
    /// # Errors
    /// The first thing in the text that is wrong, and where it stands.
    pub fn parse(text: &str) -> Result<Self, ExpressionFault> {
        Ok(Written::parse(text, Proficiency::B2)?.expression())
    }

    /// What holds always: nothing is asked.
    #[must_use]
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }

    /// What never holds.
    #[must_use]
    pub const fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// Both this and the other one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        normal::all(vec![self, other])
    }

    /// Whether the agent is who is asked for.
    #[must_use]
    pub fn holds_for(&self, agent: &AgentProfile) -> bool {
        match self {
            Self::All(each) => each.iter().all(|part| part.holds_for(agent)),
            Self::Any(each) => each.iter().any(|part| part.holds_for(agent)),
            Self::Term(term) => term.holds_for(agent),
        }
    }

    /// The fewest terms that the agent would have to meet besides: of what may be one or the other, the one with
    /// the fewest (of equals, the first). Nothing where the expression holds, or can never hold.
    #[must_use]
    pub fn unmet(&self, agent: &AgentProfile) -> Vec<Term> {
        match self {
            Self::All(each) => {
                let mut terms: Vec<Term> = each.iter().flat_map(|part| part.unmet(agent)).collect();
                terms.sort();
                terms.dedup();
                terms
            }
            Self::Any(each) if each.iter().any(|part| part.holds_for(agent)) => Vec::new(),
            Self::Any(each) => {
                let ways = each.iter().map(|part| part.unmet(agent));
                ways.min_by_key(Vec::len).unwrap_or_default()
            }
            Self::Term(term) if term.holds_for(agent) => Vec::new(),
            Self::Term(term) => vec![term.clone()],
        }
    }

    /// Two terms that can never hold together, where because of them the whole can never hold. What cannot be
    /// known within a bounded search is taken to be possible; so is what never holds by its form ([`Self::never`]).
    #[must_use]
    pub fn contradiction(&self) -> Option<(Term, Term)> {
        let written = Written::from(self);
        let clash = written.contradiction()?;
        Some((clash.first.clone(), clash.second.clone()))
    }

    /// Every term, from left to right.
    pub fn terms(&self) -> Box<dyn Iterator<Item = &Term> + '_> {
        match self {
            Self::All(each) | Self::Any(each) => Box::new(each.iter().flat_map(Self::terms)),
            Self::Term(term) => Box::new(std::iter::once(term)),
        }
    }
}

impl Term {
    /// Whether the agent is who is asked for.
    #[must_use]
    pub fn holds_for(&self, agent: &AgentProfile) -> bool {
        match self {
            Self::Skill { skill, levels } => levels.has(agent.skills.get(skill).map_or(0, |level| level.get())),
            Self::Language { language, levels } => levels.has(proficiency(agent, language)),
            Self::Agent(asked) => asked.holds(Some(&agent.id)),
            Self::Team(asked) => asked.holds_for_any(&agent.teams),
            Self::Site(asked) => asked.holds(agent.site.as_ref()),
            Self::Region(asked) => asked.holds(agent.region.as_ref()),
            Self::Tier { tiers } => tiers.has(agent.tier),
            Self::Attribute { attribute, test } => test.holds(agent.attributes.get(attribute)),
        }
    }
}

impl AttributeTest {
    fn holds(&self, value: Option<&AttributeValue>) -> bool {
        match (self, value) {
            (Self::Keys(asked), Some(AttributeValue::Key(key))) => asked.holds(Some(key)),
            (Self::Keys(asked), _) => asked.holds(None),
            (Self::Numbers(asked), Some(AttributeValue::Number(number))) => asked.has(Some(*number)),
            (Self::Numbers(asked), _) => asked.has(None),
        }
    }
}

/// How well the agent serves a language: 0 not at all, 1 to 6 for A1 to C2.
fn proficiency(agent: &AgentProfile, language: &LanguageTag) -> u8 {
    let serving = agent.languages.iter().filter(|(spoken, _)| spoken.serves(language));
    serving.map(|(_, level)| LanguageLevels::of(*level)).max().unwrap_or(0)
}

impl FromStr for Expression {
    type Err = ExpressionFault;

    /// Reads back what [`Display`](std::fmt::Display) wrote, which may be longer than what people may write.
    fn from_str(text: &str) -> Result<Self, ExpressionFault> {
        Ok(Written::read_back(text)?.expression())
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionFault;

    fn try_from(text: String) -> Result<Self, ExpressionFault> {
        text.parse()
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.to_string()
    }
}
