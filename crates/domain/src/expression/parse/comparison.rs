//! One comparison: `billing >= 3`, `team in [a, b]`, `lang.de`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use super::{Mention, Name, Parsed, Parser, Part, Placement, fault, shortened};
use crate::expression::words::{Compare, Token};
use crate::expression::{AttributeTest, LanguageLevels, Levels, Numbers, OneOf, Term, normal};
use crate::{AttributeId, AttributeKey, InvalidKey, LanguageTag, SkillId};

const SUBJECTS: &str = "use a skill, lang.TAG, attr.NAME, agent, team, site, region or tier";

/// What stands after a subject.
enum Test<'t> {
    /// `>= 3`
    Compare(Compare, Value<'t>),
    /// `in [a, b]`
    In(Vec<Value<'t>>),
    /// Nothing.
    Bare,
}

struct Value<'t> {
    text: &'t str,
    at: Range<usize>,
}

impl<'t> Parser<'t> {
    pub(super) fn comparison(&mut self, negated: bool) -> Parsed<Part> {
        let at = self.at();
        let Token::Word(subject) = self.token() else {
            let what = format!("{} stands where something must be asked", self.shown());
            return fault(at, what, SUBJECTS);
        };
        self.next += 1;
        if let Some(constant) = constant(subject, negated) {
            return Ok(constant);
        }
        let (test, in_negated) = self.test()?;
        self.count(at.clone())?;
        let end = self.words[self.next - 1].at.end;
        let whole = at.start..end;
        let term = self.term(subject, at, &test, &whole)?;
        if let Some(always) = normal::constant(&term) {
            let (what, help) = if always {
                ("this holds for everybody", "leave it away")
            } else {
                ("this can never hold", "ask for a value that there is")
            };
            return fault(whole, what, help);
        }
        let term = if negated == in_negated { term } else { normal::not(term) };
        Ok(Part::Term(Placement { term, at: whole }))
    }

    /// The test, and whether it is `not in`.
    fn test(&mut self) -> Parsed<(Test<'t>, bool)> {
        if let Token::Compare(compare) = self.token() {
            self.next += 1;
            return Ok((Test::Compare(compare, self.value()?), false));
        }
        let is_not = self.token() == Token::Not;
        if is_not {
            self.next += 1;
        }
        if self.take(Token::In) {
            return Ok((Test::In(self.list()?), is_not));
        }
        if is_not {
            let what = format!("{} stands after `not`", self.shown());
            return fault(
                self.at(),
                what,
                "write `not in [a, b]`, or `not` before what is compared",
            );
        }
        Ok((Test::Bare, false))
    }

    fn value(&mut self) -> Parsed<Value<'t>> {
        let at = self.at();
        let Token::Word(text) = self.token() else {
            let what = format!("{} stands where a value must be", self.shown());
            return fault(at, what, "write a value, such as `>= 3` or `== partner`");
        };
        self.next += 1;
        Ok(Value { text, at })
    }

    fn list(&mut self) -> Parsed<Vec<Value<'t>>> {
        if !self.take(Token::ListOpen) {
            let what = format!("{} stands after `in`", self.shown());
            return fault(self.at(), what, "write a list, such as `in [a, b]`");
        }
        let mut values = vec![self.value()?];
        while self.take(Token::Comma) {
            values.push(self.value()?);
        }
        if !self.take(Token::ListClose) {
            let what = format!("{} stands in a list", self.shown());
            return fault(self.at(), what, "write `,` and one more, or `]`");
        }
        Ok(values)
    }

    fn term(&mut self, subject: &'t str, at: Range<usize>, test: &Test<'t>, whole: &Range<usize>) -> Parsed<Term> {
        match subject {
            "agent" => Ok(Term::Agent(self.keys("an agent", test, whole, Name::Agent)?)),
            "team" => Ok(Term::Team(self.keys("a team", test, whole, Name::Team)?)),
            "site" => Ok(Term::Site(self.keys("a site", test, whole, Name::Site)?)),
            "region" => Ok(Term::Region(self.keys("a region", test, whole, Name::Region)?)),
            "tier" => Ok(Term::Tier {
                tiers: levels(test, whole, None, &number::<3>)?,
            }),
            _ => match subject.split_once('.') {
                Some(("skill", key)) => self.skill(key, at, test, whole),
                None => self.skill(subject, at, test, whole),
                Some(("lang", tag)) => self.language(tag, at, test, whole),
                Some(("attr", key)) => self.attribute(key, at, test, whole),
                Some((other, _)) => fault(
                    at,
                    format!("`{}.` is nothing that can be asked", shortened(other)),
                    SUBJECTS,
                ),
            },
        }
    }

    fn skill(&mut self, key: &str, at: Range<usize>, test: &Test<'t>, whole: &Range<usize>) -> Parsed<Term> {
        let skill: SkillId = named(key, &at)?;
        self.mention(at, Name::Skill(skill.clone()));
        let levels = levels(test, whole, Some(1), &number::<5>)?;
        Ok(Term::Skill { skill, levels })
    }

    fn language(&mut self, tag: &str, at: Range<usize>, test: &Test<'t>, whole: &Range<usize>) -> Parsed<Term> {
        let Ok(language) = tag.parse::<LanguageTag>() else {
            let what = format!("`{}` is not a language tag", shortened(tag));
            return fault(at, what, "use BCP 47, such as lang.de, lang.pt-BR or lang.zh-Hant");
        };
        self.mention(at, Name::Language(language.clone()));
        let least = LanguageLevels::of(self.least);
        let levels = levels(test, whole, Some(least), &proficiency)?;
        Ok(Term::Language { language, levels })
    }

    fn attribute(&mut self, key: &str, at: Range<usize>, test: &Test<'t>, whole: &Range<usize>) -> Parsed<Term> {
        let attribute: AttributeId = named(key, &at)?;
        let is_number = |value: &Value<'_>| value.text.parse::<i64>().is_ok();
        let numbers = match test {
            Test::Bare => {
                let help = "compare it, such as `attr.vip == yes` or `attr.seniority >= 3`";
                return fault(at, "an attribute alone asks nothing", help);
            }
            Test::Compare(Compare::Equal | Compare::NotEqual, value) => is_number(value),
            Test::Compare(..) => true,
            Test::In(values) => values.iter().any(is_number),
        };
        let test = if numbers {
            self.mention(at, Name::Number(attribute.clone()));
            AttributeTest::Numbers(self.numbers(test)?)
        } else {
            let name = |key: AttributeKey| Name::Key(attribute.clone(), key);
            AttributeTest::Keys(self.keys("this attribute", test, whole, name)?)
        };
        Ok(Term::Attribute { attribute, test })
    }

    fn keys<K: FromStr<Err = InvalidKey> + Ord + Clone>(
        &mut self,
        what: &str,
        test: &Test<'t>,
        whole: &Range<usize>,
        name: impl Fn(K) -> Name,
    ) -> Parsed<OneOf<K>> {
        let (among, values) = match test {
            Test::Compare(Compare::Equal, value) => (true, std::slice::from_ref(value)),
            Test::Compare(Compare::NotEqual, value) => (false, std::slice::from_ref(value)),
            Test::In(values) => (true, values.as_slice()),
            Test::Compare(..) | Test::Bare => {
                let help = "compare with `== a`, `!= a`, `in [a, b]` or `not in [a, b]`";
                return fault(whole.clone(), format!("{what} has no more and no less"), help);
            }
        };
        let mut keys = BTreeSet::new();
        for value in values {
            let key: K = named(value.text, &value.at)?;
            self.mention(value.at.clone(), name(key.clone()));
            keys.insert(key);
        }
        Ok(OneOf { among, keys })
    }

    fn numbers(&mut self, test: &Test<'t>) -> Parsed<Numbers> {
        let (compare, value) = match test {
            Test::Compare(compare, value) => (*compare, integer(value)?),
            Test::In(values) => {
                let mut numbers = Numbers::between(1, 0);
                for value in values {
                    self.count(value.at.clone())?;
                    let number = integer(value)?;
                    numbers = numbers.or(&Numbers::between(number, number));
                }
                return Ok(numbers);
            }
            Test::Bare => return Ok(Numbers::between(1, 0)),
        };
        let up = |from| Numbers::between(from, Numbers::HIGHEST);
        Ok(match compare {
            Compare::AtLeast => up(value),
            Compare::Above => up(value + 1),
            Compare::Equal => Numbers::between(value, value),
            Compare::NotEqual => Numbers::between(value, value).not(),
            Compare::Below => up(value).not(),
            Compare::AtMost => up(value + 1).not(),
        })
    }

    fn mention(&mut self, at: Range<usize>, name: Name) {
        self.mentions.push(Mention { at, name });
    }
}

/// A set of levels; `bare` is the least one where nothing is compared.
fn levels<'t, const TOP: u8>(
    test: &Test<'t>,
    whole: &Range<usize>,
    bare: Option<u8>,
    level: &dyn Fn(&Value<'t>) -> Parsed<u8>,
) -> Parsed<Levels<TOP>> {
    let (compare, value) = match test {
        Test::Bare => {
            let Some(bare) = bare else {
                return fault(whole.clone(), "a tier must be compared", "such as `tier >= 2`");
            };
            return Ok(Levels::at_least(bare));
        }
        Test::In(values) => {
            let mut levels = Levels::NONE;
            for value in values {
                let level = level(value)?;
                levels = levels.or(Levels::between(level, level));
            }
            return Ok(levels);
        }
        Test::Compare(compare, value) => (compare, level(value)?),
    };
    Ok(match compare {
        Compare::AtLeast => Levels::at_least(value),
        Compare::Above => Levels::at_least(value + 1),
        Compare::Equal => Levels::between(value, value),
        Compare::NotEqual => Levels::between(value, value).not(),
        Compare::Below => Levels::at_least(value).not(),
        Compare::AtMost => Levels::at_least(value + 1).not(),
    })
}

fn constant(word: &str, negated: bool) -> Option<Part> {
    let always = match word {
        "always" => !negated,
        "never" => negated,
        _ => return None,
    };
    Some(if always {
        Part::All(Vec::new())
    } else {
        Part::Any(Vec::new())
    })
}

fn named<K: FromStr<Err = InvalidKey>>(text: &str, at: &Range<usize>) -> Parsed<K> {
    text.parse().or_else(|_| {
        let what = format!("`{}` is not a key", shortened(text));
        fault(
            at.clone(),
            what,
            "use 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit",
        )
    })
}

fn number<const TOP: u8>(value: &Value<'_>) -> Parsed<u8> {
    match value.text.parse::<u8>() {
        Ok(level) if level <= TOP => Ok(level),
        _ => {
            let what = format!("`{}` is not a level here", shortened(value.text));
            fault(value.at.clone(), what, format!("use 0 to {TOP}"))
        }
    }
}

fn proficiency(value: &Value<'_>) -> Parsed<u8> {
    let Ok(level) = value.text.parse() else {
        let what = format!("`{}` is not a proficiency", shortened(value.text));
        return fault(value.at.clone(), what, "use A1, A2, B1, B2, C1 or C2");
    };
    Ok(LanguageLevels::of(level))
}

fn integer(value: &Value<'_>) -> Parsed<i64> {
    match value.text.parse::<i64>() {
        Ok(number) if (Numbers::LOWEST..=Numbers::HIGHEST).contains(&number) => Ok(number),
        _ => {
            let what = format!("`{}` is not a number here", shortened(value.text));
            let help = format!("use a whole number from {} to {}", Numbers::LOWEST, Numbers::HIGHEST);
            fault(value.at.clone(), what, help)
        }
    }
}
