//! From text to expressions: OR binds least, then AND, then NOT.

mod comparison;

use std::ops::Range;

use super::words::{self, Placed, Token};
use super::{Expression, ExpressionFault, Term, normal};
use crate::{AgentId, AttributeId, AttributeKey, LanguageTag, Proficiency, RegionId, SiteId, SkillId, TeamId};

/// A longer text is refused.
pub const MOST_BYTES: usize = 4096;
/// More comparisons, each number of a list counted for itself, are refused.
pub const MOST_TERMS: usize = 64;
/// Parentheses and `not` within each other beyond this are refused.
pub const MOST_DEPTH: usize = 16;

/// What is not the name of a skill unless `skill.` stands before it.
pub(super) const RESERVED: [&str; 11] = [
    "agent", "team", "site", "region", "tier", "always", "never", "and", "or", "not", "in",
];

/// An expression as somebody wrote it: with the place of each term and name, and terms not yet merged.
#[derive(Clone, Debug)]
pub struct Written {
    pub(super) root: Part,
    mentions: Vec<Mention>,
}

/// A part of what somebody wrote, NOT already taken into the terms.
#[derive(Clone, Debug)]
pub(super) enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Term(Placement),
}

/// A term, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) term: Term,
    pub(super) at: Range<usize>,
}

/// Something of a desk that an expression names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where in the text, in bytes.
    pub at: Range<usize>,
    /// What is named.
    pub name: Name,
}

/// Something of a desk that an expression can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A skill.
    Skill(SkillId),
    /// A language.
    Language(LanguageTag),
    /// An agent.
    Agent(AgentId),
    /// A team.
    Team(TeamId),
    /// A site.
    Site(SiteId),
    /// A region.
    Region(RegionId),
    /// A word of an attribute.
    Key(AttributeId, AttributeKey),
    /// An attribute that is compared with a number.
    Number(AttributeId),
}

impl Written {
    /// Reads what somebody wrote. A language without a level asks for `least`.
    ///
    /// # Errors
    /// The first thing in the text that is wrong, and where it stands.
    pub fn parse(text: &str, least: Proficiency) -> Result<Self, ExpressionFault> {
        parse(text, least, MOST_BYTES, MOST_TERMS, MOST_DEPTH)
    }

    /// Reads what was shown: the normal form of what somebody wrote, and two of them put together, is at times longer
    /// than people may write.
    pub(super) fn read_back(text: &str) -> Result<Self, ExpressionFault> {
        parse(text, Proficiency::B2, 32 * MOST_BYTES, 16 * MOST_TERMS, 8 * MOST_DEPTH)
    }

    /// The normal form.
    #[must_use]
    pub fn expression(&self) -> Expression {
        self.root.expression()
    }

    /// What the text names, from left to right.
    #[must_use]
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// What must hold at the same time, and where each part stands: `a and (b or c)` has two parts.
    #[must_use]
    pub fn parts(&self) -> Vec<(Expression, Range<usize>)> {
        let mut parts = Vec::new();
        self.root.gather(&mut parts);
        parts
    }
}

impl From<&Expression> for Written {
    fn from(expression: &Expression) -> Self {
        Self {
            root: Part::from(expression),
            mentions: Vec::new(),
        }
    }
}

impl From<&Expression> for Part {
    fn from(expression: &Expression) -> Self {
        match expression {
            Expression::All(parts) => Self::All(parts.iter().map(Self::from).collect()),
            Expression::Any(parts) => Self::Any(parts.iter().map(Self::from).collect()),
            Expression::Term(term) => Self::Term(Placement {
                term: term.clone(),
                at: 0..0,
            }),
        }
    }
}

impl Part {
    pub(super) fn expression(&self) -> Expression {
        match self {
            Self::All(parts) => normal::all(parts.iter().map(Self::expression).collect()),
            Self::Any(parts) => normal::any(parts.iter().map(Self::expression).collect()),
            Self::Term(placement) => normal::all(vec![Expression::Term(placement.term.clone())]),
        }
    }

    fn gather(&self, parts: &mut Vec<(Expression, Range<usize>)>) {
        match self {
            Self::All(each) => each.iter().for_each(|part| part.gather(parts)),
            part => parts.push((part.expression(), part.at())),
        }
    }

    /// From its first term to the end of its last.
    fn at(&self) -> Range<usize> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let ends = [parts.first(), parts.last()].map(|part| part.map_or(0..0, Self::at));
                ends[0].start..ends[1].end
            }
            Self::Term(placement) => placement.at.clone(),
        }
    }
}

fn parse(
    text: &str,
    least: Proficiency,
    most_bytes: usize,
    most_terms: usize,
    most_depth: usize,
) -> Result<Written, ExpressionFault> {
    if text.len() > most_bytes {
        return Err(ExpressionFault {
            at: 0..0,
            what: format!("this has {} bytes", text.len()),
            help: format!("an expression has {most_bytes} at most"),
        });
    }
    let mut parser = Parser {
        words: words::split(text)?,
        next: 0,
        least,
        terms_left: most_terms,
        most_terms,
        most_depth,
        mentions: Vec::new(),
    };
    let root = parser.either(false, 0)?;
    parser.end()?;
    Ok(Written {
        root,
        mentions: parser.mentions,
    })
}

struct Parser<'t> {
    words: Vec<Placed<'t>>,
    next: usize,
    least: Proficiency,
    terms_left: usize,
    most_terms: usize,
    most_depth: usize,
    mentions: Vec<Mention>,
}

type Parsed<T> = Result<T, ExpressionFault>;

fn fault<T>(at: Range<usize>, what: impl Into<String>, help: impl Into<String>) -> Parsed<T> {
    Err(ExpressionFault {
        at,
        what: what.into(),
        help: help.into(),
    })
}

impl<'t> Parser<'t> {
    fn token(&self) -> Token<'t> {
        self.words.get(self.next).map_or(Token::End, |word| word.token)
    }

    fn at(&self) -> Range<usize> {
        let word = self.words.get(self.next).or(self.words.last());
        word.map_or(0..0, |word| word.at.clone())
    }

    fn take(&mut self, token: Token<'_>) -> bool {
        let is_there = self.token() == token && token != Token::End;
        self.next += usize::from(is_there);
        is_there
    }

    /// `a or b`; under a `not`, none of them.
    fn either(&mut self, negated: bool, depth: usize) -> Parsed<Part> {
        let mut parts = vec![self.both(negated, depth)?];
        while self.take(Token::Or) {
            parts.push(self.both(negated, depth)?);
        }
        Ok(group(!negated, parts))
    }

    /// `a and b`; under a `not`, not both of them.
    fn both(&mut self, negated: bool, depth: usize) -> Parsed<Part> {
        let mut parts = vec![self.single(negated, depth)?];
        while self.take(Token::And) {
            parts.push(self.single(negated, depth)?);
        }
        Ok(group(negated, parts))
    }

    fn single(&mut self, negated: bool, depth: usize) -> Parsed<Part> {
        let at = self.at();
        let is_not = self.take(Token::Not);
        let is_open = !is_not && self.take(Token::Open);
        if (is_not || is_open) && depth >= self.most_depth {
            let what = format!("this is nested deeper than {}", self.most_depth);
            return fault(at, what, "say it with fewer parentheses");
        }
        if is_not {
            return self.single(!negated, depth + 1);
        }
        if !is_open {
            return self.comparison(negated);
        }
        let inside = self.either(negated, depth + 1)?;
        if !self.take(Token::Close) {
            let what = format!("{} stands where a parenthesis must be closed", self.shown());
            return fault(self.at(), what, "write `)`, or `and` or `or` and what else is asked");
        }
        Ok(inside)
    }

    fn end(&self) -> Parsed<()> {
        let help = match self.token() {
            Token::End => return Ok(()),
            Token::Close => "no parenthesis is open: leave it away",
            Token::Compare(_) => "compare two times, joined with `and`",
            _ => "join what is asked with `and` or `or`",
        };
        fault(self.at(), format!("{} cannot stand here", self.shown()), help)
    }

    /// The word or sign at hand, for people.
    fn shown(&self) -> String {
        let text = match self.token() {
            Token::Word(word) => return format!("`{}`", shortened(word)),
            Token::Compare(compare) => compare.as_str(),
            Token::And => "and",
            Token::Or => "or",
            Token::Not => "not",
            Token::In => "in",
            Token::Open => "(",
            Token::Close => ")",
            Token::ListOpen => "[",
            Token::ListClose => "]",
            Token::Comma => ",",
            Token::End => return "the end".to_owned(),
        };
        format!("`{text}`")
    }

    fn count(&mut self, at: Range<usize>) -> Parsed<()> {
        if self.terms_left == 0 {
            let what = format!("this asks for more than {} things", self.most_terms);
            return fault(at, what, "say it in fewer terms, such as `team in [a, b]`");
        }
        self.terms_left -= 1;
        Ok(())
    }
}

fn group(any: bool, mut parts: Vec<Part>) -> Part {
    match (parts.len(), any) {
        (1, _) => parts.swap_remove(0),
        (_, true) => Part::Any(parts),
        (_, false) => Part::All(parts),
    }
}

/// Long words would drown the message.
fn shortened(word: &str) -> &str {
    word.get(..40).unwrap_or(word)
}
