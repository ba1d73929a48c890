//! Between the traits' types and what the databases hold.

use std::time::Duration;

use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};
use uuid::Uuid;

use crate::documents::plan::DeskKey;
use crate::{
    Accepted, Claimed, ClaimedJob, JobEntry, KeptAnswer, Lease, OutboxEntry, Position, Record, RequestKey,
    RequestRecord, RowPage, Snapshot, StoreError, StoredDocument, Stream,
};

/// A number that is compared: sequence numbers never come near the limit.
pub(crate) fn ordered(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit on rows.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A duration in microseconds, short enough to be added to any time of this age.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros())
        .unwrap_or(i64::MAX)
        .min(i64::MAX / 4)
}

/// `(seq, incarnation)` as stored; an incarnation is random bits, so its sign means nothing.
pub(crate) fn position((seq, incarnation): (i64, i64)) -> Position {
    Position {
        seq: seq.cast_unsigned(),
        incarnation: incarnation.cast_unsigned(),
    }
}

/// A journal row as selected: `seq, incarnation, kind, at, payload`.
pub(crate) type RecordRow = (i64, i64, String, i64, Vec<u8>);

pub(crate) fn record((seq, incarnation, kind, at, payload): RecordRow) -> Record {
    let Position { seq, incarnation } = position((seq, incarnation));
    Record {
        seq,
        incarnation,
        kind,
        at: Timestamp::from_micros(at),
        payload: payload.into(),
    }
}

/// A snapshot row as selected: `seq, incarnation, format, state`.
pub(crate) type SnapshotRow = (i64, i64, i64, Vec<u8>);

pub(crate) fn snapshot(stream: &Stream, row: SnapshotRow) -> Result<Snapshot, StoreError> {
    let (seq, incarnation, format, state) = row;
    let Position { seq, incarnation } = position((seq, incarnation));
    let format =
        u32::try_from(format).map_err(|_| StoreError::damaged("snapshot", stream, "the format is no format"))?;
    Ok(Snapshot {
        seq,
        incarnation,
        format,
        bytes: state.into(),
    })
}

/// A message row as selected: `id, conversation, ticket, unrouted, body, received_at`.
pub(crate) type MessageRow = (Vec<u8>, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>, Vec<u8>, i64);

pub(crate) fn message(
    (id, conversation, ticket, unrouted, body, at): MessageRow,
) -> Result<StoredDocument, StoreError> {
    Ok(StoredDocument {
        id: message_id("message", &id)?,
        conversation: conversation.map(|id| conversation_id("message", &id)).transpose()?,
        ticket: ticket.map(i64::cast_unsigned),
        unrouted: unrouted.map(|why| text("message", why)).transpose()?,
        body: Bytes::from(body),
        received_at: Timestamp::from_micros(at),
    })
}

/// A remembered request as selected with its key.
pub(crate) type RequestKeyRow = (String, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Option<i64>);

pub(crate) fn request_with_key(row: RequestKeyRow) -> Result<RequestRecord, StoreError> {
    let (desk, caller, method, id, hash, reply, expires_at) = row;
    let table = "request";
    let (caller, method, id) = (text(table, caller)?, text(table, method)?, text(table, id)?);
    let key = RequestKey {
        desk: desk_id(table, &desk)?,
        caller,
        method,
        id,
    };
    let hash = hash
        .try_into()
        .map_err(|_| StoreError::damaged(table, "hash", "a hash must have 32 bytes"))?;
    Ok(RequestRecord {
        key,
        hash,
        reply: reply.into(),
        expires_at: expires_at.map(Timestamp::from_micros),
    })
}

/// A page from rows as selected: `key, value`.
pub(crate) fn row_page(rows: Vec<(Vec<u8>, Vec<u8>)>, limit: usize) -> Result<RowPage, StoreError> {
    let row = |(key, value): (Vec<u8>, Vec<u8>)| Ok((text("read_row", key)?, value.into()));
    Ok(RowPage::of(
        rows.into_iter().map(row).collect::<Result<_, StoreError>>()?,
        limit,
    ))
}

/// A lease as selected: `name, owner, expires_at`.
pub(crate) type LeaseRow = (Vec<u8>, Vec<u8>, i64);

pub(crate) fn lease((name, owner, expires_at): LeaseRow) -> Result<Lease, StoreError> {
    let expires_at = Timestamp::from_micros(expires_at);
    Ok(Lease {
        name: text("lease", name)?,
        owner: text("lease", owner)?,
        expires_at,
    })
}

/// An earlier message as selected: `desk, dedupe_key, id, conversation, started`.
pub(crate) type EarlierRow = (String, Vec<u8>, Vec<u8>, Option<Vec<u8>>, bool);

pub(crate) fn earlier((desk, key, id, of, started): EarlierRow) -> Result<(DeskKey, Accepted), StoreError> {
    let conversation = of.map(|id| conversation_id("message", &id)).transpose()?;
    let accepted = Accepted {
        id: message_id("message", &id)?,
        conversation,
        started,
        duplicate: true,
    };
    Ok(((desk_id("message", &desk)?, key.into()), accepted))
}

/// A conversation key as selected: `desk, key, conversation`.
pub(crate) type ConversationKeyRow = (String, Vec<u8>, Vec<u8>);

pub(crate) fn conversation_key((desk, key, id): ConversationKeyRow) -> Result<(DeskKey, ConversationId), StoreError> {
    let table = "conversation_key";
    Ok(((desk_id(table, &desk)?, key.into()), conversation_id(table, &id)?))
}

/// A claimed row as selected: `stored, desk, id, conversation, content, trace, attempts`.
pub(crate) type ClaimRow = (i64, String, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64);

pub(crate) fn claim((_, desk, id, of, content, trace, attempts): ClaimRow) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        desk: desk_id("outbox", &desk)?,
        id: message_id("outbox", &id)?,
        conversation: conversation_id("outbox", &of)?,
        outbox: content.into(),
        trace: text("outbox", trace)?,
        attempts: count(attempts),
    })
}

/// An outbox row as selected: `id, since, attempts, parked`.
pub(crate) type OutboxRow = (Vec<u8>, i64, i64, Option<Vec<u8>>);

pub(crate) fn outbox_entry((id, since, attempts, parked): OutboxRow) -> Result<OutboxEntry, StoreError> {
    Ok(OutboxEntry {
        id: message_id("outbox", &id)?,
        since: Timestamp::from_micros(since),
        attempts: count(attempts),
        parked: parked.map(|why| text("outbox", why)).transpose()?,
    })
}

/// A claimed job as selected: `desk, id, body, attempts, trace, created_at`.
pub(crate) type ClaimedJobRow = (String, Vec<u8>, Vec<u8>, i64, Vec<u8>, i64);

pub(crate) fn claimed_job((desk, id, body, attempts, trace, at): ClaimedJobRow) -> Result<ClaimedJob, StoreError> {
    Ok(ClaimedJob {
        desk: desk_id("job", &desk)?,
        id: text("job", id)?,
        body: body.into(),
        attempts: count(attempts),
        trace: text("job", trace)?,
        created_at: Timestamp::from_micros(at),
    })
}

/// A job as selected: `id, body, attempts, created_at, due_at, failed`.
pub(crate) type JobRow = (Vec<u8>, Vec<u8>, i64, i64, i64, Option<Vec<u8>>);

pub(crate) fn job((id, body, attempts, created_at, due_at, failed): JobRow) -> Result<JobEntry, StoreError> {
    Ok(JobEntry {
        id: text("job", id)?,
        body: body.into(),
        attempts: count(attempts),
        created_at: Timestamp::from_micros(created_at),
        due_at: Timestamp::from_micros(due_at),
        failed: failed.map(|why| text("job", why)).transpose()?,
    })
}

/// An answer that was kept before, as selected: `id, body`.
pub(crate) type KeptRow = (Vec<u8>, Vec<u8>);

pub(crate) fn kept((id, body): KeptRow) -> Result<KeptAnswer, StoreError> {
    Ok(KeptAnswer {
        id: message_id("draft", &id)?,
        earlier: Some(body.into()),
    })
}

fn count(attempts: i64) -> u32 {
    u32::try_from(attempts).unwrap_or(u32::MAX)
}

pub(crate) fn message_id(table: &'static str, bytes: &[u8]) -> Result<MessageId, StoreError> {
    uuid(table, bytes).map(MessageId)
}

pub(crate) fn conversation_id(table: &'static str, bytes: &[u8]) -> Result<ConversationId, StoreError> {
    uuid(table, bytes).map(ConversationId)
}

fn uuid(table: &'static str, bytes: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(bytes).map_err(|_| StoreError::damaged(table, "id", "an id must have 16 bytes"))
}

pub(crate) fn desk_id(table: &'static str, text: &str) -> Result<DeskId, StoreError> {
    text.parse()
        .map_err(|_| StoreError::damaged(table, "desk", "the desk is no key"))
}

pub(crate) fn text(table: &'static str, bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| StoreError::damaged(table, "text", "the text is not UTF-8"))
}

/// The keys of one scan: from `start` (inclusive) to `end` (exclusive), bytewise.
pub(crate) struct KeyRange {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl KeyRange {
    /// Keys that start with `prefix` and come after `after`.
    pub(crate) fn new(prefix: &str, after: Option<&str>) -> Self {
        let start = match after {
            // The least key that is greater.
            Some(after) if after >= prefix => [after.as_bytes(), &[0]].concat(),
            _ => prefix.as_bytes().to_vec(),
        };
        // No UTF-8 text holds the byte 0xFF, so this is above every key with the prefix.
        Self {
            start,
            end: [prefix.as_bytes(), &[0xFF]].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &KeyRange, key: &str) -> bool {
        *range.start <= *key.as_bytes() && *key.as_bytes() < *range.end
    }

    #[test]
    fn a_range_holds_the_prefix_and_all_that_starts_with_it() {
        let range = KeyRange::new("a%", None);
        assert!(
            ["a%", "a%\0", "a%b", "a%\u{10FFFF}\u{10FFFF}"]
                .iter()
                .all(|key| contains(&range, key))
        );
        assert!(["a", "ab", "a&", "b", ""].iter().all(|key| !contains(&range, key)));
    }

    #[test]
    fn a_range_starts_just_behind_the_last_key() {
        let range = KeyRange::new("a", Some("ab"));
        assert!(!contains(&range, "ab"));
        assert!(contains(&range, "ab\0"));
    }

    #[test]
    fn a_range_after_something_before_the_prefix_starts_with_the_prefix() {
        assert!(contains(&KeyRange::new("b", Some("a")), "b"));
    }

    #[test]
    fn a_range_after_the_whole_prefix_is_empty() {
        let range = KeyRange::new("a", Some("b"));
        assert!(range.start >= range.end);
    }
}
