//! The stream on which a system that submits messages gets the answers to them.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tandem_domain::{AccountId, DeskId, ErrorCode, MessageId};
use tandem_proto::v1;
use tandem_proto::v1::answers_request::Step;
use tandem_service_kit::auth::{TokenError, authorize};
use tandem_service_kit::error::ApiError;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::{Extensions, Request, Status, Streaming};

use super::{Api, unknown_desk};
use crate::deliveries::{Callback, callback_of};

/// How long the first message may take.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// Answers that may be under way, neither acknowledged nor declined.
const WINDOW: usize = 64;
/// How often to look without a hint.
const LOOK_EVERY: Duration = Duration::from_secs(2);

type Answers = BoxStream<'static, Result<v1::AnswersResponse, Status>>;

/// Opens a stream. It lives in a task of its own, which ends with the stream.
pub(super) fn open(api: Api, request: Request<Streaming<v1::AnswersRequest>>) -> Answers {
    let (out, answers) = mpsc::channel(WINDOW);
    let (_, extensions, incoming) = request.into_parts();
    tokio::spawn(async move {
        let gone = out.clone();
        let serve = serve(api, &extensions, incoming, &out);
        tokio::select! {
            () = gone.closed() => {}
            end = serve => {
                if let Err(error) = end {
                    // Who is gone does not want to know.
                    let _ = out.send(Err(error.into())).await;
                }
            }
        }
    });
    stream::unfold(answers, async |mut answers| Some((answers.recv().await?, answers))).boxed()
}

/// Serves the stream until its client ends it.
///
/// # Errors
/// Why else it must end.
async fn serve(
    api: Api,
    extensions: &Extensions,
    mut incoming: Streaming<v1::AnswersRequest>,
    out: &mpsc::Sender<Result<v1::AnswersResponse, Status>>,
) -> Result<(), ApiError> {
    let draining = api.draining.clone();
    let first = timeout(START_TIMEOUT, incoming.message());
    let first = tokio::select! {
        first = first => first,
        () = draining.cancelled() => return Err(moved()),
    };
    let Ok(Ok(Some(first))) = first else {
        return Err(ApiError::invalid_field(
            "start",
            "must be the first message, and come at once",
        ));
    };
    let caller = authorize(extensions, &first.desk)?;
    let account = account(&api, &caller.desk, first.step)?;
    let clock = api.taker.clock.clone();
    let mut session = Session {
        api,
        desk: caller.desk.clone(),
        account,
        under_way: HashMap::new(),
    };
    tokio::select! {
        end = session.run(incoming, out) => end,
        () = caller.principal.expired(clock.as_ref()) => Err(TokenError::Expired.into()),
        () = draining.cancelled() => Err(moved()),
    }
}

fn account(api: &Api, desk: &DeskId, first: Option<Step>) -> Result<AccountId, ApiError> {
    let Some(Step::Start(start)) = first else {
        return Err(ApiError::invalid_field("start", "must be the first message"));
    };
    let known = api.directory.desk(desk).ok_or_else(|| unknown_desk(desk))?;
    let account = known.accounts.keys().find(|key| key.as_str() == start.account);
    account.cloned().ok_or_else(|| {
        ApiError::invalid_field("start.account", "must be the key of a channel account of the desk file")
    })
}

fn moved() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, "this process stops: connect again")
}

/// One open stream.
struct Session {
    api: Api,
    desk: DeskId,
    account: AccountId,
    under_way: HashMap<MessageId, Callback>,
}

impl Session {
    /// Listens before anything is looked at, so that no answer falls in between.
    async fn run(
        &mut self,
        mut incoming: Streaming<v1::AnswersRequest>,
        out: &mpsc::Sender<Result<v1::AnswersResponse, Status>>,
    ) -> Result<(), ApiError> {
        let hints = self.api.deliveries.callback_hints(&self.desk, &self.account).await;
        let mut hints = hints.map_err(|_| ApiError::new(ErrorCode::Unavailable, "the bus cannot be reached now"))?;
        let mut regularly = interval(LOOK_EVERY);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = regularly.tick() => {}
                _ = hints.next() => {}
                request = incoming.message() => match request {
                    Ok(Some(request)) => self.settle(request.step).await?,
                    Ok(None) | Err(_) => return Ok(()),
                },
            }
            self.send(out).await?;
        }
    }

    /// Sends the answers that are not under way yet, as many as may be. It looks from the first one on: they are brought here
    /// side by side, so one may come behind another that was given after it.
    async fn send(&mut self, out: &mpsc::Sender<Result<v1::AnswersResponse, Status>>) -> Result<(), ApiError> {
        if self.under_way.len() == WINDOW {
            return Ok(());
        }
        let waiting = self.api.deliveries.callbacks(&self.desk, &self.account, WINDOW);
        for callback in waiting.await.map_err(ApiError::from)? {
            if self.under_way.contains_key(&callback.message) {
                continue;
            }
            let answer = callback_of(self.api.store.as_ref(), &self.desk, &callback).await;
            let Some(answer) = answer.map_err(ApiError::from)? else {
                continue;
            };
            if out.send(Ok(answer)).await.is_err() {
                return Ok(());
            }
            self.under_way.insert(callback.message, callback);
        }
        Ok(())
    }

    async fn settle(&mut self, step: Option<Step>) -> Result<(), ApiError> {
        let (field, message, taken) = match step {
            Some(Step::Acknowledge(it)) => ("acknowledge.message_id", it.message_id, true),
            Some(Step::Decline(it)) => ("decline.message_id", it.message_id, false),
            Some(Step::Start(_)) => return Err(ApiError::invalid_field("start", "the stream has begun already")),
            None => return Err(ApiError::invalid_field("step", "must be acknowledge or decline")),
        };
        let unknown =
            || ApiError::invalid_field(field, "must be an answer that came on this stream and is not settled");
        let message = message.parse().map_err(|_| unknown())?;
        let callback = self.under_way.remove(&message).ok_or_else(unknown)?;
        let settled = self.api.deliveries.called_back(&self.desk, &callback, taken);
        settled.await.map_err(ApiError::from)
    }
}
