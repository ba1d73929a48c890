//! A core that does next to nothing, so that the shell is what is measured: one event, one row and one
//! remembered request for each command; and the same as a commit without the shell.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_desk::{DecodeError, Encoded, Journaled, Lexicon, Topic};
use tandem_domain::core::Rejected;
use tandem_domain::{
    Actor, AgentId, Cause, Context, Core, DeskId, ErrorCode, Event, RestoreError, RowChange, Timestamp, Trace,
};
use tandem_store::{Append, Commit, NewRecord, RequestKey, RequestRecord, Row, Stream};

/// Of so many tickets each changes again and again.
const TICKETS: u64 = 10_000;
const ROW: [u8; 300] = [0x5A; 300];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Add(pub(crate) u64);

#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("never")]
pub(crate) struct Never;

impl Rejected for Never {
    fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }
    fn field(&self) -> Option<&str> {
        None
    }
}

pub(crate) struct Tally(u64);

impl Core for Tally {
    type Command = Add;
    type Body = u64;
    type Outcome = u64;
    type Reply = u64;
    type Rejection = Never;
    type Query = ();
    type Answer = u64;

    const SNAPSHOT_FORMAT: u32 = 1;

    fn new(_desk: &DeskId) -> Self {
        Self(0)
    }
    fn handle(&mut self, Add(number): Add, context: &Context, out: &mut Vec<Event<u64>>) -> Result<u64, Never> {
        let event = context.event(number);
        self.apply(&event);
        out.push(event);
        Ok(self.0)
    }
    fn reply(&self, outcome: u64) -> u64 {
        outcome
    }
    fn tick(&mut self, _context: &Context, _out: &mut Vec<Event<u64>>) {}
    fn session_lost(&mut self, _agent: &AgentId, _context: &Context, _out: &mut Vec<Event<u64>>) {}
    fn sessions(&self) -> Vec<AgentId> {
        Vec::new()
    }
    fn apply(&mut self, _event: &Event<u64>) {
        self.0 += 1;
    }
    fn next_wakeup(&self) -> Option<Timestamp> {
        None
    }
    fn query(&self, _query: &(), _now: Timestamp) -> u64 {
        self.0
    }
    fn rows(&self, events: &[Event<u64>]) -> Vec<RowChange> {
        let row = |event: &Event<u64>| RowChange {
            table: "ticket",
            key: key(event.body),
            value: Some(ROW.to_vec()),
        };
        events.iter().map(row).collect()
    }
    fn snapshot(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }
    fn restore(_desk: &DeskId, _format: u32, bytes: &[u8]) -> Result<Self, RestoreError> {
        let bytes = bytes
            .try_into()
            .map_err(|_| RestoreError::Damaged("not eight bytes".to_owned()))?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }
}

fn key(number: u64) -> String {
    format!("{:08}", number % TICKETS)
}

impl Journaled for Tally {
    const SERVICE: &'static str = "tally";
    const LEVEL: u32 = 1;

    fn encode(event: &Event<u64>) -> Encoded {
        let mut payload = [0xA5; 200];
        payload[..8].copy_from_slice(&event.body.to_be_bytes());
        payload[8..16].copy_from_slice(&event.at.as_micros().to_be_bytes());
        Encoded {
            kind: "TicketOpened",
            level: 1,
            payload: Bytes::copy_from_slice(&payload),
        }
    }

    fn read(_kind: &str, payload: &[u8], _: &mut Lexicon) -> Result<Event<u64>, DecodeError> {
        let number = |at: usize| payload.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        let (Some(body), Some(at)) = (number(0), number(8)) else {
            return Err(DecodeError::Damaged("too short".to_owned()));
        };
        Ok(Event {
            at: Timestamp::from_micros(i64::from_be_bytes(at)),
            actor: Actor::service("tally"),
            cause: Cause::Timer,
            trace: Trace::default(),
            body: u64::from_be_bytes(body),
        })
    }

    fn topics(&self, _events: &[Event<u64>]) -> Vec<Topic> {
        Vec::new()
    }
}

/// What the shell commits for `count` commands, without the shell.
pub(crate) fn commit(desk: &DeskId, first_seq: u64, count: u64) -> Commit {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let event = |body| Event {
        at,
        actor: Actor::service("tally"),
        cause: Cause::Timer,
        trace: Trace::default(),
        body,
    };
    let record = |seq| {
        let encoded = Tally::encode(&event(seq));
        NewRecord {
            kind: encoded.kind.to_owned(),
            at,
            payload: encoded.payload,
        }
    };
    let row = |seq| Row {
        desk: desk.clone(),
        table: "ticket".to_owned(),
        key: key(seq),
        value: Some(Bytes::from_static(&ROW)),
    };
    let request = |seq: u64| RequestRecord {
        key: RequestKey {
            desk: desk.clone(),
            caller: "service:ingest".to_owned(),
            method: "OpenTicket".to_owned(),
            id: format!("request {seq}"),
        },
        hash: [7; 32],
        reply: Bytes::from(seq.to_string()),
        expires_at: Some(Timestamp::from_micros(i64::MAX)),
    };
    let seqs = first_seq..first_seq + count;
    let stream = Stream::new("alone", desk.clone());
    Commit {
        append: Some(Append {
            stream,
            first_seq,
            incarnation: 1,
            records: seqs.clone().map(record).collect(),
        }),
        rows: seqs.clone().map(row).collect(),
        requests: seqs.map(request).collect(),
        ..Commit::default()
    }
}
