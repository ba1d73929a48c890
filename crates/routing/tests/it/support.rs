//! Desks, agents and messages in few words.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy};
use tandem_domain::routing::Intake;
use tandem_domain::{
    Actor, AgentId, Channel, CompiledDesk, ConversationId, MessageId, Priority, Proficiency, Role, SkillLevel, SlaPlan,
    Timestamp,
};
use uuid::Uuid;

/// A key of whatever kind is wanted.
pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn supervisor() -> Actor {
    Actor {
        role: Role::Supervisor,
        subject: "sue".into(),
    }
}

pub(crate) fn as_agent(agent: &str) -> Actor {
    Actor {
        role: Role::Agent,
        subject: agent.into(),
    }
}

pub(crate) fn level(level: u8) -> SkillLevel {
    SkillLevel::new(level).unwrap()
}

/// An agent of team `front` who speaks English well and takes two units.
pub(crate) fn agent(id: &str) -> AgentProfile {
    AgentProfile {
        teams: vec![key("front")],
        skills: BTreeMap::new(),
        languages: [(key("en"), Proficiency::C1)].into(),
        capacity: 2,
        channel_max: BTreeMap::new(),
        contact: None,
        ..AgentProfile::new(key(id))
    }
}

/// Who serves the queue `billing`.
pub(crate) fn accountant() -> AgentProfile {
    agent("bob").team("back").skill("billing", 3)
}

pub(crate) trait AgentBuilder: Sized {
    fn capacity(self, units: u32) -> Self;
    fn team(self, team: &str) -> Self;
    fn speaks(self, language: &str, proficiency: Proficiency) -> Self;
    fn skill(self, skill: &str, at: u8) -> Self;
    fn at_most(self, tickets: u32, channel: Channel) -> Self;
}

impl AgentBuilder for AgentProfile {
    fn capacity(mut self, units: u32) -> Self {
        self.capacity = units;
        self
    }

    fn team(mut self, team: &str) -> Self {
        self.teams = vec![key(team)];
        self
    }

    fn speaks(mut self, language: &str, proficiency: Proficiency) -> Self {
        self.languages.insert(key(language), proficiency);
        self
    }

    fn skill(mut self, skill: &str, at: u8) -> Self {
        self.skills.insert(key(skill), level(at));
        self
    }

    fn at_most(mut self, tickets: u32, channel: Channel) -> Self {
        self.channel_max.insert(channel, tickets);
        self
    }
}

/// A queue of team `front` with aging by the hour, a pause of a minute and three misses.
pub(crate) fn queue(id: &str) -> QueuePolicy {
    QueuePolicy {
        teams: vec![key("front")],
        skills: BTreeMap::new(),
        aging: Some(Duration::from_hours(1)),
        decline_pause: seconds(60),
        max_missed: 3,
        tier: 1,
        next_tier: None,
        ..QueuePolicy::new(key(id))
    }
}

/// Queues `support` and `billing` (team `back`, skill `billing`, strict priority). Mail costs one
/// unit, chat two and half of it on hold, a call four; chat and phone have wrap-up.
pub(crate) fn desk(agents: impl IntoIterator<Item = AgentProfile>) -> CompiledDesk {
    let mut billing = queue("billing");
    billing.teams = vec![key("back")];
    billing.skills = [(key("billing"), level(2))].into();
    billing.aging = None;
    let channel = |units, hold_units, ttl, wrap_up| ChannelPolicy {
        units,
        hold_units,
        offer_ttl: seconds(ttl),
        wrap_up: seconds(wrap_up),
        hold_percent: None,
        auto_accept: false,
    };
    CompiledDesk {
        version: 0,
        hash: "0".repeat(64),
        default_language: Some(key("en")),
        min_proficiency: Proficiency::B2,
        skills: vec![key("billing"), key("vip")],
        teams: vec![key("front"), key("back")],
        agents: agents.into_iter().collect(),
        queues: vec![queue("support"), billing],
        channels: [
            (Channel::Email, channel(1, 0, 300, 0)),
            (Channel::Chat, channel(2, 1, 30, 60)),
            (Channel::Phone, channel(4, 4, 20, 120)),
            (Channel::Social, channel(1, 0, 120, 0)),
        ]
        .into(),
        accounts: [(key("mail"), Channel::Email)].into(),
        close_after: Duration::from_hours(72),
        timezone: "UTC".to_owned(),
        service_levels: BTreeMap::new(),
        sla: SlaPlan::default(),
        ..CompiledDesk::default()
    }
}

/// An English mail of normal priority for `support`, the first and only one of its conversation.
pub(crate) fn mail(number: u128) -> Intake {
    Intake {
        message: MessageId(Uuid::from_u128(number)),
        conversation: ConversationId(Uuid::from_u128(number)),
        account: key("mail"),
        channel: Channel::Email,
        queue: key("support"),
        language: Some(key("en")),
        skills: BTreeMap::new(),
        tags: [].into(),
        priority: Priority::Normal,
        received_at: Timestamp::from_micros(i64::MAX),
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}

pub(crate) trait IntakeBuilder: Sized {
    fn by(self, channel: Channel) -> Self;
    fn to(self, queue: &str) -> Self;
    fn in_language(self, language: &str) -> Self;
    fn needs(self, skill: &str, at: u8) -> Self;
    fn with(self, priority: Priority) -> Self;
    fn automatic(self) -> Self;
    fn at(self, received_at: Timestamp) -> Self;
    fn in_conversation(self, number: u128) -> Self;
}

impl IntakeBuilder for Intake {
    fn by(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    fn to(mut self, queue: &str) -> Self {
        self.queue = key(queue);
        self
    }

    fn in_language(mut self, language: &str) -> Self {
        self.language = Some(key(language));
        self
    }

    fn needs(mut self, skill: &str, at: u8) -> Self {
        self.skills.insert(key(skill), level(at));
        self
    }

    fn with(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    fn at(mut self, received_at: Timestamp) -> Self {
        self.received_at = received_at;
        self
    }

    fn in_conversation(mut self, number: u128) -> Self {
        self.conversation = conversation_id(number);
        self
    }
}

/// The conversation that [`mail`] of this number begins.
pub(crate) const fn conversation_id(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(number))
}

/// An answer's id, apart from those of [`mail`].
pub(crate) const fn answer_id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(1_000_000 + number))
}

pub(crate) fn agent_id(id: &str) -> AgentId {
    key(id)
}
