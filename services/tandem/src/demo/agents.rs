//! Simulated agents: each works over its own gRPC stream with its own token, as a real one would.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_proto::v1;
use tandem_proto::v1::work_request::Action as Up;
use tandem_proto::v1::work_response::Event as Down;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, request_id};
use crate::failure::Failure;

/// One offer in so many is declined.
const DECLINES: f64 = 1.0 / 12.0;
/// How long a mail takes an agent, in life.
const WORK: std::ops::Range<f64> = 60.0..180.0;
/// How long an agent looks at an offer before answering it, in life.
const LOOK: std::ops::Range<f64> = 5.0..40.0;
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A simulated agent.
pub(crate) struct SimulatedAgent {
    /// Speaks with the agent's own token.
    pub(crate) client: Client,
    pub(crate) desk: String,
    pub(crate) agent: String,
    pub(crate) seed: u64,
    /// How many times faster than life.
    pub(crate) speed: f64,
}

/// Something that the agent will do.
enum Plan {
    Answer(u64),
    Resolve(u64),
    Finish(u64),
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
        let mut hands = Hands {
            rng: StdRng::seed_from_u64(self.seed),
            speed: self.speed,
            plans: Vec::new(),
        };
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                event = down.message() => match event? {
                    Some(event) => hands.look_at(event),
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
        let desk = self.desk.clone();
        let mut tickets = self.client.tickets();
        match plan {
            Plan::Answer(offer_id) if hands.rng.random_bool(DECLINES) => {
                let reason = v1::DeclineReason::Busy.into();
                return send(up, &self.desk, Up::Decline(v1::DeclineWork { offer_id, reason })).await;
            }
            Plan::Answer(offer_id) => return send(up, &self.desk, Up::Accept(v1::AcceptWork { offer_id })).await,
            Plan::Resolve(ticket_id) => {
                let request = v1::ResolveTicketRequest {
                    desk,
                    request_id: request_id(),
                    ticket_id,
                };
                forgive(tickets.resolve_ticket(request).await)
            }
            Plan::Finish(ticket_id) => {
                let request = v1::FinishWrapUpRequest {
                    desk,
                    request_id: request_id(),
                    ticket_id,
                };
                forgive(tickets.finish_wrap_up(request).await)
            }
        }
    }
}

/// Between plan and deed the customer may have written again, or the time have run out: that is life, no fault.
fn forgive<T>(answer: Result<T, tonic::Status>) -> Result<(), Failure> {
    match answer.map_err(Failure::from) {
        Err(Failure::No(_)) | Ok(_) => Ok(()),
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

/// What an agent has in hand, and when the next thing is done.
struct Hands {
    rng: StdRng,
    speed: f64,
    plans: Vec<(Instant, Key, Plan)>,
}

/// One plan for each ticket and state.
type Key = (u64, i32);

impl Hands {
    fn look_at(&mut self, response: v1::WorkResponse) {
        let Some(Down::WorkList(list)) = response.event else {
            return;
        };
        let keys: Vec<Key> = list
            .tickets
            .iter()
            .map(|ticket| (ticket.ticket_id, ticket.state))
            .collect();
        self.plans.retain(|(_, key, _)| keys.contains(key));
        for (ticket, key) in list.tickets.iter().zip(keys) {
            if !self.plans.iter().any(|(_, known, _)| *known == key) {
                self.plan(ticket, key);
            }
        }
    }

    fn plan(&mut self, ticket: &v1::Ticket, key: Key) {
        let (plan, seconds) = match (ticket.state(), &ticket.offer) {
            (v1::RoutingState::Offered, Some(offer)) => (Plan::Answer(offer.offer_id), self.rng.random_range(LOOK)),
            (v1::RoutingState::Assigned, _) => (Plan::Resolve(ticket.ticket_id), self.rng.random_range(WORK)),
            (v1::RoutingState::WrappingUp, _) => (Plan::Finish(ticket.ticket_id), self.rng.random_range(LOOK)),
            _ => return,
        };
        self.plans.push((
            Instant::now() + Duration::from_secs_f64(seconds / self.speed),
            key,
            plan,
        ));
    }

    /// The next plan, when its time has come.
    async fn next(&mut self) -> Plan {
        let first = self
            .plans
            .iter()
            .enumerate()
            .min_by_key(|(_, (due, ..))| *due)
            .map(|(index, (due, ..))| (index, *due));
        let Some((index, due)) = first else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(due).await;
        self.plans.swap_remove(index).2
    }
}
