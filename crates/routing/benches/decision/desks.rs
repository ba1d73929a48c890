//! Desks of any size, and mails to them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::desk::{AgentProfile, ChannelPolicy, Choice, QueuePolicy};
use tandem_domain::routing::Intake;
use tandem_domain::{
    AccountId, Channel, CompiledDesk, ConversationId, LanguageTag, MessageId, Priority, Proficiency, QueueId, SkillId,
    SkillLevel, Timestamp,
};
use uuid::Uuid;

/// What a desk is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) agents: usize,
    pub(crate) skills: usize,
    pub(crate) languages: usize,
    /// An agent serves one kind of ticket for each of his or her skills in each language.
    pub(crate) skills_each: usize,
    pub(crate) languages_each: usize,
    pub(crate) choice: Choice,
}

impl Size {
    /// 50 skills, 10 languages: 500 kinds of tickets, of which an agent serves 10.
    pub(crate) const fn standard(agents: usize) -> Self {
        Self {
            agents,
            skills: 50,
            languages: 10,
            skills_each: 5,
            languages_each: 2,
            choice: Choice::LeastLoaded,
        }
    }

    /// 500 skills, 30 languages: 15 000 kinds, of which an agent serves 30.
    pub(crate) const fn broad(agents: usize) -> Self {
        Self {
            skills: 500,
            languages: 30,
            skills_each: 10,
            languages_each: 3,
            ..Self::standard(agents)
        }
    }

    pub(crate) const fn chosen_by(self, choice: Choice) -> Self {
        Self { choice, ..self }
    }

    pub(crate) fn kinds(self) -> usize {
        self.skills * self.languages
    }
}

pub(crate) fn key<K: FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().expect("a key")
}

fn skill(number: usize) -> SkillId {
    key(&format!("skill-{number}"))
}

/// Three letters of the alphabet.
fn language(number: usize) -> LanguageTag {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).expect("below 26"));
    key(&format!("{}{}x", letter(number / 26), letter(number)))
}

fn some(rng: &mut StdRng, of: usize, many: usize) -> Vec<usize> {
    rand::seq::index::sample(rng, of, many).into_vec()
}

pub(crate) fn desk(size: Size, seed: u64) -> CompiledDesk {
    let mut rng = StdRng::seed_from_u64(seed);
    let agents = (0..size.agents).map(|number| {
        let skills = some(&mut rng, size.skills, size.skills_each);
        let languages = some(&mut rng, size.languages, size.languages_each);
        AgentProfile {
            teams: vec![key("front")],
            skills: skills.into_iter().map(|at| (skill(at), SkillLevel::BASIC)).collect(),
            languages: languages
                .into_iter()
                .map(|at| (language(at), Proficiency::C1))
                .collect(),
            capacity: 1,
            cost: rng.random_range(10..100),
            weight: rng.random_range(1..5),
            ..AgentProfile::new(key(&format!("agent-{number}")))
        }
    });
    let policy = ChannelPolicy {
        units: 1,
        hold_units: 0,
        offer_ttl: Duration::from_mins(5),
        wrap_up: Duration::ZERO,
        hold_percent: None,
        auto_accept: false,
    };
    CompiledDesk {
        skills: (0..size.skills).map(skill).collect(),
        teams: vec![key("front")],
        agents: agents.collect(),
        queues: vec![QueuePolicy {
            teams: vec![key("front")],
            aging: Some(Duration::from_hours(1)),
            decline_pause: Duration::from_mins(1),
            max_missed: 0,
            choice: size.choice,
            ..QueuePolicy::new(key("support"))
        }],
        channels: [(Channel::Email, policy)].into(),
        accounts: [(key("mail"), Channel::Email)].into(),
        close_after: Duration::from_millis(1),
        ..CompiledDesk::default()
    }
}

/// Makes mails; what they have in common is shared, as it is where the codec reads them.
pub(crate) struct Mails {
    account: AccountId,
    queue: QueueId,
    kinds: Vec<(LanguageTag, BTreeMap<SkillId, SkillLevel>)>,
    number: u128,
    rng: StdRng,
}

impl Mails {
    pub(crate) fn new(size: Size, seed: u64) -> Self {
        let kind = |at: usize| {
            (
                language(at / size.skills),
                [(skill(at % size.skills), SkillLevel::BASIC)].into(),
            )
        };
        Self {
            account: key("mail"),
            queue: key("support"),
            kinds: (0..size.kinds()).map(kind).collect(),
            number: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// A mail that asks for two skills, at a level that nobody has.
    pub(crate) fn unfit(&mut self, one: usize, other: usize) -> Box<Intake> {
        let mut mail = self.next(Timestamp::EPOCH);
        let expert = SkillLevel::new(5).expect("from 1 to 5");
        mail.skills = [one, other].map(|at| (skill(at), expert)).into();
        mail
    }

    pub(crate) fn next(&mut self, received_at: Timestamp) -> Box<Intake> {
        self.number += 1;
        let (language, skills) = self.kinds[self.rng.random_range(0..self.kinds.len())].clone();
        Box::new(Intake {
            message: MessageId(Uuid::from_u128(self.number)),
            conversation: ConversationId(Uuid::from_u128(
                self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
            )),
            account: self.account.clone(),
            channel: Channel::Email,
            queue: self.queue.clone(),
            language: Some(language),
            skills,
            tags: [].into(),
            priority: Priority::Normal,
            received_at,
            automatic: false,
            customer: None,
            tandem: None,
            due_at: None,
        })
    }

    pub(crate) fn chance(&mut self) -> f64 {
        self.rng.random()
    }
}
