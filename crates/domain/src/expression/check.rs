//! Whether an expression can ever hold.

use std::ops::Range;

use super::parse::{Part, Placement, Written};
use super::{Expression, Term, normal};
use crate::LanguageTag;

/// A search that takes longer gives up: with 64 terms, there may be more ways than can ever be tried.
const MOST_STEPS: usize = 1000;

/// Two terms that can never hold together.
#[derive(Clone, Debug)]
pub struct Clash<'w> {
    /// The one that stands first.
    pub first: &'w Term,
    /// Where, in bytes.
    pub first_at: Range<usize>,
    /// The other.
    pub second: &'w Term,
    /// Where, in bytes.
    pub second_at: Range<usize>,
}

impl Written {
    /// Why this can never hold: two of its terms, in the first of the ways in which it might. None where it can, and
    /// where a bounded search does not find out.
    #[must_use]
    pub fn contradiction(&self) -> Option<Clash<'_>> {
        let mut steps_left = MOST_STEPS;
        clash(&self.root, &mut steps_left)
    }

    /// Why some of the choices in it can never be taken, though the whole can hold.
    #[must_use]
    pub fn dead_choices(&self) -> Vec<Clash<'_>> {
        let (mut dead, mut steps_left) = (Vec::new(), MOST_STEPS);
        gather_dead(&self.root, &mut steps_left, &mut dead);
        dead
    }
}

fn gather_dead<'w>(part: &'w Part, steps_left: &mut usize, dead: &mut Vec<Clash<'w>>) {
    match part {
        Part::Any(parts) => {
            for part in parts {
                match clash(part, steps_left) {
                    Some(clash) => dead.push(clash),
                    None => gather_dead(part, steps_left, dead),
                }
            }
        }
        Part::All(parts) => parts.iter().for_each(|part| gather_dead(part, steps_left, dead)),
        Part::Term(_) => {}
    }
}

fn clash<'w>(part: &'w Part, steps_left: &mut usize) -> Option<Clash<'w>> {
    let mut search = Search {
        steps_left: *steps_left,
        clash: None,
    };
    let can_hold = search.can_hold(vec![part], Vec::new(), Vec::new());
    *steps_left = search.steps_left;
    if can_hold { None } else { search.clash }
}

struct Search<'w> {
    steps_left: usize,
    /// The first that was met.
    clash: Option<Clash<'w>>,
}

impl<'w> Search<'w> {
    /// Whether everything in `pending` and one of each of `choices` can hold together with what is `held`.
    fn can_hold(
        &mut self,
        mut pending: Vec<&'w Part>,
        mut held: Vec<&'w Placement>,
        mut choices: Vec<&'w [Part]>,
    ) -> bool {
        if self.steps_left == 0 {
            return true;
        }
        self.steps_left -= 1;
        while let Some(part) = pending.pop() {
            match part {
                Part::All(parts) => pending.extend(parts.iter().rev()),
                Part::Any(parts) => choices.push(parts),
                Part::Term(placement) => {
                    if let Some(other) = opponent(&held, placement) {
                        self.clash.get_or_insert_with(|| in_order(other, placement));
                        return false;
                    }
                    held.push(placement);
                }
            }
        }
        let Some(ways) = choices.pop() else {
            return true;
        };
        ways.iter()
            .any(|way| self.can_hold(vec![way], held.clone(), choices.clone()))
    }
}

fn in_order<'w>(one: &'w Placement, other: &'w Placement) -> Clash<'w> {
    let (first, second) = if one.at.start <= other.at.start {
        (one, other)
    } else {
        (other, one)
    };
    Clash {
        first: &first.term,
        first_at: first.at.clone(),
        second: &second.term,
        second_at: second.at.clone(),
    }
}

/// Which of what is held cannot hold together with this; where only all of them together cannot, the first.
fn opponent<'w>(held: &[&'w Placement], new: &Placement) -> Option<&'w Placement> {
    let pair = held.iter().find(|other| never_together(&other.term, &new.term));
    if pair.is_some() {
        return pair.copied();
    }
    let related: Vec<&&Placement> = held
        .iter()
        .filter(|other| is_same_thing(&other.term, &new.term))
        .collect();
    if related.len() < 2 {
        return None;
    }
    let terms = related.iter().map(|other| Expression::Term(other.term.clone()));
    let together = normal::all(terms.chain([Expression::Term(new.term.clone())]).collect());
    related
        .first()
        .filter(|_| together == Expression::never())
        .map(|first| **first)
}

fn is_same_thing(one: &Term, other: &Term) -> bool {
    match (one, other) {
        (Term::Skill { skill, .. }, Term::Skill { skill: other, .. }) => skill == other,
        (Term::Language { language, .. }, Term::Language { language: other, .. }) => language == other,
        (Term::Attribute { attribute, .. }, Term::Attribute { attribute: other, .. }) => attribute == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn never_together(one: &Term, other: &Term) -> bool {
    if let (
        Term::Language { language, levels },
        Term::Language {
            language: finer,
            levels: more,
        },
    ) = (one, other)
        && language != finer
    {
        return asks_more_of_finer(language, *levels, finer, *more)
            || asks_more_of_finer(finer, *more, language, *levels);
    }
    let both = || vec![Expression::Term(one.clone()), Expression::Term(other.clone())];
    is_same_thing(one, other) && normal::all(both()) == Expression::never()
}

/// Whoever serves `de-CH` serves `de` at least as well.
fn asks_more_of_finer(
    language: &LanguageTag,
    levels: super::LanguageLevels,
    finer: &LanguageTag,
    more: super::LanguageLevels,
) -> bool {
    finer.fallbacks().any(|tag| tag == language.as_str()) && levels.highest() < more.lowest()
}
