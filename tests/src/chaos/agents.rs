//! Agents who work, come what may.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use rand::RngExt;
use rand::rngs::StdRng;
use tandem_proto::v1;
use tandem_proto::v1::work_request::Action;
use tandem_proto::v1::work_response::Event;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::tally::{Answered, Tally};
use crate::agent::{Desktop, request_id};
use crate::clients::Clients;
use crate::wait::DEADLINE;

const RETRY_AFTER: Duration = Duration::from_millis(100);

/// An agent with clients at each router.
pub(super) struct Worker {
    pub desk: &'static str,
    pub agent: &'static str,
    pub clients: Vec<Clients>,
    pub tally: Arc<Tally>,
    pub stop: CancellationToken,
    pub rng: StdRng,
    /// Offers that were accepted over a stream, whose answer may come late or never: under their own request ids, so
    /// that a later accept of the same offer may rightly be refused.
    pub said: HashSet<u64>,
}

/// Tickets and versions that were dealt with over one stream: lists overlap.
type Seen = HashSet<(u64, u64)>;

/// Something that changes a ticket.
#[derive(Clone, Copy, Debug)]
enum Write {
    Accept { offer: u64, ticket: u64 },
    Decline { offer: u64 },
    Move(Step, u64),
    Answer(u64),
    Online,
}

/// What an owner does with a ticket.
#[derive(Clone, Copy, Debug)]
enum Step {
    Hold,
    Resume,
    Requeue,
    Resolve,
    Finish,
}

impl Worker {
    /// Works until told to stop; opens another stream, at any router, whenever one is lost.
    pub(super) async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let clients = self.any();
            if let Ok(mut desktop) = Desktop::open(&clients, self.desk, self.agent).await {
                self.work(&mut desktop).await;
            }
            self.tally.streams_lost.add();
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn work(&mut self, desktop: &mut Desktop) {
        let stop = self.stop.clone();
        let mut seen = Seen::new();
        loop {
            tokio::select! {
                event = desktop.next() => match event {
                    Ok(event) => {
                        if let Some(list) = self.newest_list(event, desktop) {
                            self.work_through(&list, &mut seen, desktop).await;
                        }
                    }
                    Err(_) => return,
                },
                () = stop.cancelled() => return,
            }
        }
    }

    /// The newest list of those that have come; who works through old ones is refused most of the time.
    fn newest_list(&self, first: Event, desktop: &mut Desktop) -> Option<v1::WorkList> {
        let mut newest = None;
        let mut event = Some(first);
        while let Some(come) = event {
            match come {
                Event::WorkList(list) => newest = Some(list),
                Event::Outcome(outcome) if outcome.failure.is_none() => self.tally.offers_taken.add(),
                _ => {}
            }
            // A broken stream says so again at the next look.
            event = desktop.next().now_or_never().and_then(Result::ok);
        }
        newest
    }

    async fn work_through(&mut self, list: &v1::WorkList, seen: &mut Seen, desktop: &Desktop) {
        if list
            .agent
            .as_ref()
            .is_some_and(|agent| agent.presence() != v1::Presence::Online)
        {
            self.surely(Write::Online).await;
        }
        for ticket in &list.tickets {
            let id = ticket.ticket_id;
            // Taking up again is tried with each list, since it needs room.
            let is_fresh = seen.insert((id, ticket.version)) && !self.tally.is_outdated(self.desk, id, ticket.version);
            match (ticket.state(), &ticket.offer) {
                (v1::RoutingState::OnHold, _) => drop(self.surely(Write::Move(Step::Resume, id)).await),
                _ if !is_fresh => {}
                (v1::RoutingState::Offered, Some(offer)) => self.answer(offer, desktop).await,
                (v1::RoutingState::Assigned, _) => self.serve(id).await,
                (v1::RoutingState::WrappingUp, _) => drop(self.surely(Write::Move(Step::Finish, id)).await),
                _ => {}
            }
        }
    }

    async fn answer(&mut self, offer: &v1::Offer, desktop: &Desktop) {
        let (ticket, offer) = (offer.ticket_id, offer.offer_id);
        match self.rng.random_range(0..12) {
            0 => {
                self.surely(Write::Decline { offer }).await;
            }
            1..5 => {
                let accept = Action::Accept(v1::AcceptWork { offer_id: offer });
                // If the stream is lost, the next one's list shows what became of it.
                self.said.insert(offer);
                let _ = desktop.say(&request_id(), accept).await;
            }
            _ => {
                if self.surely(Write::Accept { offer, ticket }).await {
                    self.tally.offers_taken.add();
                }
            }
        }
    }

    async fn serve(&mut self, ticket: u64) {
        if self.rng.random_bool(0.5) {
            self.surely(Write::Answer(ticket)).await;
        }
        let step = match self.rng.random_range(0..20) {
            0 => Step::Hold,
            1 => Step::Requeue,
            _ => Step::Resolve,
        };
        self.surely(Write::Move(step, ticket)).await;
    }

    /// Writes until the outcome is known, always under one request id; whether it was done.
    async fn surely(&mut self, write: Write) -> bool {
        let id = request_id();
        let mut was_done = false;
        self.note_answer(write, &id, false);
        loop {
            let clients = self.any();
            let waiting = self.tally.writes_waiting.enter();
            let answer = self.send(&clients, write, &id).await;
            drop(waiting);
            match answer {
                Ok(ticket) => {
                    self.note(ticket.as_ref());
                    self.note_answer(write, &id, true);
                    return true;
                }
                Err(status) if is_passing(&status) => {
                    if is_cut(&status) {
                        was_done |= self.cut(write).await;
                    }
                    self.tally.writes_repeated.add();
                }
                Err(status) => {
                    self.refused(write, &status, was_done);
                    return false;
                }
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// No answer came: whether it was done all the same. Nobody else could have done it, but a visitor who leaves.
    async fn cut(&mut self, write: Write) -> bool {
        let kill = self.tally.kills.get();
        let (ticket, done) = match write {
            Write::Accept { ticket, offer } if !self.said.contains(&offer) => (ticket, v1::RoutingState::Assigned),
            Write::Move(Step::Resolve, ticket) => (ticket, v1::RoutingState::Done),
            _ => {
                self.tally.write_cut(kill, false);
                return false;
            }
        };
        let now = self.look_at(ticket).await;
        let was_done = now.is_some_and(|now| now.owner == self.agent && now.state() == done && !is_chat(&now));
        self.tally.write_cut(kill, was_done);
        was_done
    }

    /// A ticket as it is, as soon as anybody tells; none where it takes too long.
    async fn look_at(&mut self, ticket_id: u64) -> Option<v1::Ticket> {
        let give_up = Instant::now() + DEADLINE;
        while Instant::now() < give_up {
            let request = v1::GetTicketRequest {
                desk: self.desk.to_owned(),
                ticket_id,
            };
            if let Ok(answer) = self.any().tickets().get_ticket(request).await {
                return answer.into_inner().ticket;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        None
    }

    fn note(&self, ticket: Option<&v1::Ticket>) {
        self.tally.writes_done.add();
        if let Some(ticket) = ticket {
            self.tally.told(self.desk, ticket.ticket_id, ticket.version);
        }
    }

    fn note_answer(&self, write: Write, id: &str, is_certain: bool) {
        if let Write::Answer(ticket) = write {
            let desk = self.desk;
            let answered = Answered {
                desk,
                ticket,
                is_certain,
            };
            self.tally.answered(answer(id), answered);
        }
    }

    /// Between a list and a write much can happen. But what was done already is no longer refused: the same
    /// request gets the same answer.
    fn refused(&self, write: Write, status: &Status, was_done: bool) {
        self.tally.writes_refused.add();
        let (agent, desk) = (self.agent, self.desk);
        let fair = [Code::FailedPrecondition, Code::NotFound, Code::PermissionDenied];
        if !fair.contains(&status.code()) {
            self.tally
                .violation(format!("{write:?} of {agent} on {desk} was answered {status}"));
        }
        if was_done {
            self.tally.violation(format!(
                "{write:?} of {agent} on {desk} was done, and then refused: {status}"
            ));
        }
    }

    async fn send(&self, clients: &Clients, write: Write, id: &str) -> Result<Option<v1::Ticket>, Status> {
        let (desk, request_id, agent) = (self.desk.to_owned(), id.to_owned(), self.agent.to_owned());
        let mut agents = clients.agents();
        Ok(match write {
            Write::Accept { offer: offer_id, .. } => {
                let request = v1::AcceptOfferRequest {
                    desk,
                    request_id,
                    agent,
                    offer_id,
                };
                agents.accept_offer(request).await?.into_inner().ticket
            }
            Write::Decline { offer: offer_id } => {
                let reason = v1::DeclineReason::Busy.into();
                let request = v1::DeclineOfferRequest {
                    desk,
                    request_id,
                    agent,
                    offer_id,
                    reason,
                };
                agents.decline_offer(request).await?.into_inner().ticket
            }
            Write::Online => {
                let presence = v1::Presence::Online.into();
                let request = v1::SetPresenceRequest {
                    desk,
                    request_id,
                    agent,
                    presence,
                };
                agents.set_presence(request).await?;
                None
            }
            Write::Answer(ticket_id) => {
                let request = v1::ReplyRequest {
                    desk,
                    text: answer(&request_id),
                    request_id,
                    ticket_id,
                    ..v1::ReplyRequest::default()
                };
                clients.tickets().reply(request).await?.into_inner().ticket
            }
            Write::Move(step, ticket_id) => step.send(clients, desk, request_id, ticket_id).await?,
        })
    }

    fn any(&mut self) -> Clients {
        let router = self.rng.random_range(0..self.clients.len());
        self.clients[router].clone()
    }
}

impl Step {
    async fn send(
        self,
        clients: &Clients,
        desk: String,
        request_id: String,
        ticket_id: u64,
    ) -> Result<Option<v1::Ticket>, Status> {
        let mut tickets = clients.tickets();
        Ok(match self {
            Self::Hold => {
                let request = v1::HoldTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                };
                tickets.hold_ticket(request).await?.into_inner().ticket
            }
            Self::Resume => {
                let request = v1::ResumeTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                };
                tickets.resume_ticket(request).await?.into_inner().ticket
            }
            Self::Requeue => {
                let request = v1::RequeueTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                };
                tickets.requeue_ticket(request).await?.into_inner().ticket
            }
            Self::Resolve => {
                let request = v1::ResolveTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                };
                tickets.resolve_ticket(request).await?.into_inner().ticket
            }
            Self::Finish => {
                let request = v1::FinishWrapUpRequest {
                    desk,
                    request_id,
                    ticket_id,
                };
                tickets.finish_wrap_up(request).await?.into_inner().ticket
            }
        })
    }
}

/// What an agent writes under a request id.
fn answer(request_id: &str) -> String {
    format!("answer {request_id}")
}

fn is_chat(ticket: &v1::Ticket) -> bool {
    let requirement = ticket.requirement.as_ref();
    requirement.is_some_and(|requirement| requirement.channel() == v1::Channel::Chat)
}

/// Whether the same request may succeed later.
fn is_passing(status: &Status) -> bool {
    let passing = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Cancelled,
        Code::Unknown,
        Code::ResourceExhausted,
        Code::Aborted,
    ];
    passing.contains(&status.code())
}

/// Whether it may have been done: the connection broke, or the time was up, after it was sent. Who could not even
/// connect has sent nothing.
fn is_cut(status: &Status) -> bool {
    let sources = std::iter::successors(status.source(), |source| (*source).source());
    let never_connected = sources
        .map(ToString::to_string)
        .any(|text| text.contains("connect error"));
    let codes = [Code::Unknown, Code::Cancelled, Code::DeadlineExceeded];
    !never_connected && (codes.contains(&status.code()) || status.source().is_some())
}
