//! A toy core with everything that a core can have: timers, sessions, effects, two journal levels, three
//! snapshot formats, and commands that make it panic.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tandem_desk::{DecodeError, Effect, Encoded, Journaled, Lexicon, Topic};
use tandem_domain::core::Rejected;
use tandem_domain::{AgentId, Context, Core, DeskId, ErrorCode, Event, RestoreError, RowChange, Timestamp, Trace};

/// Marks belong to this trace, whoever makes them.
pub(crate) static STORY: LazyLock<Trace> =
    LazyLock::new(|| Trace("00-11111111111111111111111111111111-2222222222222222-01".into()));

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Adds to the total, which never gets negative.
    Add(i64),
    /// Adds 1 and remembers the number.
    Mark(u64),
    /// Succeeds and does nothing.
    Nothing,
    /// Emits `Rang` so much later.
    Ring(Duration),
    SignIn(AgentId),
    /// Asks another desk to add.
    Pass {
        to: DeskId,
        amount: i64,
    },
    /// Emits a kind of journal level 2.
    Rename(String),
    /// Makes the core panic, after it has changed its state, until it is [`defuse`]d.
    Explode(String),
    /// Makes the core panic over its read model until it is [`defuse`]d.
    ExplodeInRows(String),
    /// Makes the core panic at its next tick until it is [`defuse`]d.
    ExplodeAtTick(String),
    /// Breaks the law that a rejected command changes nothing.
    RejectButChange,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Body {
    Added(i64),
    Marked(u64),
    RingAt(Timestamp),
    Rang,
    SignedIn(AgentId),
    SignedOut(AgentId),
    Passed { to: DeskId, amount: i64 },
    Renamed(String),
    Armed(String),
    RowsArmed(String),
    TickArmed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Query {
    Total,
    Marks,
    Online,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Total(i64),
    Marks(BTreeMap<u64, u64>),
    Online(BTreeSet<AgentId>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the total would be negative")]
    Negative,
}

impl Rejected for Refusal {
    fn code(&self) -> ErrorCode {
        ErrorCode::FailedPrecondition
    }
    fn field(&self) -> Option<&str> {
        Some("amount")
    }
}

static DEFUSED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// What was to explode does not any more.
pub(crate) fn defuse(fuse: &str) {
    DEFUSED.lock().unwrap().insert(fuse.to_owned());
}

fn explode(fuse: &str) {
    let defused = DEFUSED.lock().unwrap().contains(fuse);
    assert!(defused, "{fuse} exploded");
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    total: i64,
    /// How often each number was marked.
    marks: BTreeMap<u64, u64>,
    rings: BTreeSet<Timestamp>,
    online: BTreeSet<AgentId>,
    name: String,
    tick_fuse: Option<String>,
}

impl Ledger {
    fn emit(&mut self, body: Body, context: &Context, out: &mut Vec<Event<Body>>) {
        let event = context.event(body);
        self.apply(&event);
        out.push(event);
    }
}

impl Core for Ledger {
    type Command = Command;
    type Body = Body;
    type Outcome = i64;
    type Reply = i64;
    type Rejection = Refusal;
    type Query = Query;
    type Answer = Answer;

    const SNAPSHOT_FORMAT: u32 = 3;

    fn new(_desk: &DeskId) -> Self {
        Self::default()
    }

    fn handle(&mut self, command: Command, context: &Context, out: &mut Vec<Event<Body>>) -> Result<i64, Refusal> {
        let body = match command {
            Command::Add(amount) if self.total + amount < 0 => return Err(Refusal::Negative),
            Command::Add(amount) => Body::Added(amount),
            Command::Mark(number) => Body::Marked(number),
            Command::Nothing => return Ok(self.total),
            Command::Ring(after) => Body::RingAt(context.now.plus(after)),
            Command::SignIn(agent) => Body::SignedIn(agent),
            Command::Pass { to, amount } => Body::Passed { to, amount },
            Command::Rename(name) => Body::Renamed(name),
            Command::Explode(fuse) => {
                self.emit(Body::Added(1000), context, out);
                explode(&fuse);
                Body::Armed(fuse)
            }
            Command::ExplodeInRows(fuse) => Body::RowsArmed(fuse),
            Command::ExplodeAtTick(fuse) => Body::TickArmed(fuse),
            Command::RejectButChange => {
                self.emit(Body::Added(1000), context, out);
                return Err(Refusal::Negative);
            }
        };
        self.emit(body, context, out);
        Ok(self.total)
    }

    fn reply(&self, outcome: i64) -> i64 {
        outcome
    }

    fn tick(&mut self, context: &Context, out: &mut Vec<Event<Body>>) {
        if let Some(fuse) = &self.tick_fuse {
            explode(fuse);
        }
        while self.rings.first().is_some_and(|due| *due <= context.now) {
            self.emit(Body::Rang, context, out);
        }
    }

    fn session_lost(&mut self, agent: &AgentId, context: &Context, out: &mut Vec<Event<Body>>) {
        self.emit(Body::SignedOut(agent.clone()), context, out);
    }

    fn sessions(&self) -> Vec<AgentId> {
        self.online.iter().cloned().collect()
    }

    fn apply(&mut self, event: &Event<Body>) {
        match event.body.clone() {
            Body::Added(amount) => self.total += amount,
            Body::Marked(number) => {
                self.total += 1;
                *self.marks.entry(number).or_default() += 1;
            }
            Body::RingAt(at) => drop(self.rings.insert(at)),
            Body::Rang => drop(self.rings.pop_first()),
            Body::SignedIn(agent) => drop(self.online.insert(agent)),
            Body::SignedOut(agent) => drop(self.online.remove(&agent)),
            Body::Renamed(name) => self.name = name,
            Body::TickArmed(fuse) => {
                self.tick_fuse = Some(fuse);
                self.rings.insert(event.at);
            }
            Body::Passed { .. } | Body::Armed(_) | Body::RowsArmed(_) => {}
        }
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        self.rings.first().copied()
    }

    fn query(&self, query: &Query, _now: Timestamp) -> Answer {
        match query {
            Query::Total => Answer::Total(self.total),
            Query::Marks => Answer::Marks(self.marks.clone()),
            Query::Online => Answer::Online(self.online.clone()),
        }
    }

    fn rows(&self, events: &[Event<Body>]) -> Vec<RowChange> {
        for event in events {
            if let Body::RowsArmed(fuse) = &event.body {
                explode(fuse);
            }
        }
        let value = Some(self.total.to_string().into_bytes());
        vec![RowChange {
            table: "total",
            key: "total".to_owned(),
            value,
        }]
    }

    fn snapshot(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap()
    }

    /// Format 2 had no name, format 1 neither name nor marks.
    fn restore(_desk: &DeskId, format: u32, bytes: &[u8]) -> Result<Self, RestoreError> {
        let damaged = |error: serde_json::Error| RestoreError::Damaged(error.to_string());
        let mut state: serde_json::Value = serde_json::from_slice(bytes).map_err(damaged)?;
        match format {
            1 => {
                state["marks"] = serde_json::json!({});
                state["name"] = "".into();
            }
            2 => state["name"] = "".into(),
            3 => {}
            other => return Err(RestoreError::UnknownFormat(other)),
        }
        serde_json::from_value(state).map_err(damaged)
    }
}

impl Journaled for Ledger {
    const SERVICE: &'static str = "ledger";
    const LEVEL: u32 = 2;
    const HAS_EFFECTS: bool = true;

    fn encode(event: &Event<Body>) -> Encoded {
        let (kind, level) = match event.body {
            Body::Added(_) => ("Added", 1),
            Body::Marked(_) => ("Marked", 1),
            Body::RingAt(_) => ("RingAt", 1),
            Body::Rang => ("Rang", 1),
            Body::SignedIn(_) => ("SignedIn", 1),
            Body::SignedOut(_) => ("SignedOut", 1),
            Body::Passed { .. } => ("Passed", 1),
            Body::Renamed(_) => ("Renamed", 2),
            Body::Armed(_) => ("Armed", 1),
            Body::RowsArmed(_) => ("RowsArmed", 1),
            Body::TickArmed(_) => ("TickArmed", 1),
        };
        Encoded {
            kind,
            level,
            payload: serde_json::to_vec(event).unwrap().into(),
        }
    }

    fn read(kind: &str, payload: &[u8], _: &mut Lexicon) -> Result<Event<Body>, DecodeError> {
        const KINDS: [&str; 11] = [
            "Added",
            "Marked",
            "RingAt",
            "Rang",
            "SignedIn",
            "SignedOut",
            "Passed",
            "Renamed",
            "Armed",
            "RowsArmed",
            "TickArmed",
        ];
        if !KINDS.contains(&kind) {
            return Err(DecodeError::UnknownKind(kind.to_owned()));
        }
        serde_json::from_slice(payload).map_err(|error| DecodeError::Damaged(error.to_string()))
    }

    fn trace_of(&self, command: &Command) -> Option<&Trace> {
        matches!(command, Command::Mark(_)).then(|| &*STORY)
    }

    fn effect(_desk: &DeskId, event: &Event<Body>) -> Option<Effect> {
        let Body::Passed { to, amount } = &event.body else {
            return None;
        };
        let command = serde_json::to_vec(&Command::Add(*amount)).unwrap().into();
        Some(Effect {
            service: "ledger".to_owned(),
            desk: to.clone(),
            method: "Add".to_owned(),
            command,
        })
    }

    fn topics(&self, events: &[Event<Body>]) -> Vec<Topic> {
        let topics = events.iter().filter_map(|event| match &event.body {
            Body::SignedIn(agent) | Body::SignedOut(agent) => Some(Topic::new(format!("agent.{agent}"))),
            _ => None,
        });
        topics.collect()
    }
}
