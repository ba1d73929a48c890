//! A small desk: three agents, two channels, wrap-up on one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy};
use tandem_domain::routing::Intake;
use tandem_domain::{Channel, CompiledDesk, ConversationId, MessageId, Priority, Proficiency, SlaPlan, Timestamp};
use uuid::Uuid;

pub(super) const AGENTS: [&str; 3] = ["ana", "bob", "cem"];

fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}

pub(super) fn compiled() -> CompiledDesk {
    let agent = |name: &str| AgentProfile {
        teams: vec![key("front")],
        skills: BTreeMap::new(),
        languages: [(key("en"), Proficiency::C1)].into(),
        capacity: 3,
        channel_max: [(Channel::Chat, 1)].into(),
        contact: None,
        ..AgentProfile::new(key(name))
    };
    let policy = |units, hold_units, wrap_up| ChannelPolicy {
        units,
        hold_units,
        offer_ttl: Duration::from_secs(4),
        wrap_up: Duration::from_secs(wrap_up),
        hold_percent: None,
        auto_accept: false,
    };
    CompiledDesk {
        version: 0,
        hash: "0".repeat(64),
        default_language: Some(key("en")),
        min_proficiency: Proficiency::B2,
        skills: Vec::new(),
        teams: vec![key("front")],
        agents: AGENTS.map(agent).into(),
        queues: vec![QueuePolicy {
            teams: vec![key("front")],
            skills: BTreeMap::new(),
            aging: Some(Duration::from_secs(20)),
            decline_pause: Duration::from_secs(2),
            max_missed: 3,
            tier: 1,
            next_tier: None,
            ..QueuePolicy::new(key("support"))
        }],
        channels: [(Channel::Email, policy(1, 0, 0)), (Channel::Chat, policy(2, 1, 3))].into(),
        accounts: [(key("mail"), Channel::Email), (key("web"), Channel::Chat)].into(),
        close_after: Duration::from_secs(15),
        timezone: "UTC".to_owned(),
        service_levels: BTreeMap::new(),
        sla: SlaPlan::default(),
        ..CompiledDesk::default()
    }
}

pub(super) fn intake(message: MessageId, conversation: Uuid, rng: &mut StdRng) -> Intake {
    let chat = rng.random_bool(0.3);
    Intake {
        message,
        conversation: ConversationId(conversation),
        account: key(if chat { "web" } else { "mail" }),
        channel: if chat { Channel::Chat } else { Channel::Email },
        queue: key("support"),
        language: Some(key("en")),
        skills: BTreeMap::new(),
        tags: BTreeSet::new(),
        priority: Priority::ALL[rng.random_range(0..Priority::ALL.len())],
        received_at: Timestamp::EPOCH,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}
