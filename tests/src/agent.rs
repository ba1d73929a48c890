//! An agent at work, by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tandem_proto::v1;
use tandem_proto::v1::work_request::Action;
use tandem_proto::v1::work_response::Event;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::clients::Clients;
use crate::wait::DEADLINE;

const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// Request ids are unique within a process, and across processes by its id.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(0);

/// A request id that nobody has used.
pub fn request_id() -> String {
    let next = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
    format!("{}-{next}", std::process::id())
}

/// An agent's open stream.
pub struct Desktop {
    /// The desk's key.
    pub desk: String,
    /// The agent's key.
    pub agent: String,
    clients: Clients,
    up: mpsc::Sender<v1::WorkRequest>,
    down: Streaming<v1::WorkResponse>,
    _heart: JoinSet<()>,
}

impl Desktop {
    /// Opens a stream, goes online, and sends heartbeats from then on.
    pub async fn open(clients: &Clients, desk: &str, agent: &str) -> Result<Self, Status> {
        let (up, requests) = mpsc::channel(16);
        let start = v1::StartWork {
            agent: agent.to_owned(),
            presence: v1::Presence::Online.into(),
        };
        let first = v1::WorkRequest {
            desk: desk.to_owned(),
            request_id: request_id(),
            action: Some(Action::Start(start)),
        };
        up.try_send(first).expect("a new channel has room");
        let down = clients.agents().work(ReceiverStream::new(requests)).await?.into_inner();
        let mut heart = JoinSet::new();
        heart.spawn(beat(up.clone()));
        Ok(Self {
            desk: desk.to_owned(),
            agent: agent.to_owned(),
            clients: clients.clone(),
            up,
            down,
            _heart: heart,
        })
    }

    /// What comes next.
    pub async fn next(&mut self) -> Result<Event, Status> {
        let message = self.down.message().await?;
        let response = message.ok_or_else(|| Status::unavailable("the stream has ended"))?;
        Ok(response.event.expect("a response says something"))
    }

    /// Says something.
    pub async fn say(&self, request_id: &str, action: Action) -> Result<(), Status> {
        let request = v1::WorkRequest {
            desk: self.desk.clone(),
            request_id: request_id.to_owned(),
            action: Some(action),
        };
        self.up
            .send(request)
            .await
            .map_err(|_| Status::unavailable("the stream has ended"))
    }

    /// Waits for the offer of a ticket.
    pub async fn offer_of(&mut self, ticket_id: u64) -> v1::OfferMade {
        let is_it = |event| match event {
            Event::Offer(made) if made.ticket.as_ref().is_some_and(|ticket| ticket.ticket_id == ticket_id) => {
                Some(made)
            }
            _ => None,
        };
        self.wait_for(&format!("the offer of ticket {ticket_id}"), is_it).await
    }

    /// Takes an offer over the stream, and waits for the outcome.
    pub async fn accept(&mut self, offer_id: u64) -> v1::Outcome {
        let id = request_id();
        let accept = Action::Accept(v1::AcceptWork { offer_id });
        self.say(&id, accept).await.expect("the stream is open");
        let is_it = |event| match event {
            Event::Outcome(outcome) if outcome.request_id == id => Some(outcome),
            _ => None,
        };
        self.wait_for("the outcome of an accept", is_it).await
    }

    /// Waits for the offer of a ticket and takes it.
    pub async fn take(&mut self, ticket_id: u64) {
        let offer = self.offer_of(ticket_id).await.offer.expect("an offer");
        let outcome = self.accept(offer.offer_id).await;
        assert_eq!(outcome.failure, None, "ticket {ticket_id}");
    }

    /// Answers the customer, under a request id of the caller's; returns the answer's message id.
    pub async fn reply(&self, request_id: &str, ticket_id: u64, text: &str) -> Result<String, Status> {
        let request = v1::ReplyRequest {
            desk: self.desk.clone(),
            request_id: request_id.to_owned(),
            ticket_id,
            text: text.to_owned(),
            ..v1::ReplyRequest::default()
        };
        let answer = self.clients.tickets().reply(request).await?;
        Ok(answer.into_inner().message_id)
    }

    /// Resolves a ticket.
    pub async fn resolve(&self, ticket_id: u64) -> Result<v1::Ticket, Status> {
        let request = v1::ResolveTicketRequest {
            desk: self.desk.clone(),
            request_id: request_id(),
            ticket_id,
        };
        let answer = self.clients.tickets().resolve_ticket(request).await?;
        Ok(answer.into_inner().ticket.expect("an answer has its ticket"))
    }

    async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let event = self
                    .next()
                    .await
                    .unwrap_or_else(|status| panic!("instead of {what}: {status}"));
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        timeout(DEADLINE, waiting)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }
}

async fn beat(up: mpsc::Sender<v1::WorkRequest>) {
    let mut regularly = tokio::time::interval(HEARTBEAT_EVERY);
    let action = Some(Action::Heartbeat(v1::KeepAlive {}));
    let heartbeat = v1::WorkRequest {
        action,
        ..v1::WorkRequest::default()
    };
    // The first tick comes at once, and the start says as much.
    regularly.tick().await;
    loop {
        regularly.tick().await;
        if up.send(heartbeat.clone()).await.is_err() {
            return;
        }
    }
}
