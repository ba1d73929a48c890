//! Expressions as plain trees with the obvious meaning, beside which the real ones are held.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tandem_domain::desk::AgentProfile;
use tandem_domain::expression::AttributeValue;
use tandem_domain::{LanguageTag, Proficiency};

/// What is written, as it is written.
#[derive(Clone, Debug)]
pub(crate) enum Naive {
    And(Vec<Naive>),
    Or(Vec<Naive>),
    Not(Box<Naive>),
    /// A subject, an operator, a value.
    Compare(Subject, &'static str, i64),
    /// A subject, whether negated, values.
    In(Subject, bool, Vec<i64>),
}

/// What is looked at. Keys are numbered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Subject {
    Skill(u8),
    Language(u8),
    Tier,
    Number(u8),
    Agent,
    Team,
    Site,
    Region,
    Word(u8),
}

const TAGS: [&str; 5] = ["de", "de-CH", "en", "zh-Hant", "zh"];

impl Subject {
    fn is_ordered(self) -> bool {
        matches!(self, Self::Skill(_) | Self::Language(_) | Self::Tier | Self::Number(_))
    }

    fn text(self) -> String {
        match self {
            Self::Skill(0) => "skill.team".to_owned(),
            Self::Skill(n) => format!("skill{n}"),
            Self::Language(n) => format!("lang.{}", TAGS[usize::from(n)]),
            Self::Tier => "tier".to_owned(),
            Self::Number(n) => format!("attr.n{n}"),
            Self::Agent => "agent".to_owned(),
            Self::Team => "team".to_owned(),
            Self::Site => "site".to_owned(),
            Self::Region => "region".to_owned(),
            Self::Word(n) => format!("attr.w{n}"),
        }
    }

    fn value(self, value: i64) -> String {
        match self {
            Self::Language(_) => Proficiency::ALL[usize::try_from(value - 1).expect("1 to 6")].to_string(),
            _ if self.is_ordered() => value.to_string(),
            _ => format!("k{value}"),
        }
    }

    /// What the agent has of it; none: nothing.
    fn of(self, agent: &AgentProfile) -> Vec<i64> {
        let key = |text: &str| text[1..].parse::<i64>().expect("a numbered key");
        match self {
            Self::Skill(n) => {
                let id = if n == 0 { "team".to_owned() } else { format!("skill{n}") };
                let level = agent.skills.get(id.as_str());
                vec![level.map_or(0, |level| i64::from(level.get()))]
            }
            Self::Language(n) => {
                let wanted: LanguageTag = TAGS[usize::from(n)].parse().expect("a tag");
                let levels = agent.languages.iter().filter(|(spoken, _)| spoken.serves(&wanted));
                vec![levels.map(|(_, level)| *level as i64 + 1).max().unwrap_or(0)]
            }
            Self::Tier => vec![i64::from(agent.tier)],
            Self::Number(n) => match agent.attributes.get(format!("n{n}").as_str()) {
                Some(AttributeValue::Number(number)) => vec![*number],
                _ => vec![i64::MIN],
            },
            Self::Agent => vec![key(agent.id.as_str())],
            Self::Team => agent.teams.iter().map(|team| key(team.as_str())).collect(),
            Self::Site => agent.site.iter().map(|site| key(site.as_str())).collect(),
            Self::Region => agent.region.iter().map(|region| key(region.as_str())).collect(),
            Self::Word(n) => match agent.attributes.get(format!("w{n}").as_str()) {
                Some(AttributeValue::Key(word)) => vec![key(word.as_str())],
                _ => Vec::new(),
            },
        }
    }
}

impl Naive {
    pub(crate) fn text(&self) -> String {
        let join = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(word)
        };
        match self {
            Self::And(parts) => join(parts, " and "),
            Self::Or(parts) => join(parts, " or "),
            Self::Not(part) => format!("not ({})", part.text()),
            Self::Compare(subject, how, value) => format!("{} {how} {}", subject.text(), subject.value(*value)),
            Self::In(subject, negated, values) => {
                let values: Vec<String> = values.iter().map(|value| subject.value(*value)).collect();
                let not = if *negated { "not " } else { "" };
                format!("{} {not}in [{}]", subject.text(), values.join(", "))
            }
        }
    }

    pub(crate) fn holds_for(&self, agent: &AgentProfile) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds_for(agent)),
            Self::Or(parts) => parts.iter().any(|part| part.holds_for(agent)),
            Self::Not(part) => !part.holds_for(agent),
            Self::Compare(subject, how, value) => {
                let has = subject.of(agent);
                match *how {
                    "==" => has.contains(value),
                    "!=" => !has.contains(value),
                    ">=" => has[0] >= *value,
                    ">" => has[0] > *value,
                    "<" => has[0] < *value,
                    _ => has[0] <= *value,
                }
            }
            Self::In(subject, negated, values) => subject.of(agent).iter().any(|has| values.contains(has)) != *negated,
        }
    }
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        (0..3_u8).prop_map(Subject::Skill),
        (0..5_u8).prop_map(Subject::Language),
        Just(Subject::Tier),
        (0..2_u8).prop_map(Subject::Number),
        Just(Subject::Agent),
        Just(Subject::Team),
        Just(Subject::Site),
        Just(Subject::Region),
        (0..2_u8).prop_map(Subject::Word),
    ]
}

fn comparison() -> impl Strategy<Value = Naive> {
    // Levels that split what they compare: "at least 0" says nothing and is refused.
    let ordered = |subject: Subject| {
        let operators = select(vec![">=", ">", "==", "!=", "<", "<="]);
        (operators, 1..=2_i64).prop_map(move |(how, value)| Naive::Compare(subject, how, value))
    };
    let unordered = |subject: Subject| {
        let operators = select(vec!["==", "!="]);
        (operators, 0..4_i64).prop_map(move |(how, value)| Naive::Compare(subject, how, value))
    };
    let among = |subject: Subject| {
        let values = subsequence(vec![1, 2, 3_i64], 1..=3);
        (any::<bool>(), values).prop_map(move |(negated, values)| Naive::In(subject, negated, values))
    };
    subject().prop_flat_map(move |subject| {
        let compared = if subject.is_ordered() {
            ordered(subject).boxed()
        } else {
            unordered(subject).boxed()
        };
        prop_oneof![3 => compared, 1 => among(subject)]
    })
}

pub(crate) fn expressions() -> impl Strategy<Value = Naive> {
    comparison().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Naive::And),
            vec(inner.clone(), 1..4).prop_map(Naive::Or),
            inner.prop_map(|part| Naive::Not(Box::new(part))),
        ]
    })
}

pub(crate) fn agents() -> impl Strategy<Value = AgentProfile> {
    let key = |n: i64| format!("k{n}");
    let place = || proptest::option::of(0..4_i64);
    let attributes = btree_map(select(vec!["n0", "n1", "w0", "w1"]), 0..4_i64, 0..4);
    let skills = btree_map(select(vec!["team", "skill1", "skill2"]), 1..=5_u8, 0..3);
    let languages = btree_map(select(TAGS.to_vec()), select(Proficiency::ALL.to_vec()), 0..3);
    let teams = subsequence(vec![0, 1, 2, 3_i64], 0..=3);
    (
        0..4_i64,
        teams,
        place(),
        place(),
        0..=3_u8,
        attributes,
        skills,
        languages,
    )
        .prop_map(move |(id, teams, site, region, tier, attributes, skills, languages)| {
            let mut agent = AgentProfile::new(key(id).parse().expect("a key"));
            agent.teams = teams
                .into_iter()
                .map(|team| key(team).parse().expect("a key"))
                .collect();
            agent.site = site.map(|site| key(site).parse().expect("a key"));
            agent.region = region.map(|region| key(region).parse().expect("a key"));
            agent.tier = tier;
            agent.attributes = attributes
                .into_iter()
                .map(|(name, value)| attribute(name, value))
                .collect();
            let level = |(id, level): (&str, u8)| (id.parse().expect("a key"), level.try_into().expect("a level"));
            agent.skills = skills.into_iter().map(level).collect();
            let spoken = |(tag, level): (&str, Proficiency)| (tag.parse().expect("a tag"), level);
            agent.languages = languages.into_iter().map(spoken).collect();
            agent
        })
}

fn attribute(name: &str, value: i64) -> (tandem_domain::AttributeId, AttributeValue) {
    let value = if name.starts_with('n') {
        AttributeValue::Number(value)
    } else {
        AttributeValue::Key(format!("k{value}").parse().expect("a key"))
    };
    (name.parse().expect("a key"), value)
}
