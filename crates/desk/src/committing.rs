//! A batch that is being committed, beside the wheel that handles the next one.

use std::sync::Arc;

use tandem_store::{Append, Commit, Record, StoreError};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::Journaled;
use crate::batch::{Batch, Draft};
use crate::instruments::{self, Kinds};
use crate::opening::OpenDesk;
use crate::recent::Followed;
use crate::replay::guarded;
use crate::requests::Remembered;
use crate::shared::Shared;
use crate::store_calls::commit_within;

/// A batch that is being committed.
pub(crate) struct Committing<C: Journaled> {
    batch: Batch<C>,
    records: Vec<Followed>,
    /// None: there is nothing to be written.
    outcome: Option<AbortOnDropHandle<Result<(), StoreError>>>,
}

impl<C: Journaled> Committing<C> {
    /// Starts behind the last record of `desk`.
    pub(crate) fn start(shared: &Arc<Shared>, desk: &OpenDesk<C>, mut batch: Batch<C>) -> Self {
        let records = followed(desk, &batch.draft);
        let outcome = (!batch.draft.is_empty()).then(|| {
            let committing = commit(shared.clone(), desk, &mut batch.draft);
            AbortOnDropHandle::new(tokio::spawn(committing))
        });
        Self {
            batch,
            records,
            outcome,
        }
    }

    pub(crate) async fn outcome(&mut self) -> Result<(), StoreError> {
        let broken_off = |error| {
            Err(StoreError::OutcomeUnknown(format!(
                "the commit was broken off: {error}"
            )))
        };
        match &mut self.outcome {
            Some(outcome) => outcome.await.unwrap_or_else(broken_off),
            None => Ok(()),
        }
    }

    /// What it remembers, and what it was told.
    pub(crate) fn remembered(&self) -> &Remembered {
        &self.batch.draft.remembered
    }

    /// Finds out, while the store works, whom it concerns. They are told when it is committed.
    pub(crate) fn find_topics(&mut self, core: &C) {
        let draft = &mut self.batch.draft;
        if draft.events.is_empty() {
            return;
        }
        match guarded(|| core.topics(&draft.events)) {
            Ok(topics) => draft.topics = topics,
            Err(reason) => tracing::error!(reason, "nobody is given a hint; all look again by themselves"),
        }
        draft.topics.sort_unstable();
        draft.topics.dedup();
    }

    /// It is committed: the records that are in the journal now, and the batch.
    pub(crate) fn into_parts(self) -> (Vec<Followed>, Batch<C>) {
        (self.records, self.batch)
    }
}

fn commit<C: Journaled>(
    shared: Arc<Shared>,
    desk: &OpenDesk<C>,
    draft: &mut Draft<C>,
) -> impl Future<Output = Result<(), StoreError>> + use<C> {
    let records = std::mem::take(&mut draft.records);
    let span = tracing::info_span!("desk.commit", stream = %shared.stream, records = records.len());
    if let Some(trace) = &draft.trace {
        (shared.settings.link_span)(&span, trace);
    }
    let kinds = Kinds::of(&records);
    let commit = Commit {
        append: (!records.is_empty()).then(|| Append {
            stream: shared.stream.clone(),
            first_seq: desk.seq + 1,
            incarnation: desk.incarnation,
            records,
        }),
        rows: draft.take_rows(&shared.stream),
        requests: std::mem::take(&mut draft.requests),
        ..Commit::default()
    };
    let committing = async move {
        let begun = Instant::now();
        let outcome = commit_within(shared.settings.store_timeout, shared.store.as_ref(), commit).await;
        instruments::committed(C::SERVICE, begun.elapsed(), kinds, outcome.is_ok());
        outcome
    };
    committing.instrument(span)
}

/// The records as they will stand in the journal.
fn followed<C: Journaled>(desk: &OpenDesk<C>, draft: &Draft<C>) -> Vec<Followed> {
    let numbered = (desk.seq + 1..).zip(&draft.records).zip(&draft.traces);
    let followed = numbered.map(|((seq, record), trace)| Followed {
        record: Record {
            seq,
            incarnation: desk.incarnation,
            kind: record.kind.clone(),
            at: record.at,
            payload: record.payload.clone(),
        },
        trace: trace.clone(),
    });
    followed.collect()
}
