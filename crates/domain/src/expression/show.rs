//! Expressions as text that reads back as the same expression.

use std::fmt::{self, Display, Formatter};

use super::{AttributeTest, Expression, LanguageLevels, Levels, Numbers, OneOf, Term};
use crate::Proficiency;
use crate::expression::parse::RESERVED;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) if parts.is_empty() => f.write_str("always"),
            Self::Any(parts) if parts.is_empty() => f.write_str("never"),
            Self::All(parts) => joined(f, parts, " and "),
            Self::Any(parts) => joined(f, parts, " or "),
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expression], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { word })?;
        match part {
            Expression::Term(term) => term.fmt(f)?,
            group => write!(f, "({group})")?,
        }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skill { skill, levels } if RESERVED.contains(&skill.as_str()) => {
                stretches(f, &format!("skill.{skill}"), *levels, |level| level.to_string())
            }
            Self::Skill { skill, levels } => stretches(f, skill.as_str(), *levels, |level| level.to_string()),
            Self::Language { language, levels } => stretches(f, &format!("lang.{language}"), *levels, proficiency),
            Self::Tier { tiers } => stretches(f, "tier", *tiers, |level| level.to_string()),
            Self::Agent(asked) => keys(f, "agent", asked),
            Self::Team(asked) => keys(f, "team", asked),
            Self::Site(asked) => keys(f, "site", asked),
            Self::Region(asked) => keys(f, "region", asked),
            Self::Attribute { attribute, test } => {
                let name = format!("attr.{attribute}");
                match test {
                    AttributeTest::Keys(asked) => keys(f, &name, asked),
                    AttributeTest::Numbers(asked) => numbers(f, &name, asked),
                }
            }
        }
    }
}

fn keys<K: Display>(f: &mut Formatter<'_>, name: &str, asked: &OneOf<K>) -> fmt::Result {
    let texts: Vec<String> = asked.keys.iter().map(ToString::to_string).collect();
    match (texts.as_slice(), asked.among) {
        ([one], true) => write!(f, "{name} == {one}"),
        ([one], false) => write!(f, "{name} != {one}"),
        (several, true) => write!(f, "{name} in [{}]", several.join(", ")),
        (several, false) => write!(f, "{name} not in [{}]", several.join(", ")),
    }
}

fn proficiency(level: u8) -> String {
    let found = Proficiency::ALL
        .into_iter()
        .find(|other| LanguageLevels::of(*other) == level);
    found.map_or("A1", Proficiency::as_str).to_owned()
}

fn stretches<const TOP: u8>(
    f: &mut Formatter<'_>,
    name: &str,
    levels: Levels<TOP>,
    text: fn(u8) -> String,
) -> fmt::Result {
    let ends = Ends {
        lowest: 0,
        highest: i64::from(TOP),
    };
    let text = |level: i64| text(u8::try_from(level).unwrap_or(TOP));
    runs(f, name, &levels.runs(), &levels.not().runs(), ends, text)
}

fn numbers(f: &mut Formatter<'_>, name: &str, asked: &Numbers) -> fmt::Result {
    let ends = Ends {
        lowest: Numbers::MISSING,
        highest: Numbers::HIGHEST,
    };
    runs(f, name, asked.runs(), asked.not().runs(), ends, |number| {
        number.to_string()
    })
}

/// The lowest and the highest value that there is.
#[derive(Clone, Copy)]
struct Ends {
    lowest: i64,
    highest: i64,
}

fn runs(
    f: &mut Formatter<'_>,
    name: &str,
    inside: &[(i64, i64)],
    outside: &[(i64, i64)],
    ends: Ends,
    text: impl Fn(i64) -> String,
) -> fmt::Result {
    if let [(from, to)] = outside
        && from == to
        && *from != ends.lowest
    {
        return write!(f, "{name} != {}", text(*from));
    }
    let texts: Vec<String> = inside.iter().map(|run| stretch(name, *run, ends, &text)).collect();
    match texts.as_slice() {
        [one] => f.write_str(one),
        several => write!(f, "({})", several.join(" or ")),
    }
}

/// The lowest value has no word of its own, so a stretch from there on is "below" the first that is not in it.
fn stretch(name: &str, (from, to): (i64, i64), ends: Ends, text: impl Fn(i64) -> String) -> String {
    if from == ends.lowest {
        format!("{name} < {}", text(to + 1))
    } else if to == ends.highest {
        format!("{name} >= {}", text(from))
    } else if from == to {
        format!("{name} == {}", text(from))
    } else {
        format!("({name} >= {} and {name} <= {})", text(from), text(to))
    }
}
