//! Answering other processes: calls to an owned desk, and ranges of its journal.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use serde::Serialize;
use tandem_bus::{Incoming, MAX_PAYLOAD, subject};
use tandem_store::{Record, StoreError};
use tokio::time::{Instant, sleep};

use crate::owned::Owned;
use crate::retrying::retry_parked;
use crate::shared::Shared;
use crate::store_calls::within;
use crate::wire::{Ask, JournalRange, MAX_BYTES, ReadJournal, Told, WireRecord, timeout_of};
use crate::{DeskState, Journaled};

/// Requests that are answered at the same time.
const AT_ONCE: usize = 512;

/// Serves calls to the desk until the desk is given up.
pub(crate) async fn serve_commands<C: Journaled>(owned: Arc<Owned<C>>) {
    let subject = subject::command(C::SERVICE, &owned.shared.stream.desk);
    serve(&owned.shared.clone(), &subject, |incoming| {
        answer_call(owned.clone(), incoming)
    })
    .await;
}

/// Serves ranges of the desk's journal until the desk is given up.
pub(crate) async fn serve_journal(shared: Arc<Shared>) {
    let subject = subject::journal(&shared.stream.service, &shared.stream.desk);
    serve(&shared.clone(), &subject, |incoming| {
        answer_range(shared.clone(), incoming)
    })
    .await;
}

async fn serve<F: Future<Output = ()>>(shared: &Shared, subject: &str, answer: impl Fn(Incoming) -> F) {
    loop {
        match shared.bus.serve(subject).await {
            Ok(incoming) => incoming.for_each_concurrent(AT_ONCE, &answer).await,
            Err(error) => tracing::warn!(stream = %shared.stream, %error, "desk not served on the bus; tried again"),
        }
        sleep(shared.settings.backoff_min).await;
    }
}

async fn answer_call<C: Journaled>(owned: Arc<Owned<C>>, incoming: Incoming) {
    let deadline = Instant::now() + timeout_of(&incoming.headers, owned.shared.settings.call_timeout);
    let told: Told<C::Reply, C::Answer, C::Rejection> = match serde_json::from_slice(&incoming.payload) {
        Ok(ask) => perform(&owned, ask, deadline).await,
        Err(error) => Told::Unreadable(error.to_string()),
    };
    incoming.reply(fitting::<C>(encode(&told)));
}

/// An answer that the bus does not take would leave the asker waiting.
fn fitting<C: Journaled>(answer: Bytes) -> Bytes {
    if answer.len() <= MAX_PAYLOAD {
        return answer;
    }
    let why = format!("the answer has {} bytes, more than the bus takes", answer.len());
    encode(&Told::<C::Reply, C::Answer, C::Rejection>::Unreadable(why))
}

pub(crate) async fn perform<C: Journaled>(
    owned: &Owned<C>,
    ask: Ask<C::Command, C::Query>,
    deadline: Instant,
) -> Told<C::Reply, C::Answer, C::Rejection> {
    match ask {
        Ask::Submit(submissions) => Told::Submitted(owned.submit(submissions, deadline).await),
        Ask::Query(query) => Told::Answered(owned.query(query, deadline).await),
        Ask::Touch(agents) => Told::Touched(owned.touch(agents, deadline).await),
        Ask::RaiseLevel(level, actor) => Told::LevelRaised(owned.raise_level(level, actor, deadline).await),
        Ask::RetryParked(id) => Told::Retried(retry_parked(owned, &id, deadline).await),
    }
}

fn encode(answer: &impl Serialize) -> Bytes {
    serde_json::to_vec(answer)
        .expect("answers are plain data with text keys")
        .into()
}

async fn answer_range(shared: Arc<Shared>, incoming: Incoming) {
    let Ok(ask) = serde_json::from_slice::<ReadJournal>(&incoming.payload) else {
        return;
    };
    match read_range(&shared, &ask).await {
        Ok(range) => incoming.reply(encode(&range)),
        // Unanswered, the asker tries again later.
        Err(error) => tracing::warn!(stream = %shared.stream, %error, "journal range not read"),
    }
}

/// What is committed is true whoever owns the desk, so this needs no lease; only the head does, which must
/// be older than the records that are read with it.
async fn read_range(shared: &Shared, ask: &ReadJournal) -> Result<JournalRange, StoreError> {
    let open = shared.lease.is_valid() && shared.status().state == DeskState::Open;
    let head = shared.head.borrow().clone().filter(|_| open);
    let limit = shared.settings.store_timeout;
    let tail = within(limit, shared.store.tail(&shared.stream)).await?;
    let chunk = ask.limit.min(shared.settings.read_chunk);
    let records = within(limit, shared.store.read(&shared.stream, ask.from, chunk)).await?;
    Ok(JournalRange {
        records: bounded(records),
        tail: tail.map(|position| (position.seq, position.incarnation)),
        head,
    })
}

/// As many as fit into one answer; the first always does.
fn bounded(records: Vec<Record>) -> Vec<WireRecord> {
    let mut bytes = 0;
    let fitting = records.into_iter().enumerate().take_while(|(index, record)| {
        bytes += record.payload.len() * 4 / 3 + record.kind.len() + 100;
        *index == 0 || bytes <= MAX_BYTES
    });
    fitting.map(|(_, record)| record.into()).collect()
}
