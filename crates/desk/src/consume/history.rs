//! Reading a stream from its owner's journal.

use std::time::Duration;

use tandem_bus::{Headers, subject};
use tandem_store::{Position, Record, Stream};

use super::Consumer;
use crate::Head;
use crate::wire::{JournalRange, ReadJournal};

/// How long the owner may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Records that are asked for at once.
const LIMIT: usize = 500;

/// What the owner's journal holds behind a position.
pub(super) enum History {
    /// The position's own record is still there; these come next.
    Continues { records: Vec<Record>, head: Option<Head> },
    /// The record at the position is another one, or gone: the history was rewritten.
    Rewritten,
}

/// Reads what comes after `position`. The record at the position is read again, because a restored backup
/// that went on differently has the same numbers.
pub(super) async fn after(consumer: &Consumer, stream: &Stream, position: Option<Position>) -> Result<History, String> {
    let known = position.filter(|position| position.seq > 0);
    let from = known.map_or(1, |position| position.seq);
    let range = read(consumer, stream, from).await?;
    let mut records: Vec<Record> = range.records.into_iter().map(Record::from).collect();
    if let Some(known) = known {
        let ours = records
            .first()
            .is_some_and(|first| (first.seq, first.incarnation) == (known.seq, known.incarnation));
        if !ours {
            return Ok(History::Rewritten);
        }
        records.remove(0);
    }
    Ok(History::Continues {
        records,
        head: range.head,
    })
}

async fn read(consumer: &Consumer, stream: &Stream, from: u64) -> Result<JournalRange, String> {
    let ask = serde_json::to_vec(&ReadJournal { from, limit: LIMIT }).map_err(|error| error.to_string())?;
    let to = subject::journal(&stream.service, &stream.desk);
    let answer = consumer.bus.request(&to, Headers::new(), ask.into(), TIMEOUT).await;
    let answer = answer.map_err(|error| error.to_string())?;
    serde_json::from_slice(&answer).map_err(|error| error.to_string())
}
