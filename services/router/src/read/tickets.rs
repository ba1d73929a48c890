//! Lists of tickets, by the index that leaves the fewest to look at.

use futures::{StreamExt, TryStreamExt};
use tandem_domain::routing::TicketView;
use tandem_domain::{AgentId, DeskId, TicketId};
use tandem_routing::rows;
use tandem_store::Store;

use super::{TicketFilter, decode, ticket};
use crate::errors::Failure;
use tandem_service_kit::page::Page;

/// Tickets that one call looks at, at most; a page may be short or empty, and yet lead to the next.
const MOST_LOOKED_AT: usize = 2_000;
/// Tickets that are read at the same time.
const AT_ONCE: usize = 16;

/// A page of tickets, ascending by number, and the next page's token.
pub(crate) async fn tickets(
    store: &dyn Store,
    desk: &DeskId,
    filter: &TicketFilter,
    page: &Page,
) -> Result<(Vec<TicketView>, String), Failure> {
    let (mut found, mut after, mut looked_at) = (Vec::new(), page.after.clone(), 0);
    while looked_at < MOST_LOOKED_AT {
        let batch = next_batch(store, desk, filter, after.as_deref(), page.size + 1).await?;
        let is_last = batch.len() <= page.size;
        looked_at += batch.len();
        after = batch.last().map(key).or(after);
        for ticket in batch.into_iter().filter(|ticket| filter.matches(ticket)) {
            if found.len() == page.size {
                let token = found.last().map(|last| page.token(&key(last)));
                return Ok((found, token.unwrap_or_default()));
            }
            found.push(ticket);
        }
        if is_last {
            return Ok((found, String::new()));
        }
    }
    let token = after.map(|after| page.token(&after)).unwrap_or_default();
    Ok((found, token))
}

fn key(ticket: &TicketView) -> String {
    rows::number(ticket.id.0)
}

impl TicketFilter {
    /// The index to read and the prefixes to look under; none: the tickets themselves.
    fn index(&self) -> Option<(&'static str, Vec<String>)> {
        if let Some(agent) = &self.agent {
            return Some((rows::TICKET_BY_AGENT, vec![format!("{agent}/")]));
        }
        if let Some(queue) = &self.queue {
            return Some((rows::TICKET_BY_QUEUE, vec![format!("{queue}/")]));
        }
        let prefixes: Vec<_> = self.states.iter().map(|state| format!("{state}/")).collect();
        (!prefixes.is_empty()).then_some((rows::TICKET_BY_STATE, prefixes))
    }

    /// Whether the ticket is one of them; what an index said may have changed since.
    fn matches(&self, ticket: &TicketView) -> bool {
        let state = self.states.is_empty() || self.states.contains(&ticket.state);
        let queue = self
            .queue
            .as_ref()
            .is_none_or(|queue| ticket.requirement.queue == *queue);
        state && queue && self.agent.as_ref().is_none_or(|agent| is_of(ticket, agent))
    }
}

fn is_of(ticket: &TicketView, agent: &AgentId) -> bool {
    ticket.owner.as_ref() == Some(agent) || ticket.offers.iter().any(|offer| offer.agent == *agent)
}

/// The next tickets to look at; fewer than `limit` only at the end.
async fn next_batch(
    store: &dyn Store,
    desk: &DeskId,
    filter: &TicketFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<TicketView>, Failure> {
    let Some((index, prefixes)) = filter.index() else {
        let page = store.rows(desk, rows::TICKET, "", after, limit).await?;
        return page
            .rows
            .iter()
            .map(|(key, value)| decode(rows::TICKET, key, value))
            .collect();
    };
    let numbers = next_numbers(store, desk, index, &prefixes, after, limit).await?;
    let reads = futures::stream::iter(numbers)
        .map(|id| ticket(store, desk, id))
        .buffered(AT_ONCE);
    let read: Vec<_> = reads.try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

/// The next numbers under any of the prefixes. Each prefix gives its first `limit`, so the first `limit` of
/// all are among them.
async fn next_numbers(
    store: &dyn Store,
    desk: &DeskId,
    index: &'static str,
    prefixes: &[String],
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<TicketId>, Failure> {
    let mut numbers = Vec::new();
    for prefix in prefixes {
        let after = after.map(|after| format!("{prefix}{after}"));
        let page = store.rows(desk, index, prefix, after.as_deref(), limit).await?;
        let keys = page
            .rows
            .iter()
            .filter_map(|(key, _)| key.strip_prefix(prefix.as_str()));
        numbers.extend(keys.filter_map(|number| number.parse().ok().map(TicketId)));
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(limit);
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use tandem_domain::routing::StepPlace;
    use tandem_domain::{
        Channel, ConversationId, Priority, Requirement, RoutingState, SignedMillis, TicketStatus, Timestamp,
    };
    use tandem_store::{Commit, JournalStore, MemoryStore, Row};
    use uuid::Uuid;

    use super::*;

    fn done(id: u64) -> TicketView {
        TicketView {
            id: TicketId(id),
            conversation: ConversationId(Uuid::nil()),
            account: "support".parse().unwrap(),
            state: RoutingState::Done,
            status: TicketStatus::Resolved,
            requirement: Requirement {
                language: None,
                skills: BTreeMap::new(),
                ..Requirement::new("general".parse().unwrap(), Channel::Email)
            },
            priority: Priority::Normal,
            tags: BTreeSet::new(),
            owner: None,
            offer: None,
            messages: 1,
            opened_at: Timestamp::EPOCH,
            changed_at: Timestamp::EPOCH,
            version: 1,
            waiting_since: None,
            answered_at: None,
            undelivered: Vec::new(),
            offers: Vec::new(),
            step: StepPlace::default(),
            helpers: Vec::new(),
            help_offers: Vec::new(),
            scheduled_until: None,
            merged_into: None,
            over_capacity: false,
            unservable: false,
            aged_by: SignedMillis::default(),
        }
    }

    /// A desk of tickets that are done, with their entries in the queues' index.
    async fn desk_of(count: u64) -> (MemoryStore, DeskId) {
        let (store, desk): (_, DeskId) = (MemoryStore::new(), "acme".parse().unwrap());
        let row = |table: &str, key: String, value: Vec<u8>| Row {
            desk: desk.clone(),
            table: table.to_owned(),
            key,
            value: Some(value.into()),
        };
        let rows = (1..=count).flat_map(|id| {
            let ticket = row(rows::TICKET, rows::number(id), serde_json::to_vec(&done(id)).unwrap());
            let index = row(
                rows::TICKET_BY_QUEUE,
                format!("general/{}", rows::number(id)),
                Vec::new(),
            );
            [ticket, index]
        });
        let commit = Commit {
            rows: rows.collect(),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
        (store, desk)
    }

    #[tokio::test]
    async fn a_list_that_finds_little_ends_its_page_early_and_goes_on() {
        let (store, desk) = desk_of(MOST_LOOKED_AT as u64 * 2).await;
        let filter = TicketFilter {
            states: vec![RoutingState::Queued],
            queue: Some("general".parse().unwrap()),
            agent: None,
        };
        let (mut token, mut pages) = (String::new(), 0);
        loop {
            let page = Page::of("list", 100, &token).unwrap();
            let (found, next) = tickets(&store, &desk, &filter, &page).await.unwrap();
            assert!(found.is_empty());
            (token, pages) = (next, pages + 1);
            if token.is_empty() {
                break;
            }
        }
        assert!((2..=3).contains(&pages), "{pages} pages");
    }

    #[tokio::test]
    async fn a_full_page_that_is_the_last_leads_nowhere() {
        let (store, desk) = desk_of(4).await;
        let filter = TicketFilter {
            states: Vec::new(),
            queue: None,
            agent: None,
        };
        let first = Page::of("list", 2, "").unwrap();
        let (found, token) = tickets(&store, &desk, &filter, &first).await.unwrap();
        assert_eq!(found.len(), 2);
        let second = Page::of("list", 2, &token).unwrap();
        let (found, token) = tickets(&store, &desk, &filter, &second).await.unwrap();
        assert_eq!(found.iter().map(|ticket| ticket.id.0).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(token, "");
    }
}
