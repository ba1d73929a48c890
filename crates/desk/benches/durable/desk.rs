//! A desk on which everybody has room for whatever comes: each ticket is offered at once.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use tandem_desk::{RequestMark, Submission};
use tandem_domain::routing::{Command, Intake};
use tandem_domain::{
    Actor, AgentId, Channel, CompiledDesk, ConversationId, MessageId, Presence, Priority, Timestamp, Trace,
};
use uuid::Uuid;

const AGENTS: usize = 1_000;
const LANGUAGES: [&str; 10] = ["de", "en", "es", "fr", "it", "nl", "pl", "pt", "sv", "cs"];
const SKILLS: usize = 50;

fn key<K: FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().expect("a key")
}

fn skill(number: usize) -> String {
    format!("skill-{}", number % SKILLS)
}

/// Fifty skills and ten languages; each agent has five and two of them, so ten of the five hundred pairs.
pub(crate) fn compiled() -> CompiledDesk {
    serde_json::from_value(serde_json::json!({
        "version": 0,
        "hash": "0".repeat(64),
        "default_language": null,
        "min_proficiency": "B2",
        "skills": (0..SKILLS).map(skill).collect::<Vec<_>>(),
        "teams": ["front"],
        "agents": (0..AGENTS).map(agent).collect::<Vec<_>>(),
        "queues": [{
            "id": "support", "teams": ["front"], "skills": {}, "aging": null,
            "decline_pause": Duration::from_mins(1), "max_missed": 3,
        }],
        "channels": {"email": {
            "units": 1, "hold_units": 0, "offer_ttl": Duration::from_hours(24), "wrap_up": Duration::ZERO,
        }},
        "accounts": {"mail": "email"},
        "close_after": Duration::from_hours(24),
    }))
    .expect("a compiled desk")
}

fn agent(number: usize) -> serde_json::Value {
    let languages = [number, number + 1 + number / 10 % 9].map(|at| (LANGUAGES[at % LANGUAGES.len()], "C1"));
    let skills = (0..5).map(|place| (skill(number / 10 + place * 10), 3));
    serde_json::json!({
        "id": name(number),
        "teams": ["front"],
        "skills": skills.collect::<BTreeMap<_, _>>(),
        "languages": BTreeMap::from(languages),
        "capacity": 1_000_000,
        "channel_max": {},
    })
}

fn name(number: usize) -> String {
    format!("agent-{number}")
}

pub(crate) fn agents() -> impl Iterator<Item = AgentId> {
    (0..AGENTS).map(|number| key(&name(number)))
}

/// The commands that make the desk ready: everybody is there.
pub(crate) fn opening() -> impl Iterator<Item = Command> {
    let online = agents().map(|agent| Command::SetPresence {
        agent,
        presence: Presence::Online,
    });
    std::iter::once(Command::Activate(Box::new(compiled()))).chain(online)
}

/// A message of each kind; customers copy them, which costs little beside what is measured.
static KINDS: LazyLock<Vec<Intake>> = LazyLock::new(|| (0..SKILLS * LANGUAGES.len()).map(kind).collect());

fn kind(number: usize) -> Intake {
    let text = serde_json::json!({
        "message": MessageId(Uuid::nil()),
        "conversation": ConversationId(Uuid::nil()),
        "account": "mail",
        "channel": Channel::Email,
        "queue": "support",
        "language": LANGUAGES[number % LANGUAGES.len()],
        "skills": {skill(number / LANGUAGES.len()): 2},
        "tags": [],
        "priority": Priority::Normal,
        "received_at": Timestamp::EPOCH,
        "automatic": false,
    });
    serde_json::from_value(text).expect("an intake")
}

/// The `number`th customer's message.
pub(crate) fn intake(number: u64) -> Command {
    let at = usize::try_from(number).expect("64 bits");
    let id = Uuid::from_u128(u128::from(number) + 1);
    Command::Intake(Box::new(Intake {
        message: MessageId(id),
        conversation: ConversationId(id),
        ..KINDS[at % KINDS.len()].clone()
    }))
}

/// A command as ingest sends it: remembered for ever.
pub(crate) fn submission(command: Command, id: String) -> Submission<Command> {
    Submission {
        command,
        actor: Actor::service("ingest"),
        request: RequestMark {
            method: "Intake".to_owned(),
            id,
            forever: true,
        },
        rows: Vec::new(),
        trace: Trace::default(),
    }
}
