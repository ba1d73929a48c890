//! One open stream of one agent: work lists and offers down, actions up, until something ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use tandem_bus::subject;
use tandem_desk::Journaled;
use tandem_desk::codec::routing::news::{self, News};
use tandem_domain::routing::Command;
use tandem_domain::{AgentId, Presence};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::{Caller, TokenError};
use tokio::time::{MissedTickBehavior, interval};
use tonic::Streaming;
use tracing::Instrument;
use uuid::Uuid;

use super::outbox::Outbox;
use crate::api::Api;
use crate::convert::{self, Start, WorkAction, Write};
use crate::errors::{Failure, outcome};

type Hints = BoxStream<'static, (String, Bytes)>;

/// One open stream of one agent.
pub(super) struct Session {
    pub(super) api: Arc<Api>,
    pub(super) caller: Caller,
    pub(super) agent: AgentId,
    /// Ordered by the store's clock: of two streams of one agent the larger id is the newer.
    pub(super) id: Uuid,
    pub(super) outbox: Arc<Outbox>,
}

impl Session {
    /// Runs until the stream must end, and says why.
    pub(super) async fn run(&self, start: &Start, incoming: Streaming<v1::WorkRequest>) -> Failure {
        let (lists, sessions) = match self.listen().await {
            Ok(hints) => hints,
            Err(failure) => return failure,
        };
        tokio::select! {
            failure = self.send_lists(lists) => failure,
            failure = self.yield_to_newer(sessions) => failure,
            failure = self.act(start, incoming) => failure,
            () = self.caller.principal.expired(self.api.clock.as_ref()) => TokenError::Expired.into(),
            () = self.api.draining.cancelled() => Failure::Draining,
        }
    }

    /// Listens before anything is looked at, so that no change falls in between.
    async fn listen(&self) -> Result<(Hints, Hints), Failure> {
        let bus = &self.api.bus;
        let lists = bus.hints(&self.topic("agent")).await;
        let sessions = bus.hints(&self.topic("session")).await;
        Ok((
            lists.map_err(|_| Failure::BusLost)?,
            sessions.map_err(|_| Failure::BusLost)?,
        ))
    }

    fn topic(&self, kind: &str) -> String {
        subject::topic(
            RoutingCore::SERVICE,
            &self.caller.desk,
            &format!("{kind}.{}", self.agent),
        )
    }

    /// Sends the work list now, and whenever it has changed. A hint that was lost costs one interval.
    async fn send_lists(&self, mut hints: Hints) -> Failure {
        let mut regularly = interval(self.api.config.refresh_interval);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sent = Sent::default();
        loop {
            let hint = tokio::select! {
                _ = regularly.tick() => None,
                hint = hints.next() => match hint {
                    Some((_, news)) => Some(news),
                    None => return Failure::BusLost,
                },
            };
            // The newest hint stands for all that are waiting.
            let newest = std::iter::from_fn(|| hints.next().now_or_never().flatten()).last();
            let news = newest.map(|(_, news)| news).or(hint);
            // Until the owner was asked once, an agent whom the desk does not have is not told from one without news.
            let told = news.filter(|_| sent.version.is_some()).and_then(news::read);
            let news = match told {
                Some(news) => Ok(news),
                None => self.look().await,
            };
            match news {
                Ok(news) => self.send_list(news, &mut sent),
                Err(failure) if failure.is_passing() && sent.version.is_some() => {
                    tracing::debug!(desk = %self.caller.desk, agent = %self.agent, %failure, "work list not refreshed");
                }
                Err(failure) => return failure,
            }
        }
    }

    async fn look(&self) -> Result<News, Failure> {
        let list = self.api.work_list(&self.caller.desk, &self.agent).await?;
        Ok(News::from(&list))
    }

    fn send_list(&self, News { list, rankings }: News, sent: &mut Sent) {
        let Some(list) = list.filter(|list| sent.version < Some(list.version)) else {
            return;
        };
        sent.version = Some(list.version);
        let fresh = sent.offers_not_in(&list, &self.agent);
        let made: Vec<_> = fresh.map(|ticket| offer_made(ticket, &rankings)).collect();
        self.outbox.put_list(list);
        for offer in made {
            self.outbox.put_offer(offer);
        }
    }

    /// Tells other streams of this agent, on any replica, that this one is newer, again and again since
    /// hints may be lost; and ends when a newer one says so.
    async fn yield_to_newer(&self, mut hints: Hints) -> Failure {
        let mut regularly = interval(self.api.config.refresh_interval);
        loop {
            tokio::select! {
                _ = regularly.tick() => self.announce().await,
                hint = hints.next() => match hint {
                    None => return Failure::BusLost,
                    Some((_, id)) if id.as_ref() > self.id.as_bytes().as_slice() => return Failure::Superseded,
                    Some((_, id)) if id.as_ref() < self.id.as_bytes().as_slice() => self.announce().await,
                    Some(_) => {}
                },
            }
        }
    }

    async fn announce(&self) {
        let id = Bytes::copy_from_slice(self.id.as_bytes());
        if let Err(error) = self.api.bus.hint(&self.topic("session"), id).await {
            tracing::debug!(desk = %self.caller.desk, agent = %self.agent, %error, "session not announced");
        }
    }

    /// Carries out what comes up the stream, one after the other.
    async fn act(&self, start: &Start, mut incoming: Streaming<v1::WorkRequest>) -> Failure {
        self.api.heartbeats.beat(&self.caller.desk, &self.agent);
        if let Some(presence) = start.presence {
            self.set_first_presence(presence, &start.request_id).await;
        }
        loop {
            self.outbox.room().await;
            match incoming.message().await {
                Ok(Some(request)) => self.answer(&request).await,
                // A client that has nothing more to say may still listen.
                Ok(None) => std::future::pending().await,
                Err(status) => return status.into(),
            }
        }
    }

    /// A stream begins once, so its own id serves where the caller has given none.
    async fn set_first_presence(&self, presence: Presence, request_id: &str) {
        let agent = self.agent.clone();
        let own = self.id.to_string();
        let id = if request_id.is_empty() { &own } else { request_id };
        let done = self.carry_out(Command::SetPresence { agent, presence }, id).await;
        self.outbox.put_outcome(outcome(request_id, done));
    }

    async fn answer(&self, request: &v1::WorkRequest) {
        self.api.heartbeats.beat(&self.caller.desk, &self.agent);
        let done = match convert::work_action(request, &self.caller.desk, &self.agent) {
            Ok(WorkAction::Nothing) => return,
            Ok(WorkAction::Do(command)) => self.carry_out(command, &request.request_id).await,
            Err(error) => Err(error.into()),
        };
        self.outbox.put_outcome(outcome(&request.request_id, done));
    }

    async fn carry_out(&self, command: Command, request_id: &str) -> Result<(), Failure> {
        let request_id = convert::request_id(request_id)?;
        // The stream lives for hours; a trace is of one action.
        let span = tracing::info_span!("work", desk = %self.caller.desk, agent = %self.agent);
        self.api
            .submit(&self.caller, Write { request_id, command })
            .instrument(span)
            .await?;
        Ok(())
    }
}

fn offer_made(ticket: &v1::Ticket, rankings: &BTreeMap<u64, v1::Ranking>) -> v1::OfferMade {
    v1::OfferMade {
        offer: ticket.offer.clone(),
        ticket: Some(ticket.clone()),
        ranking: offer_of(ticket).and_then(|id| rankings.get(&id)).cloned(),
    }
}

/// What the client has been sent.
#[derive(Default)]
struct Sent {
    version: Option<u64>,
    offers: BTreeSet<u64>,
}

impl Sent {
    /// Tickets of the list whose open offer to the agent the client has not been told of yet.
    fn offers_not_in<'list>(
        &mut self,
        list: &'list v1::WorkList,
        agent: &AgentId,
    ) -> impl Iterator<Item = &'list v1::Ticket> {
        let offered = |ticket: &&v1::Ticket| ticket.offer.as_ref().is_some_and(|offer| offer.agent == agent.as_str());
        let offered: Vec<_> = list.tickets.iter().filter(offered).collect();
        let open = offered.iter().filter_map(|ticket| offer_of(ticket)).collect();
        let told = std::mem::replace(&mut self.offers, open);
        offered
            .into_iter()
            .filter(move |ticket| offer_of(ticket).is_some_and(|id| !told.contains(&id)))
    }
}

fn offer_of(ticket: &v1::Ticket) -> Option<u64> {
    ticket.offer.as_ref().map(|offer| offer.offer_id)
}
