//! What is said over the bus between the processes of a service and those who call it: JSON.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_bus::Headers;
use tandem_domain::{Actor, AgentId, Timestamp};
use tandem_store::Record;

use crate::{DeskError, Head, Submission};

/// The stream of an event, `<service>.<desk>`.
pub(crate) const STREAM: &str = "tandem-stream";
/// An event's `seq`.
pub(crate) const SEQ: &str = "tandem-seq";
/// An event's incarnation.
pub(crate) const INCARNATION: &str = "tandem-incarnation";
/// An event's time, in microseconds.
pub(crate) const AT: &str = "tandem-at";
/// An event's kind.
pub(crate) const KIND: &str = "tandem-kind";
/// How many milliseconds the asker waits.
const TIMEOUT: &str = "tandem-timeout-ms";

/// At most so many bytes of payload travel in one answer or request; NATS takes 1 MiB by default.
pub(crate) const MAX_BYTES: usize = 512 * 1024;

/// What a desk's owner can be asked.
#[derive(Serialize, Deserialize)]
#[serde(
    rename_all = "snake_case",
    bound(deserialize = "C: Deserialize<'de>, Q: Deserialize<'de>")
)]
pub(crate) enum Ask<C, Q> {
    Submit(Vec<Submission<C>>),
    Query(Q),
    Touch(Vec<AgentId>),
    RaiseLevel(u32, Actor),
    RetryParked(String),
}

/// What the owner says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told<Y, A, R> {
    Submitted(Vec<Result<Y, DeskError<R>>>),
    Answered(Result<A, DeskError<R>>),
    Touched(Result<(), DeskError<R>>),
    LevelRaised(Result<u32, DeskError<R>>),
    Retried(Result<(), DeskError<R>>),
    Unreadable(String),
}

/// Asks for a range of the journal.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadJournal {
    pub(crate) from: u64,
    pub(crate) limit: usize,
}

/// A range of the journal; shorter than asked for when it would be too large.
#[derive(Serialize, Deserialize)]
pub(crate) struct JournalRange {
    pub(crate) records: Vec<WireRecord>,
    /// The journal's last record; none: it has none.
    pub(crate) tail: Option<(u64, u64)>,
    /// The owner's head as it was before the range was read, if the desk is open.
    pub(crate) head: Option<Head>,
}

/// A record on its way.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireRecord {
    seq: u64,
    incarnation: u64,
    kind: String,
    at: Timestamp,
    #[serde(with = "base64_bytes")]
    payload: Bytes,
}

impl From<Record> for WireRecord {
    fn from(record: Record) -> Self {
        let Record {
            seq,
            incarnation,
            kind,
            at,
            payload,
        } = record;
        Self {
            seq,
            incarnation,
            kind,
            at,
            payload,
        }
    }
}

impl From<WireRecord> for Record {
    fn from(record: WireRecord) -> Self {
        let WireRecord {
            seq,
            incarnation,
            kind,
            at,
            payload,
        } = record;
        Self {
            seq,
            incarnation,
            kind,
            at,
            payload,
        }
    }
}

pub(crate) fn timeout_header(timeout: Duration) -> Headers {
    Headers::from([(TIMEOUT.to_owned(), timeout.as_millis().to_string())])
}

/// How long the asker waits; never longer than `longest`.
pub(crate) fn timeout_of(headers: &Headers, longest: Duration) -> Duration {
    let millis = headers.get(TIMEOUT).and_then(|text| text.parse().ok());
    millis.map_or(longest, Duration::from_millis).min(longest)
}

/// Bytes as base64 text.
pub(crate) mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

/// Rows (table, key, value), values as base64 text.
pub(crate) mod row_list {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Row(String, String, #[serde(with = "super::base64_bytes")] Bytes);

    pub(crate) fn serialize<S: Serializer>(rows: &[(String, String, Bytes)], to: S) -> Result<S::Ok, S::Error> {
        let rows = rows.iter().cloned().map(|(table, key, value)| Row(table, key, value));
        to.collect_seq(rows)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String, Bytes)>, D::Error> {
        let rows = Vec::<Row>::deserialize(from)?;
        Ok(rows
            .into_iter()
            .map(|Row(table, key, value)| (table, key, value))
            .collect())
    }
}
