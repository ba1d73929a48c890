//! Simulated agents: each works over its own gRPC stream with its own token, as a real one would.

mod hands;

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tandem_proto::v1;
use tandem_proto::v1::work_request::Action as Up;
use tandem_proto::v1::work_response::Event as Down;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::script::Phrases;
use crate::client::{Client, request_id};
use crate::command::{Writing, write};
use crate::failure::Failure;
use hands::{Hands, Plan};

/// One offer in so many is declined.
const DECLINES: f64 = 1.0 / 12.0;
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What agents say, by language.
pub(crate) type Script = Arc<std::collections::BTreeMap<String, Phrases>>;

/// A simulated agent.
pub(crate) struct SimulatedAgent {
    /// Speaks with the agent's own token.
    pub(crate) client: Client,
    pub(crate) desk: String,
    pub(crate) agent: String,
    pub(crate) seed: u64,
    /// How many times faster than life.
    pub(crate) speed: f64,
    pub(crate) script: Script,
}

impl SimulatedAgent {
    /// Works until `shutdown`, then goes offline.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> Result<(), Failure> {
        let (up, requests) = mpsc::channel(64);
        let start = v1::StartWork {
            agent: self.agent.clone(),
            presence: v1::Presence::Online.into(),
        };
        send(&up, &self.desk, Up::Start(start)).await?;
        let mut down = self
            .client
            .agents()
            .work(ReceiverStream::new(requests))
            .await?
            .into_inner();
        let mut hands = Hands::new(self.seed, self.speed);
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                event = down.message() => match event? {
                    Some(event) => if let Some(Down::WorkList(list)) = event.event { hands.look_at(&list) },
                    None => return Err(Failure::Unreachable(format!("{}'s stream has ended", self.agent))),
                },
                plan = hands.next() => self.carry_out(plan, &mut hands, &up).await?,
                _ = beat.tick() => send(&up, &self.desk, Up::Heartbeat(v1::KeepAlive {})).await?,
                () = shutdown.cancelled() => return self.go_home().await,
            }
        }
    }

    async fn go_home(&self) -> Result<(), Failure> {
        let request = v1::SetPresenceRequest {
            desk: self.desk.clone(),
            request_id: request_id(),
            agent: self.agent.clone(),
            presence: v1::Presence::Offline.into(),
        };
        Ok(self.client.agents().set_presence(request).await.map(drop)?)
    }

    async fn carry_out(
        &self,
        plan: Plan,
        hands: &mut Hands,
        up: &mpsc::Sender<v1::WorkRequest>,
    ) -> Result<(), Failure> {
        match plan {
            Plan::Decide(offer_id) if hands.rng.random_bool(DECLINES) => {
                let reason = v1::DeclineReason::Busy.into();
                send(up, &self.desk, Up::Decline(v1::DeclineWork { offer_id, reason })).await
            }
            Plan::Decide(offer_id) => send(up, &self.desk, Up::Accept(v1::AcceptWork { offer_id })).await,
            Plan::Greet { ticket, language } => {
                let text = &self.phrases(&language).greeting;
                self.say(ticket, text, v1::AfterAnswer::Keep).await
            }
            Plan::Farewell { ticket, language } => {
                let text = &self.phrases(&language).farewell;
                self.say(ticket, text, v1::AfterAnswer::Resolve).await
            }
            Plan::Reply { ticket, language } => {
                let text = &self.phrases(&language).mail;
                self.say(ticket, text, v1::AfterAnswer::Resolve).await
            }
            Plan::Finish(ticket_id) => {
                let request = v1::FinishWrapUpRequest {
                    desk: self.desk.clone(),
                    request_id: request_id(),
                    ticket_id,
                };
                forgive(self.client.tickets().finish_wrap_up(request).await)
            }
        }
    }

    async fn say(&self, ticket: u64, text: &str, then: v1::AfterAnswer) -> Result<(), Failure> {
        let writing = Writing {
            ticket,
            text: text.to_owned(),
            internal: false,
            then,
        };
        forgive(write(&self.client, self.desk.clone(), writing).await)
    }

    /// Where a language has none of its own: English.
    fn phrases(&self, language: &str) -> &Phrases {
        self.script.get(language).unwrap_or(&self.script["en"])
    }
}

/// Between plan and deed the customer may have written again or left, the time have run out, or a ladder have moved the
/// ticket on to others: that is life, no fault.
fn forgive<T>(answer: Result<T, tonic::Status>) -> Result<(), Failure> {
    match answer.map_err(Failure::from) {
        Err(Failure::No(_) | Failure::Denied(_)) | Ok(_) => Ok(()),
        Err(other) => Err(other),
    }
}

async fn send(up: &mpsc::Sender<v1::WorkRequest>, desk: &str, action: Up) -> Result<(), Failure> {
    let request = v1::WorkRequest {
        desk: desk.to_owned(),
        request_id: request_id(),
        action: Some(action),
    };
    up.send(request)
        .await
        .map_err(|_| Failure::Unreachable("the stream has ended".into()))
}
