//! Lists of tickets, as a replica makes them: the owner's open ones first, then the rows of those that have ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use tandem_domain::routing::{Answer, Query, TicketFilter, TicketView};
use tandem_domain::{DeskId, TicketId};
use tandem_routing::{RoutingCore, rows};
use tandem_store::JournalStore;

use crate::simulation::cluster::Cluster;
use crate::simulation::sometimes::Sometimes;

/// Small, so that owners change between two pages.
const PAGE: usize = 3;

/// Every ticket that there is, whatever happens meanwhile: tickets are numbered without gaps, so none may be missing.
pub(super) async fn look(cluster: &Arc<Cluster<RoutingCore>>, desk: &DeskId, rng: &mut StdRng, sometimes: &Sometimes) {
    let Some(known) = all_tickets(cluster, desk, rng).await else {
        return;
    };
    let numbers: Vec<_> = known.keys().map(|ticket| ticket.0).collect();
    assert_eq!(
        numbers,
        (1..=known.len() as u64).collect::<Vec<_>>(),
        "a ticket was missed"
    );
    let ended = known.values().filter(|ticket| rows::of_ended(ticket)).count();
    if (1..known.len()).contains(&ended) {
        sometimes.hit("list of open and ended tickets");
    }
}

/// None where nobody could be asked.
pub(super) async fn all_tickets(
    cluster: &Arc<Cluster<RoutingCore>>,
    desk: &DeskId,
    rng: &mut StdRng,
) -> Option<BTreeMap<TicketId, TicketView>> {
    let (mut known, mut after) = (BTreeMap::new(), Some(TicketId(0)));
    while let Some(from) = after {
        let question = Query::Tickets {
            filter: TicketFilter::default(),
            after: from,
            limit: PAGE,
        };
        let Ok(Answer::Tickets(page)) = cluster.any(rng)?.query(desk, question).await else {
            return None;
        };
        known.extend(page.tickets.into_iter().map(|ticket| (ticket.id, ticket)));
        after = page.looked_until;
    }
    let ended = cluster.store.rows(desk, rows::TICKET, "", None, 10_000).await.ok()?;
    for (_, row) in ended.rows {
        let ticket: TicketView = serde_json::from_slice(&row).unwrap();
        known.insert(ticket.id, ticket);
    }
    Some(known)
}
