//! Effects on others: events that ask another service to do something. They are carried out as commands
//! under the request id `<stream>:<seq>`, so a repeat happens once, and the receiver refuses what is stale.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tandem_bus::subject;
use tandem_domain::core::Rejected;
use tandem_domain::{Actor, DeskId, ErrorCode};
use tandem_store::{Record, Row};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::follow::Follower;
use crate::parking::{self, ParkedItem, Stored};
use crate::shared::Shared;
use crate::shell_event::{Recorded, decode_record};
use crate::wire::{Ask, Told, timeout_header};
use crate::{DeskError, Journaled, RequestMark, Submission};

/// The cursor's name.
const CONSUMER: &str = "effects";
/// Records that are read at once.
const CHUNK: usize = 64;

/// An effect, ready to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EffectBody {
    service: String,
    desk: DeskId,
    submission: Submission<Value>,
}

/// Why an effect was not carried out.
pub(crate) struct Failed {
    pub(crate) reason: String,
    retryable: bool,
}

/// Carries effects out one after the other. What fails for good, or too often, is parked, and the next one follows.
pub(crate) async fn carry_out<C: Journaled>(shared: Arc<Shared>, stop: CancellationToken) {
    let mut follower = Follower::start(shared.clone(), CONSUMER).await;
    let mut save_due = interval(shared.settings.cursor_every);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = save_due.tick() => follower.save_if_moved().await,
            next = follower.next(CHUNK) => carry_out_all::<C>(&shared, &mut follower, &next.records).await,
        }
    }
    follower.save_if_moved().await;
}

async fn carry_out_all<C: Journaled>(shared: &Shared, follower: &mut Follower, records: &[Record]) {
    for record in records {
        let effect = effect::<C>(shared, record);
        let parked = match &effect {
            Some(effect) => send_or_park(shared, record, effect).await,
            None => None,
        };
        follower.passed(record);
        if let Some(row) = parked {
            save_parked(follower, &row).await;
        }
    }
}

/// What is parked moves the cursor in the same transaction, so that it is not sent again.
async fn save_parked(follower: &mut Follower, row: &Row) {
    while let Err(error) = follower.save(vec![row.clone()]).await {
        follower.pause("parked effect not saved", &error.to_string()).await;
    }
}

fn effect<C: Journaled>(shared: &Shared, record: &Record) -> Option<EffectBody> {
    let Ok(Recorded::Core(event)) = decode_record::<C>(record) else {
        return None;
    };
    let effect = C::effect(&shared.stream.desk, &event)?;
    let submission = Submission {
        command: serde_json::from_slice(&effect.command).unwrap_or(Value::Null),
        actor: Actor::service(C::SERVICE),
        request: RequestMark {
            method: effect.method,
            id: format!("{}:{}", shared.stream, record.seq),
            forever: false,
        },
        rows: Vec::new(),
        trace: event.trace,
    };
    Some(EffectBody {
        service: effect.service,
        desk: effect.desk,
        submission,
    })
}

async fn send_or_park(shared: &Shared, record: &Record, effect: &EffectBody) -> Option<Row> {
    let settings = &shared.settings;
    let mut backoff = Backoff::new(settings.backoff_min, settings.backoff_max, record.seq);
    loop {
        let failed = send(shared, effect).await.err()?;
        let pause = backoff.next();
        let is_enough = settings.effect_attempts.is_some_and(|most| backoff.failures() >= most);
        if !failed.retryable || is_enough {
            tracing::error!(stream = %shared.stream, seq = record.seq, reason = failed.reason, "effect parked");
            return Some(parked(shared, record, effect, failed.reason));
        }
        if backoff.failures() == 1 {
            tracing::warn!(stream = %shared.stream, seq = record.seq, reason = failed.reason, "effect waits for its receiver");
        }
        tokio::time::sleep(pause).await;
    }
}

fn parked(shared: &Shared, record: &Record, effect: &EffectBody, reason: String) -> Row {
    let item = ParkedItem {
        id: parking::effect_id(&shared.stream.service, record.seq),
        what: format!(
            "{} for {}, event {} {}",
            effect.submission.request.method, effect.service, record.seq, record.kind
        ),
        reason,
        at: record.at,
    };
    Stored { item, body: effect }.row(&shared.stream.desk)
}

/// Any core's refusal: this side does not know the receiver's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Foreign(Value);

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Rejected for Foreign {
    fn code(&self) -> ErrorCode {
        ErrorCode::FailedPrecondition
    }
    fn field(&self) -> Option<&str> {
        None
    }
}

/// Sends an effect once. A refusal by the receiver's core counts as carried out: what is stale is meant
/// to be refused.
pub(crate) async fn send(shared: &Shared, effect: &EffectBody) -> Result<(), Failed> {
    let wait = shared.settings.call_timeout;
    let ask: Ask<Value, Value> = Ask::Submit(vec![effect.submission.clone()]);
    let payload = serde_json::to_vec(&ask).expect("effects are plain data");
    let to = subject::command(&effect.service, &effect.desk);
    let answer = shared
        .bus
        .request(&to, timeout_header(wait), payload.into(), wait)
        .await;
    let answer = answer.map_err(|error| Failed {
        reason: error.to_string(),
        retryable: true,
    })?;
    judge(serde_json::from_slice(&answer))
}

fn judge(told: Result<Told<Value, Value, Foreign>, serde_json::Error>) -> Result<(), Failed> {
    let unreadable = |reason: String| Failed {
        reason,
        retryable: false,
    };
    match told.map_err(|error| unreadable(error.to_string()))? {
        Told::Submitted(mut outcomes) => match outcomes.pop() {
            Some(Ok(_) | Err(DeskError::Rejected(_))) => Ok(()),
            Some(Err(error)) => Err(Failed {
                reason: error.to_string(),
                retryable: is_passing(error.code()),
            }),
            None => Err(unreadable("an empty answer".to_owned())),
        },
        Told::Unreadable(reason) => Err(unreadable(reason)),
        _ => Err(unreadable("an answer to another question".to_owned())),
    }
}

/// Whether the effect is not to blame: the receiver is away or busy, or cannot load its desk before it is repaired.
fn is_passing(code: ErrorCode) -> bool {
    code.is_retryable() || matches!(code, ErrorCode::Aborted | ErrorCode::DataLoss | ErrorCode::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_tried_again(error: DeskError<Foreign>) -> bool {
        let told = Ok(Told::Submitted(vec![Err(error)]));
        judge(told).is_err_and(|failed| failed.retryable)
    }

    #[test]
    fn a_receiver_that_cannot_load_its_desk_is_waited_for() {
        let desk = "acme".parse().unwrap();
        for passing in [
            DeskError::Failed("an unknown kind of event".to_owned()),
            DeskError::UnknownDesk(desk),
            DeskError::Overloaded,
        ] {
            assert!(is_tried_again(passing));
        }
        assert!(!is_tried_again(DeskError::RequestReused));
        assert!(!is_tried_again(DeskError::Parked("it panicked".to_owned())));
    }
}
