//! The normal form: what is put together with AND and OR is flattened, merged, sorted and freed of doubles.

use std::collections::BTreeSet;

use super::{AttributeTest, Expression, OneOf, Term};
use crate::TeamId;

/// How parts are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
}

/// Each of the parts, which are in normal form themselves.
pub(super) fn all(parts: Vec<Expression>) -> Expression {
    join(Join::All, parts)
}

/// At least one of the parts, which are in normal form themselves.
pub(super) fn any(parts: Vec<Expression>) -> Expression {
    join(Join::Any, parts)
}

/// Whoever the term does not hold for.
pub(super) fn not(term: Term) -> Term {
    match term {
        Term::Skill { skill, levels } => Term::Skill {
            skill,
            levels: levels.not(),
        },
        Term::Language { language, levels } => Term::Language {
            language,
            levels: levels.not(),
        },
        Term::Agent(asked) => Term::Agent(asked.not()),
        Term::Team(asked) => Term::Team(asked.not()),
        Term::Site(asked) => Term::Site(asked.not()),
        Term::Region(asked) => Term::Region(asked.not()),
        Term::Tier { tiers } => Term::Tier { tiers: tiers.not() },
        Term::Attribute { attribute, test } => Term::Attribute {
            attribute,
            test: match test {
                AttributeTest::Keys(asked) => AttributeTest::Keys(asked.not()),
                AttributeTest::Numbers(asked) => AttributeTest::Numbers(asked.not()),
            },
        },
    }
}

/// Some(true): holds for everybody; Some(false): for nobody.
pub(super) fn constant(term: &Term) -> Option<bool> {
    match term {
        Term::Skill { levels, .. } => levels.constant(),
        Term::Language { levels, .. } => levels.constant(),
        Term::Agent(asked) => asked.constant(),
        Term::Team(asked) => asked.constant(),
        Term::Site(asked) => asked.constant(),
        Term::Region(asked) => asked.constant(),
        Term::Tier { tiers } => tiers.constant(),
        Term::Attribute { test, .. } => match test {
            AttributeTest::Keys(asked) => asked.constant(),
            AttributeTest::Numbers(asked) => asked.constant(),
        },
    }
}

impl Join {
    fn of(self, parts: Vec<Expression>) -> Expression {
        match self {
            Self::All => Expression::All(parts),
            Self::Any => Expression::Any(parts),
        }
    }

    /// A part that settles the whole: `never` within AND, `always` within OR.
    fn settles(self, part: &Expression) -> bool {
        match (self, part) {
            (Self::All, Expression::Any(parts)) | (Self::Any, Expression::All(parts)) => parts.is_empty(),
            _ => false,
        }
    }

    /// The value of a term that settles the whole.
    fn settling(self) -> bool {
        self == Self::Any
    }
}

fn join(how: Join, parts: Vec<Expression>) -> Expression {
    let (mut terms, mut groups) = (Vec::new(), Vec::new());
    for part in parts.into_iter().flat_map(|part| flatten(how, part)) {
        match part {
            Expression::Term(term) => terms.push(term),
            group if how.settles(&group) => return group,
            group => groups.push(group),
        }
    }
    for term in merge(how, terms) {
        match constant(&term) {
            Some(value) if value == how.settling() => return settled(value),
            Some(_) => {}
            None => groups.push(Expression::Term(term)),
        }
    }
    groups.sort();
    groups.dedup();
    match groups.len() {
        1 => groups.swap_remove(0),
        _ => how.of(groups),
    }
}

fn settled(value: bool) -> Expression {
    if value {
        Expression::always()
    } else {
        Expression::never()
    }
}

fn flatten(how: Join, part: Expression) -> Vec<Expression> {
    match (how, part) {
        (Join::All, Expression::All(parts)) | (Join::Any, Expression::Any(parts)) if !parts.is_empty() => parts,
        // What always holds asks for nothing more, what never holds offers nothing more.
        (Join::All, Expression::All(_)) | (Join::Any, Expression::Any(_)) => Vec::new(),
        (_, part) => vec![part],
    }
}

/// Makes one of the terms on one thing.
fn merge(how: Join, terms: Vec<Term>) -> Vec<Term> {
    let mut merged: Vec<Term> = Vec::new();
    let mut of_teams = Vec::new();
    for term in terms {
        if let Term::Team(asked) = term {
            of_teams.push(asked);
        } else if let Some((place, one)) = found(how, &merged, &term) {
            merged[place] = one;
        } else {
            merged.push(term);
        }
    }
    merged.extend(merge_teams(how, of_teams).into_iter().map(Term::Team));
    merged
}

fn found(how: Join, merged: &[Term], term: &Term) -> Option<(usize, Term)> {
    merged
        .iter()
        .enumerate()
        .find_map(|(place, other)| Some((place, one(how, other, term)?)))
}

/// The one term that two terms on the same thing come to; none for different things.
fn one(how: Join, first: &Term, second: &Term) -> Option<Term> {
    match (first, second) {
        (
            Term::Skill { skill, levels },
            Term::Skill {
                skill: other,
                levels: more,
            },
        ) if skill == other => Some(Term::Skill {
            skill: skill.clone(),
            levels: levels.join(how, *more),
        }),
        (
            Term::Language { language, levels },
            Term::Language {
                language: other,
                levels: more,
            },
        ) if language == other => Some(Term::Language {
            language: language.clone(),
            levels: levels.join(how, *more),
        }),
        (Term::Agent(asked), Term::Agent(other)) => Some(Term::Agent(asked.join(how, other))),
        (Term::Site(asked), Term::Site(other)) => Some(Term::Site(asked.join(how, other))),
        (Term::Region(asked), Term::Region(other)) => Some(Term::Region(asked.join(how, other))),
        (Term::Tier { tiers }, Term::Tier { tiers: other }) => Some(Term::Tier {
            tiers: tiers.join(how, *other),
        }),
        (
            Term::Attribute { attribute, test },
            Term::Attribute {
                attribute: other,
                test: more,
            },
        ) if attribute == other => Some(Term::Attribute {
            attribute: attribute.clone(),
            test: one_test(how, test, more)?,
        }),
        _ => None,
    }
}

fn one_test(how: Join, first: &AttributeTest, second: &AttributeTest) -> Option<AttributeTest> {
    match (first, second) {
        (AttributeTest::Keys(asked), AttributeTest::Keys(other)) => Some(AttributeTest::Keys(asked.join(how, other))),
        (AttributeTest::Numbers(asked), AttributeTest::Numbers(other)) => Some(AttributeTest::Numbers(match how {
            Join::All => asked.and(other),
            Join::Any => asked.or(other),
        })),
        _ => None,
    }
}

/// An agent may be in several teams, so "in a and in b" stays two terms, as does "not in a or not in b"; the
/// other two pairs become one, and what those settle is taken out of the rest.
fn merge_teams(how: Join, terms: Vec<OneOf<TeamId>>) -> Vec<OneOf<TeamId>> {
    let pools = |asked: &OneOf<TeamId>| asked.among == (how == Join::Any);
    let (pooled, mut others): (Vec<_>, Vec<_>) = terms.into_iter().partition(pools);
    let Some(among) = pooled.first().map(|asked| asked.among) else {
        return others;
    };
    let keys: BTreeSet<TeamId> = pooled.into_iter().flat_map(|asked| asked.keys).collect();
    for other in &mut others {
        other.keys.retain(|key| !keys.contains(key));
    }
    others.push(OneOf { among, keys });
    others
}

impl<const TOP: u8> super::Levels<TOP> {
    fn join(self, how: Join, other: Self) -> Self {
        match how {
            Join::All => self.and(other),
            Join::Any => self.or(other),
        }
    }

    fn constant(self) -> Option<bool> {
        let is_all = self == Self::ALL;
        (is_all || self == Self::NONE).then_some(is_all)
    }
}

impl<K: Ord + Clone> OneOf<K> {
    fn join(&self, how: Join, other: &Self) -> Self {
        match how {
            Join::All => self.clone().and(other),
            Join::Any => self.clone().or(other),
        }
    }
}
