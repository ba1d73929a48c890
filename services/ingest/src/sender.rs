//! Hands stored messages to the router: claims outbox rows one by one, sends them in batches to the desks'
//! owners, and settles each row when the router has the message for good.

mod batches;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{DeskClient, DeskError, RequestMark, Submission};
use tandem_domain::routing::{Command, Rejection, Reply};
use tandem_domain::{Actor, DeskId, ErrorCode, MessageId, Trace};
use tandem_routing::RoutingCore;
use tandem_store::{Claimed, OutboxOutcome, Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::SERVICE;
use crate::document::decode_intake;
use crate::instruments;
use batches::Batches;

/// Rows that are claimed at once.
const BATCH: usize = 256;
/// How long a claim holds: so long wait the rows of a replica that was killed. A batch that takes longer is sent again
/// by somebody else, and so are rows whose outcome could not be stored: the router knows them by their request ids and
/// gives the same answer.
const CLAIM: Duration = Duration::from_secs(8);
/// How long the rows of a desk wait whose last batch is not through yet.
const PUT_OFF: Duration = Duration::from_millis(250);
/// The longest pause between two looks, should a wake-up be lost; rows due for a retry wait for it too.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest pause between two tries of one row.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// The reason of an automatic message whose conversation has no open ticket.
const NO_OPEN_TICKET: &str = "no_open_ticket";

/// The outbox's worker.
pub(crate) struct Sender {
    store: Arc<dyn Store>,
    router: DeskClient<RoutingCore>,
    wake: Arc<Notify>,
}

impl Sender {
    /// A worker that looks when `wake` is notified, and now and then anyway.
    #[must_use]
    pub(crate) fn new(store: Arc<dyn Store>, router: DeskClient<RoutingCore>, wake: Arc<Notify>) -> Self {
        Self { store, router, wake }
    }

    /// Sends until `shutdown`; the batches at hand are settled first.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let sender = Arc::new(self);
        let mut batches = Batches::default();
        while !shutdown.is_cancelled() {
            match sender.turn(&mut batches).await {
                Ok(BATCH) => {}
                Ok(_) => sender.rest(&shutdown).await,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be worked on");
                    sender.rest(&shutdown).await;
                }
            }
        }
        batches.finish().await;
    }

    async fn rest(&self, shutdown: &CancellationToken) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Claims rows and sends them, a batch for each desk; says how many rows there were.
    async fn turn(self: &Arc<Self>, batches: &mut Batches) -> Result<usize, StoreError> {
        let claimed = self.store.claim(BATCH, CLAIM).await?;
        let count = claimed.len();
        let (busy, free): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|row| batches.is_busy(&row.desk));
        let put_off = |row: Claimed| (row.desk, row.id, OutboxOutcome::Retry(PUT_OFF));
        self.store.settle(busy.into_iter().map(put_off).collect()).await?;
        let mut by_desk: BTreeMap<DeskId, Vec<Claimed>> = BTreeMap::new();
        for row in free {
            by_desk.entry(row.desk.clone()).or_default().push(row);
        }
        let sent = by_desk
            .into_iter()
            .map(|(desk, rows)| (desk.clone(), Arc::clone(self).send_to(desk, rows)));
        batches.run(sent).await;
        Ok(count)
    }

    async fn send_to(self: Arc<Self>, desk: DeskId, rows: Vec<Claimed>) {
        let mut settled = Vec::with_capacity(rows.len());
        let (mut sendable, mut submissions) = (Vec::new(), Vec::new());
        for row in rows {
            match submission(&row) {
                Ok(submission) => {
                    submissions.push(submission);
                    sendable.push((row.id, row.attempts));
                }
                Err(error) => settled.push((desk.clone(), row.id, park(row.id, error.to_string()))),
            }
        }
        let answers = self.router.submit_all(&desk, submissions).await;
        let outcomes = sendable.into_iter().zip(answers);
        settled.extend(outcomes.map(|((id, attempts), answer)| (desk.clone(), id, outcome(id, attempts, answer))));
        for (_, _, outcome) in &settled {
            instruments::handed_on(outcome);
        }
        if let Err(error) = self.store.settle(settled).await {
            tracing::warn!(%desk, %error, "what became of messages is not stored; they are sent again");
        }
    }
}

fn submission(row: &Claimed) -> Result<Submission<Command>, StoreError> {
    let intake = decode_intake(&row.id.0, &row.outbox, row.conversation)?;
    Ok(Submission {
        command: Command::Intake(Box::new(intake)),
        actor: Actor::service(SERVICE),
        request: RequestMark {
            method: "Intake".to_owned(),
            id: row.id.to_string(),
            forever: true,
        },
        rows: Vec::new(),
        trace: Trace(row.trace.as_str().into()),
    })
}

fn outcome(id: MessageId, attempts: u32, answer: Result<Reply, DeskError<Rejection>>) -> OutboxOutcome {
    match answer {
        Ok(Reply::OnTicket { ticket, .. }) => OutboxOutcome::OnTicket(ticket.0),
        Ok(Reply::Unrouted) => OutboxOutcome::Unrouted(NO_OPEN_TICKET.to_owned()),
        Ok(_) => park(id, "the router answered something else than it was asked".to_owned()),
        Err(error) if is_passing(error.code()) => OutboxOutcome::Retry(pause(id, attempts)),
        Err(error) => park(id, error.to_string()),
    }
}

fn park(id: MessageId, reason: String) -> OutboxOutcome {
    tracing::error!(message_id = %id, reason, "message parked");
    OutboxOutcome::Park(reason)
}

/// Whether the message is not to blame: the owner is away, busy, full, or cannot load the desk before it is repaired.
pub(crate) fn is_passing(code: ErrorCode) -> bool {
    code.is_retryable() || matches!(code, ErrorCode::Aborted | ErrorCode::DataLoss | ErrorCode::NotFound)
}

/// Doubles from a quarter of a second; the id spreads retries over a quarter more.
fn pause(id: MessageId, attempts: u32) -> Duration {
    let base = Duration::from_millis(250)
        .saturating_mul(1 << attempts.saturating_sub(1).min(10))
        .min(LONGEST_RETRY);
    let jitter = u32::from(id.0.as_bytes()[15]);
    base + base / 4 * jitter / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: MessageId = MessageId(uuid::Uuid::from_u128(7));

    #[test]
    fn what_passes_is_tried_again_for_ever_and_what_does_not_is_parked() {
        let unavailable = outcome(ID, 1_000, Err(DeskError::Unavailable("no owner".into())));
        assert!(matches!(unavailable, OutboxOutcome::Retry(_)));
        let refused = outcome(ID, 1, Err(DeskError::Rejected(Rejection::NotActivated)));
        assert!(matches!(refused, OutboxOutcome::Park(_)));
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        let pauses: Vec<_> = (1..40).map(|attempts| pause(ID, attempts)).collect();
        assert!(pauses.is_sorted());
        assert!(pauses[0] < Duration::from_millis(400));
        assert!(pauses[38] <= LONGEST_RETRY * 5 / 4);
    }

    #[test]
    fn an_automatic_message_without_an_open_ticket_is_unrouted() {
        assert_eq!(
            outcome(ID, 1, Ok(Reply::Unrouted)),
            OutboxOutcome::Unrouted("no_open_ticket".into())
        );
    }
}
