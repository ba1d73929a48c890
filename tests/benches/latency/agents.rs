//! Agents who take every offer at once and resolve it.

use std::collections::BTreeMap;

use tandem_proto::v1;
use tandem_proto::v1::work_request::Action;
use tandem_proto::v1::work_response::Event;
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::clients::Clients;
use tandem_tests::site::Site;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::desk::{AGENTS, DESK, agent};
use crate::figures::Note;

/// Agents at all replicas. They work until they are dropped.
pub(crate) async fn at_work(site: &Site, notes: &UnboundedSender<Note>) -> JoinSet<()> {
    let mut agents = JoinSet::new();
    for number in 0..AGENTS {
        let name = agent(number);
        let clients = site.agent(number % site.routers.len(), DESK, &name);
        let desktop = Desktop::open(&clients, DESK, &name).await.expect("Tandem is there");
        agents.spawn(work(desktop, clients, notes.clone()));
    }
    agents
}

async fn work(mut desktop: Desktop, clients: Clients, notes: UnboundedSender<Note>) {
    let mut taken = BTreeMap::new();
    let mut resolving = JoinSet::new();
    while let Ok(event) = desktop.next().await {
        match event {
            Event::Offer(made) => {
                let ticket = made.ticket.unwrap_or_default();
                let at = Instant::now();
                let conversation = ticket.conversation_id;
                // Whoever gathers has gone: so will the agents.
                let _ = notes.send(Note::Offered { conversation, at });
                let id = request_id();
                let offer_id = made.offer.unwrap_or_default().offer_id;
                taken.insert(id.clone(), ticket.ticket_id);
                if desktop
                    .say(&id, Action::Accept(v1::AcceptWork { offer_id }))
                    .await
                    .is_err()
                {
                    return;
                }
            }
            Event::Outcome(outcome) => {
                if let Some(ticket) = taken.remove(&outcome.request_id) {
                    resolving.spawn(resolve(clients.clone(), ticket));
                }
            }
            Event::WorkList(_) => {}
        }
        while resolving.try_join_next().is_some() {}
    }
}

async fn resolve(clients: Clients, ticket_id: u64) {
    let request = v1::ResolveTicketRequest {
        desk: DESK.to_owned(),
        request_id: request_id(),
        ticket_id,
    };
    // A ticket that stays open takes one unit of capacity, of which there is plenty.
    let _ = clients.tickets().resolve_ticket(request).await;
}
