//! Hands stored messages to the router: takes up the rows of the outbox that were handed over as they were stored, and
//! claims those that were not, one by one; sends them in batches to the desks' owners; and settles each row when the
//! router has the message for good.

mod lanes;
mod settling;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tandem_desk::{DeskClient, DeskError, RequestMark, Submission};
use tandem_domain::routing::{Command, Rejection, Reply};
use tandem_domain::{Actor, DeskId, ErrorCode, MessageId, Trace};
use tandem_routing::RoutingCore;
use tandem_store::{Claimed, OutboxOutcome, Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::SERVICE;
use crate::document::decode_intake;
use crate::handover::{CLAIM, Handed, Left};
use crate::instruments;
use lanes::Lanes;
use settling::{Outcome, settle};

/// Rows that are taken up at once.
const BATCH: usize = 256;
/// How long the rows of a desk stay in the outbox that has too many waiting here.
const PUT_OFF: Duration = Duration::from_millis(250);
/// The longest pause between two looks at the outbox: rows due for a retry wait for it, and those of replicas that ended.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest pause between two tries of one row.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// The reason of an automatic message whose conversation has no open ticket.
const NO_OPEN_TICKET: &str = "no_open_ticket";

/// The outbox's worker.
pub(crate) struct Sender {
    store: Arc<dyn Store>,
    router: DeskClient<RoutingCore>,
    handed: mpsc::Receiver<Claimed>,
    left: Arc<Left>,
    lanes: Lanes,
    batches: JoinSet<Sent>,
    outcomes: mpsc::UnboundedSender<Outcome>,
    settling: JoinSet<()>,
}

/// A batch that is through.
struct Sent {
    desk: DeskId,
    arrived: bool,
}

/// A look at the outbox.
struct Look {
    found: Result<Vec<Claimed>, StoreError>,
    /// How often something had been left there when it began.
    left: u64,
}

impl Sender {
    /// A worker on what is handed over and what is left in the outbox.
    #[must_use]
    pub(crate) fn new(store: Arc<dyn Store>, router: DeskClient<RoutingCore>, handed: Handed) -> Self {
        let Handed { rows: handed, left } = handed;
        let (outcomes, ended) = mpsc::unbounded_channel();
        let mut settling = JoinSet::new();
        settling.spawn(settle(Arc::clone(&store), ended));
        Self {
            store,
            router,
            handed,
            left,
            lanes: Lanes::default(),
            batches: JoinSet::new(),
            outcomes,
            settling,
        }
    }

    /// Sends until `shutdown`; the batches at hand are settled first.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut looks = JoinSet::new();
        let mut regularly = interval(LOOK_EVERY);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut rows = Vec::new();
        loop {
            let may_look = looks.is_empty() && self.lanes.have_room();
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(Ok(Sent { desk, arrived })) = self.batches.join_next() => self.lanes.ended(&desk, arrived),
                count @ 1.. = self.handed.recv_many(&mut rows, BATCH), if self.lanes.have_room() => {
                    rows.drain(..count).for_each(|row| self.lanes.push(row));
                }
                () = self.left.some(), if may_look => self.look(&mut looks),
                _ = regularly.tick(), if may_look => self.look(&mut looks),
                Some(look) = looks.join_next() => self.looked(look),
            }
            self.send();
        }
        self.finish().await;
    }

    fn look(&self, looks: &mut JoinSet<Look>) {
        let (store, left) = (Arc::clone(&self.store), self.left.times());
        looks.spawn(async move {
            let found = store.claim(BATCH, CLAIM).await;
            Look { found, left }
        });
    }

    fn looked(&mut self, look: Result<Look, tokio::task::JoinError>) {
        let found = match look {
            Ok(Look { found: Ok(rows), left }) => {
                if rows.len() < BATCH {
                    self.left.found_all(left);
                } else {
                    self.left.look();
                }
                rows
            }
            Ok(Look { found: Err(error), .. }) => return tracing::warn!(%error, "the outbox cannot be worked on"),
            Err(error) => return tracing::error!(%error, "a look at the outbox broke off"),
        };
        for row in found {
            if self.lanes.is_full(&row.desk) {
                self.tell(&row, OutboxOutcome::Retry(PUT_OFF));
            } else {
                self.lanes.push(row);
            }
        }
    }

    fn send(&mut self) {
        for (desk, rows) in self.lanes.next() {
            let sending = send(self.router.clone(), desk.clone(), rows, self.outcomes.clone());
            self.batches.spawn(async move {
                // Should it break off, its rows are claimed again by and by.
                let arrived = AssertUnwindSafe(sending).catch_unwind().await.unwrap_or(false);
                Sent { desk, arrived }
            });
        }
    }

    fn tell(&self, row: &Claimed, outcome: OutboxOutcome) {
        // Settling ends after the last of those who tell it.
        let _ = self.outcomes.send((row.desk.clone(), row.id, outcome));
    }

    /// What was not sent yet is given back to the other replicas.
    async fn finish(mut self) {
        self.handed.close();
        while let Some(row) = self.handed.recv().await {
            self.lanes.push(row);
        }
        for row in self.lanes.take_waiting() {
            self.tell(&row, OutboxOutcome::Retry(Duration::ZERO));
        }
        self.batches.join_all().await;
        drop(self.outcomes);
        self.settling.join_all().await;
    }
}

/// Whether the desk's owner has answered for each row.
async fn send(
    router: DeskClient<RoutingCore>,
    desk: DeskId,
    rows: Vec<Claimed>,
    outcomes: mpsc::UnboundedSender<Outcome>,
) -> bool {
    let mut settled = Vec::with_capacity(rows.len());
    let (mut sendable, mut submissions) = (Vec::new(), Vec::new());
    for row in rows {
        match submission(&row) {
            Ok(submission) => {
                submissions.push(submission);
                sendable.push((row.id, row.attempts));
            }
            Err(error) => settled.push((row.id, park(row.id, error.to_string()))),
        }
    }
    let answers = router.submit_all(&desk, submissions).await;
    let answered = sendable.into_iter().zip(answers);
    settled.extend(answered.map(|((id, attempts), answer)| (id, outcome(id, attempts, answer))));
    let arrived = !settled
        .iter()
        .any(|(_, outcome)| matches!(outcome, OutboxOutcome::Retry(_)));
    for (id, outcome) in settled {
        instruments::handed_on(&outcome);
        // Settling ends after the last of those who tell it.
        let _ = outcomes.send((desk.clone(), id, outcome));
    }
    arrived
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
