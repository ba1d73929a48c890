//! Desks for experiments: one call at a time for each agent, taken as soon as it is offered.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, ChannelPolicy, Choice, CompiledDesk, QueuePolicy};
use tandem_domain::routing::Intake;
use tandem_domain::{
    AgentId, Channel, ConversationId, DeskId, LanguageTag, MessageId, Priority, Proficiency, SkillId, SkillLevel,
    Timestamp,
};
use uuid::Uuid;

/// What a customer of a kind asks for, and so by what the router tells who can serve him or her.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// One skill for each kind.
    Skill,
    /// One language for each kind.
    Language,
    /// One queue, with a team, for each kind.
    Queue,
    /// One queue, with a team, and one language for each kind.
    QueueAndLanguage,
}

impl Asks {
    const fn by_queue(self) -> bool {
        matches!(self, Self::Queue | Self::QueueAndLanguage)
    }

    const fn by_language(self) -> bool {
        matches!(self, Self::Language | Self::QueueAndLanguage)
    }
}

const LANGUAGES: [&str; 6] = ["en", "es", "fr", "de", "it", "pt"];

/// A key or a tag that is well-formed as it stands in this crate.
///
/// # Panics
/// If it is not.
#[must_use]
pub fn key<K: FromStr<Err: Debug>>(text: &str) -> K {
    text.parse().expect("keys of experiments are well-formed")
}

/// The desk of all experiments.
#[must_use]
pub fn desk_id() -> DeskId {
    key("theory")
}

/// The agent of this number.
#[must_use]
pub fn agent_id(number: usize) -> AgentId {
    key(&format!("a{number}"))
}

/// The number of an agent.
///
/// # Panics
/// If it was not [`agent_id`] that named him or her.
#[must_use]
pub fn agent_number(agent: &AgentId) -> usize {
    let digits = agent.as_str().strip_prefix('a');
    digits
        .and_then(|digits| digits.parse().ok())
        .expect("agents of experiments are numbered")
}

fn skill(kind: usize) -> SkillId {
    key(&format!("s{kind}"))
}

fn language(kind: usize) -> LanguageTag {
    key(LANGUAGES[kind])
}

/// The queue of a kind, or the only one.
#[must_use]
pub fn queue_name(kind: usize) -> String {
    format!("q{kind}")
}

/// An agent who serves these kinds, one customer at a time.
#[must_use]
pub fn agent(number: usize, kinds: &[usize], asks: Asks) -> AgentProfile {
    let kinds = kinds.iter().copied();
    let teams = if asks.by_queue() {
        kinds.clone().map(|kind| key(&queue_name(kind))).collect()
    } else {
        vec![key(&queue_name(0))]
    };
    let (mut skills, mut languages) = (BTreeMap::new(), BTreeMap::new());
    if asks.by_language() {
        languages.extend(kinds.map(|kind| (language(kind), Proficiency::C1)));
    } else if asks == Asks::Skill {
        skills.extend(kinds.map(|kind| (skill(kind), SkillLevel::BASIC)));
    }
    AgentProfile {
        teams,
        skills,
        languages,
        capacity: 1,
        ..AgentProfile::new(agent_id(number))
    }
}

/// A desk with these agents for so many kinds of customers. Strict priority, then first come, first served.
#[must_use]
pub fn desk(agents: Vec<AgentProfile>, kinds: usize, asks: Asks, choice: Choice) -> CompiledDesk {
    let names: Vec<_> = (0..kinds).map(queue_name).collect();
    let queues = &names[..if asks.by_queue() { kinds } else { 1 }];
    let policy = ChannelPolicy {
        units: 1,
        hold_units: 0,
        offer_ttl: Duration::from_mins(1),
        wrap_up: Duration::ZERO,
        hold_percent: None,
        auto_accept: true,
    };
    CompiledDesk {
        skills: (0..kinds).map(skill).collect(),
        teams: queues.iter().map(|name| key(name)).collect(),
        agents,
        queues: queues.iter().map(|name| queue(name, choice)).collect(),
        channels: [(Channel::Phone, policy)].into(),
        accounts: [(key("line"), Channel::Phone)].into(),
        ..CompiledDesk::default()
    }
}

fn queue(name: &str, choice: Choice) -> QueuePolicy {
    QueuePolicy {
        teams: vec![key(name)],
        choice,
        ..QueuePolicy::new(key(name))
    }
}

/// What a customer of a kind says when calling. The number is told again by [`number_of`].
#[must_use]
pub fn call(kind: usize, asks: Asks, priority: Priority) -> Intake {
    let queue = if asks.by_queue() { kind } else { 0 };
    let skills = match asks {
        Asks::Skill => [(skill(kind), SkillLevel::BASIC)].into(),
        _ => BTreeMap::new(),
    };
    Intake {
        message: MessageId(Uuid::nil()),
        conversation: ConversationId(Uuid::nil()),
        account: key("line"),
        channel: Channel::Phone,
        queue: key(&queue_name(queue)),
        language: asks.by_language().then(|| language(kind)),
        skills,
        tags: [].into(),
        priority,
        received_at: Timestamp::from_micros(i64::MAX),
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}

/// The call of the customer of this number.
#[must_use]
pub fn numbered(call: &Intake, number: u64) -> Intake {
    let id = Uuid::from_u128(u128::from(number));
    Intake {
        message: MessageId(id),
        conversation: ConversationId(id),
        ..call.clone()
    }
}

/// The customer's number.
///
/// # Panics
/// If it was not made by [`numbered`].
#[must_use]
pub fn number_of(call: &Intake) -> u64 {
    u64::try_from(call.message.0.as_u128()).expect("experiments number their messages")
}
