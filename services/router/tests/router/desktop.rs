//! An agent's desktop at the other end of a stream.

use std::collections::VecDeque;

use tandem_proto::v1;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use v1::work_request::Action;
use v1::work_response::Event;

use crate::harness::{ACME, Clients, DEADLINE};

/// An open stream. Events of other kinds than the one waited for are kept.
pub(crate) struct Desktop {
    up: Option<mpsc::Sender<v1::WorkRequest>>,
    down: Streaming<v1::WorkResponse>,
    lists: VecDeque<v1::WorkList>,
    offers: VecDeque<v1::OfferMade>,
    outcomes: VecDeque<v1::Outcome>,
}

impl Desktop {
    /// Opens a stream on which nothing was sent yet.
    pub(crate) async fn silent(clients: &Clients) -> Self {
        let (up, requests) = mpsc::channel(8);
        let down = clients
            .agents
            .clone()
            .work(ReceiverStream::new(requests))
            .await
            .expect("a stream")
            .into_inner();
        Self {
            up: Some(up),
            down,
            lists: VecDeque::new(),
            offers: VecDeque::new(),
            outcomes: VecDeque::new(),
        }
    }

    /// Opens a stream for an agent of `ACME` who goes online.
    pub(crate) async fn online(clients: &Clients, agent: &str) -> Self {
        let desktop = Self::silent(clients).await;
        desktop.start(agent, v1::Presence::Online).await;
        desktop
    }

    pub(crate) async fn start(&self, agent: &str, presence: v1::Presence) {
        let start = v1::StartWork {
            agent: agent.into(),
            presence: presence.into(),
        };
        self.send_to(ACME, "start", Some(Action::Start(start))).await;
    }

    pub(crate) async fn send(&self, request_id: &str, action: Action) {
        self.send_to("", request_id, Some(action)).await;
    }

    pub(crate) async fn send_to(&self, desk: &str, request_id: &str, action: Option<Action>) {
        let request = v1::WorkRequest {
            desk: desk.into(),
            request_id: request_id.into(),
            action,
        };
        self.up
            .as_ref()
            .expect("not hung up")
            .send(request)
            .await
            .expect("an open stream");
    }

    /// Says that nothing more will be sent.
    pub(crate) fn hang_up(&mut self) {
        self.up = None;
    }

    pub(crate) async fn next_list(&mut self) -> v1::WorkList {
        while self.lists.is_empty() {
            self.read().await.expect("a work list");
        }
        self.lists.pop_front().expect("not empty")
    }

    /// The first list for which the condition holds.
    pub(crate) async fn list_where(&mut self, mut condition: impl FnMut(&v1::WorkList) -> bool) -> v1::WorkList {
        loop {
            let list = self.next_list().await;
            if condition(&list) {
                return list;
            }
        }
    }

    pub(crate) async fn next_offer(&mut self) -> v1::OfferMade {
        while self.offers.is_empty() {
            self.read().await.expect("an offer");
        }
        self.offers.pop_front().expect("not empty")
    }

    /// The outcome of the action with this request id.
    pub(crate) async fn outcome_of(&mut self, request_id: &str) -> Option<v1::Failure> {
        loop {
            while self.outcomes.is_empty() {
                self.read().await.expect("an outcome");
            }
            let outcome = self.outcomes.pop_front().expect("not empty");
            if outcome.request_id == request_id {
                return outcome.failure;
            }
        }
    }

    /// Reads to the end: the status with which it ends.
    pub(crate) async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.read().await {
                return status;
            }
        }
    }

    /// Offers that have come so far and were not looked at.
    pub(crate) fn unread_offers(&self) -> usize {
        self.offers.len()
    }

    async fn read(&mut self) -> Result<(), Status> {
        let next = timeout(DEADLINE, self.down.message()).await.expect("something in time");
        match next?.and_then(|response| response.event) {
            Some(Event::WorkList(list)) => self.lists.push_back(list),
            Some(Event::Offer(offer)) => self.offers.push_back(offer),
            Some(Event::Outcome(outcome)) => self.outcomes.push_back(outcome),
            None => return Err(Status::ok("the end")),
        }
        Ok(())
    }
}
