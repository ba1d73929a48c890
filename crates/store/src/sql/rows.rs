//! What a commit does to one key, where it names the key more than once.

use std::collections::BTreeMap;

use tandem_domain::{DeskId, MessageId};

use crate::{OutboxOutcome, Position, PositionUpdate, RequestRecord, Row, StoreError, Stream};

/// Rows to put and rows to delete: the last word on each key, sorted so that two transactions
/// lock in one order.
pub(crate) fn last_words(rows: &[Row]) -> (Vec<&Row>, Vec<&Row>) {
    let by_key: BTreeMap<_, _> = rows
        .iter()
        .map(|row| ((&row.desk, &row.table, &row.key), row))
        .collect();
    by_key.into_values().partition(|row| row.value.is_some())
}

/// Requests without repeated keys, sorted: the first keeps its key, as if they came one by one.
pub(crate) fn first_requests(requests: &[RequestRecord]) -> Vec<&RequestRecord> {
    let mut first: Vec<_> = requests.iter().collect();
    first.sort_by(|a, b| a.key.cmp(&b.key));
    first.dedup_by(|later, earlier| later.key == earlier.key);
    first
}

/// How far one consumer moves on one stream.
pub(crate) struct Move<'a> {
    pub(crate) consumer: &'a str,
    pub(crate) stream: &'a Stream,
    pub(crate) from: Option<Position>,
    pub(crate) to: Position,
}

impl Move<'_> {
    pub(crate) fn refused(&self) -> StoreError {
        StoreError::PositionMoved {
            consumer: self.consumer.to_owned(),
            stream: self.stream.clone(),
        }
    }
}

/// One move for each consumer and stream, sorted, from the first update's beginning to the last one's end.
///
/// # Errors
/// `PositionMoved` if an update does not begin where the one before it ends, or goes back.
pub(crate) fn moves(updates: &[PositionUpdate]) -> Result<Vec<Move<'_>>, StoreError> {
    let mut moves: BTreeMap<(&str, &Stream), Move<'_>> = BTreeMap::new();
    for update in updates {
        let PositionUpdate {
            consumer,
            stream,
            from,
            to,
        } = update;
        let start = Move {
            consumer,
            stream,
            from: *from,
            to: *to,
        };
        let earlier = moves.get(&(consumer.as_str(), stream));
        let follows = earlier.is_none_or(|earlier| Some(earlier.to) == *from);
        if !follows || !update.goes_forward() {
            return Err(update.refused());
        }
        moves
            .entry((consumer, stream))
            .and_modify(|earlier| earlier.to = *to)
            .or_insert(start);
    }
    Ok(moves.into_values().collect())
}

/// One outcome for each outbox row, sorted, as if they came one by one: what is done stays done.
pub(crate) fn last_outcomes(
    outcomes: &[(DeskId, MessageId, OutboxOutcome)],
) -> Vec<(&DeskId, MessageId, &OutboxOutcome)> {
    let mut by_row = BTreeMap::new();
    for (desk, id, outcome) in outcomes {
        let last = by_row.entry((desk, *id)).or_insert(outcome);
        if !matches!(last, OutboxOutcome::OnTicket(_) | OutboxOutcome::Unrouted(_)) {
            *last = outcome;
        }
    }
    by_row
        .into_iter()
        .map(|((desk, id), outcome)| (desk, id, outcome))
        .collect()
}
