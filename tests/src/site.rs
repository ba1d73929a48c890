//! A Tandem seen from outside, whichever way it runs.

use std::net::SocketAddr;

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::Status;

use crate::agent::request_id;
use crate::clients::Clients;
use crate::cluster::{Replica, Service};
use crate::desks::{DESKS, address, file, file_with_clocks};
use crate::hooks::Hooks;
use crate::lists;
use crate::mail::{Mail, deliver_surely, takes_mail_for};
use crate::smarthost::Smarthost;
use crate::tokens::Tokens;
use crate::wait::eventually;

/// A Tandem seen from outside: each of its addresses stays the same over restarts.
pub struct Site {
    /// Where tickets, agents and desks are asked for: one URL for each replica of the router.
    pub routers: Vec<String>,
    /// Where messages are asked for: one URL for each replica of ingest.
    pub ingests: Vec<String>,
    /// Where clocks and escalations are asked for: one URL for each replica.
    pub escalations: Vec<String>,
    /// Where measures are asked for: one URL for each replica.
    pub metrics: Vec<String>,
    /// Where mail is taken: one address for each replica of ingest.
    pub smtp: Vec<SocketAddr>,
    /// Where visitors chat: one address for each replica of ingest.
    pub chat: Vec<SocketAddr>,
    /// Where its mails go.
    pub smarthost: Smarthost,
    /// Where its webhooks go.
    pub hooks: Hooks,
    /// Makes tokens.
    pub tokens: Tokens,
}

impl Site {
    /// An admin's clients at one of the routers.
    pub fn admin(&self, router: usize) -> Clients {
        Clients::new(&self.routers[router], &self.tokens.admin())
    }

    /// An admin's clients at one of the ingests.
    pub fn messages(&self, ingest: usize) -> Clients {
        Clients::new(&self.ingests[ingest], &self.tokens.admin())
    }

    /// An admin's clients at one of the replicas that watch clocks.
    pub fn clocks(&self, replica: usize) -> Clients {
        Clients::new(&self.escalations[replica], &self.tokens.admin())
    }

    /// An admin's clients at one of the replicas that measure.
    pub fn measures(&self, replica: usize) -> Clients {
        Clients::new(&self.metrics[replica], &self.tokens.admin())
    }

    /// Where a replica answers calls.
    pub fn url(&self, (service, number): Replica) -> &str {
        let urls = match service {
            Service::Ingest => &self.ingests,
            Service::Router => &self.routers,
            Service::Escalation => &self.escalations,
            Service::Metrics => &self.metrics,
        };
        &urls[number]
    }

    /// An agent's clients at one of the routers.
    pub fn agent(&self, router: usize, desk: &str, agent: &str) -> Clients {
        Clients::new(&self.routers[router], &self.tokens.agent(desk, agent))
    }

    /// Somebody's clients at the first router.
    pub fn role(&self, role: Role, desks: &[&str]) -> Clients {
        Clients::new(&self.routers[0], &self.tokens.role(role, "somebody", desks))
    }

    /// Applies the three desks' files, and waits until every replica takes mail for them.
    pub async fn furnish(&self) {
        for desk in DESKS {
            self.apply(desk, &file(desk)).await;
        }
        self.take_mail().await;
    }

    /// Applies the three desks' files with promises.
    pub async fn promise(&self) {
        for desk in DESKS {
            self.apply(desk, &file_with_clocks(desk, &self.hooks.url())).await;
        }
    }

    /// Waits until every replica of ingest takes mail for all desks.
    pub async fn take_mail(&self) {
        for server in &self.smtp {
            for desk in DESKS {
                eventually("mail is taken", async || {
                    takes_mail_for(*server, &address(desk)).await.then_some(())
                })
                .await;
            }
        }
    }

    /// Waits until every router answers for all desks.
    pub async fn answer(&self) {
        for router in 0..self.routers.len() {
            let clients = self.admin(router);
            for desk in DESKS {
                eventually("tickets are listed", async || agents(&clients, desk).await.ok()).await;
            }
        }
    }

    /// Applies a desk file.
    pub async fn apply(&self, desk: &str, text: &str) {
        let clients = self.admin(0);
        let request = v1::ApplyDeskRequest {
            desk: desk.to_owned(),
            request_id: request_id(),
            text: text.to_owned(),
        };
        eventually("a desk file is applied", async || {
            match clients.desks().apply_desk(request.clone()).await {
                Ok(_) => Some(()),
                Err(status) if status.code() == tonic::Code::InvalidArgument => panic!("{status}"),
                Err(_) => None,
            }
        })
        .await;
    }

    /// A customer writes to a desk about `subject`; returns the ticket that it is on.
    pub async fn ticket_about(&self, desk: &str, subject: &str) -> u64 {
        deliver_surely(self.smtp[0], &Mail::new(desk, subject)).await;
        self.ticket_of(desk, subject).await
    }

    /// Waits until the only mail with this subject is on a ticket, and returns it.
    pub async fn ticket_of(&self, desk: &str, subject: &str) -> u64 {
        let clients = self.messages(0);
        eventually("the mail is on a ticket", async || {
            let messages = lists::messages(&clients, desk).await.ok()?;
            let mut found = messages.iter().filter(|message| message.subject == subject);
            let message = found.next()?;
            assert!(found.next().is_none(), "`{subject}` was stored twice");
            assert_eq!(message.unrouted_reason, "", "{subject}");
            (message.ticket_id != 0).then_some(message.ticket_id)
        })
        .await
    }

    /// A ticket as it is now.
    pub async fn ticket(&self, desk: &str, ticket_id: u64) -> Result<v1::Ticket, Status> {
        let request = v1::GetTicketRequest {
            desk: desk.to_owned(),
            ticket_id,
        };
        let answer = self.admin(0).tickets().get_ticket(request).await?;
        Ok(answer.into_inner().ticket.expect("an answer has its ticket"))
    }

    /// Waits until a ticket is in a state.
    pub async fn ticket_in(&self, desk: &str, ticket_id: u64, state: v1::RoutingState) -> v1::Ticket {
        eventually(&format!("ticket {ticket_id} is {state:?}"), async || {
            self.ticket(desk, ticket_id)
                .await
                .ok()
                .filter(|ticket| ticket.state() == state)
        })
        .await
    }
}

/// A desk's agents.
pub async fn agents(clients: &Clients, desk: &str) -> Result<Vec<v1::Agent>, Status> {
    let request = v1::ListAgentsRequest {
        desk: desk.to_owned(),
        ..v1::ListAgentsRequest::default()
    };
    Ok(clients.agents().list_agents(request).await?.into_inner().agents)
}
