//! Lists of tickets: what the desk's owner knows of the open ones, merged with the rows of those that have ended.
//!
//! The owner is asked first, and what it says is committed. So a ticket that had ended by then has its rows when they
//! are read, and one that ends in between is found twice, which is seen by its number: none is missed.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use tandem_domain::routing::{OpenTickets, TicketFilter, TicketView};
use tandem_domain::{DeskId, RoutingState, TicketId};
use tandem_routing::rows;
use tandem_store::Store;

use super::{decode, ended_ticket};
use crate::errors::Failure;
use tandem_service_kit::page::Page;

/// Rows that one call looks at, at most; a page may be short or empty, and yet lead to the next.
const MOST_LOOKED_AT: usize = 2_000;
/// Tickets that are read at the same time.
const AT_ONCE: usize = 16;
/// Where tickets are that have ended.
const ENDED: [RoutingState; 4] = [
    RoutingState::Done,
    RoutingState::Cancelled,
    RoutingState::Abandoned,
    RoutingState::Merged,
];

/// The tickets of a list with the lowest numbers, of one kind.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    /// Ascending by number.
    pub(crate) tickets: Vec<TicketView>,
    /// All up to this one are here; none: all that there are.
    pub(crate) until: Option<TicketId>,
}

impl Stretch {
    /// From the number after which the page starts.
    pub(crate) fn before(page: &Page) -> Self {
        Self {
            tickets: Vec::new(),
            until: Some(start(page)),
        }
    }

    /// Whether nothing more is needed for the page: it is full, and whether another follows is known.
    pub(crate) fn suffices(&self, page: &Page) -> bool {
        self.until.is_none() || self.tickets.len() > page.size
    }

    /// Takes in what comes behind.
    pub(crate) fn go_on(&mut self, next: OpenTickets) {
        self.tickets.extend(next.tickets);
        self.until = next.looked_until;
    }
}

/// A page of tickets, ascending by number, and the next page's token.
pub(crate) fn merged(open: Stretch, ended: Stretch, page: &Page) -> (Vec<TicketView>, String) {
    let until = [open.until, ended.until].into_iter().flatten().min();
    let both = open.tickets.into_iter().chain(ended.tickets);
    let known = both.filter(|ticket| until.is_none_or(|until| ticket.id <= until));
    // The row of a ticket that ended meanwhile is the later word.
    let by_number: BTreeMap<_, _> = known.map(|ticket| (ticket.id, ticket)).collect();
    let is_full = by_number.len() > page.size;
    let tickets: Vec<_> = by_number.into_values().take(page.size).collect();
    let last = if is_full {
        tickets.last().map(|ticket| ticket.id)
    } else {
        until
    };
    let token = last.map(|last| page.token(&rows::number(last.0)));
    (tickets, token.unwrap_or_default())
}

/// After which number a page starts; tokens are checked before they come here, so it is ours.
fn start(page: &Page) -> TicketId {
    let number = page.after.as_deref().and_then(|after| after.parse().ok());
    TicketId(number.unwrap_or_default())
}

/// The next tickets that have ended, by the index that leaves the fewest to look at.
pub(crate) async fn ended_tickets(
    store: &dyn Store,
    desk: &DeskId,
    filter: &TicketFilter,
    page: &Page,
) -> Result<Stretch, Failure> {
    let mut found = Stretch::before(page);
    let Some(scan) = Scan::of(filter) else {
        return Ok(Stretch::default());
    };
    let mut looked_at = 0;
    while looked_at < MOST_LOOKED_AT && !found.suffices(page) {
        let after = found.until.map(|until| rows::number(until.0));
        let (count, tickets, until) = scan.next(store, desk, after.as_deref(), page.size + 1).await?;
        let ended = tickets
            .into_iter()
            .filter(|ticket| rows::of_ended(ticket) && filter.admits(ticket));
        found.tickets.extend(ended);
        found.until = until;
        looked_at += count;
    }
    Ok(found)
}

/// Where to look for tickets that have ended.
enum Scan {
    /// At all of them.
    All,
    /// Under these prefixes of an index.
    Index(&'static str, Vec<String>),
}

impl Scan {
    /// None where the filter admits no ticket that has ended.
    fn of(filter: &TicketFilter) -> Option<Self> {
        let states: Vec<_> = ENDED.into_iter().filter(|state| filter.admits_state(*state)).collect();
        if states.is_empty() {
            return None;
        }
        Some(if let Some(agent) = &filter.agent {
            Self::Index(rows::TICKET_BY_AGENT, vec![format!("{agent}/")])
        } else if let Some(queue) = &filter.queue {
            Self::Index(rows::TICKET_BY_QUEUE, vec![format!("{queue}/")])
        } else if filter.states.is_empty() {
            Self::All
        } else {
            let prefixes = states.iter().map(|state| format!("{state}/"));
            Self::Index(rows::TICKET_BY_STATE, prefixes.collect())
        })
    }

    /// How many rows were looked at, their tickets, and up to which number; none: there are no more.
    async fn next(
        &self,
        store: &dyn Store,
        desk: &DeskId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(usize, Vec<TicketView>, Option<TicketId>), Failure> {
        let (numbers, tickets) = match self {
            Self::All => {
                let page = store.rows(desk, rows::TICKET, "", after, limit).await?;
                let decoded = page.rows.iter().map(|(key, value)| decode(rows::TICKET, key, value));
                let tickets: Vec<TicketView> = decoded.collect::<Result<_, _>>()?;
                (tickets.iter().map(|ticket| ticket.id).collect(), tickets)
            }
            Self::Index(index, prefixes) => {
                let numbers = next_numbers(store, desk, index, prefixes, after, limit).await?;
                let reads = futures::stream::iter(numbers.clone())
                    .map(|id| ended_ticket(store, desk, id))
                    .buffered(AT_ONCE);
                let read: Vec<_> = reads.try_collect().await?;
                (numbers, read.into_iter().flatten().collect())
            }
        };
        let until = numbers.last().copied().filter(|_| numbers.len() == limit);
        Ok((numbers.len(), tickets, until))
    }
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

    use proptest::prelude::*;
    use tandem_domain::routing::StepPlace;
    use tandem_domain::{Channel, ConversationId, Priority, Requirement, SignedMillis, TicketStatus, Timestamp};
    use tandem_store::{Commit, JournalStore, MemoryStore, Row};
    use uuid::Uuid;

    use super::*;

    fn closed(id: u64) -> TicketView {
        TicketView {
            id: TicketId(id),
            conversation: ConversationId(Uuid::nil()),
            account: "support".parse().unwrap(),
            state: RoutingState::Done,
            status: TicketStatus::Closed,
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

    /// A desk of tickets that are closed, with their entries in the queues' index.
    async fn desk_of(count: u64) -> (MemoryStore, DeskId) {
        let (store, desk): (_, DeskId) = (MemoryStore::new(), "acme".parse().unwrap());
        let row = |table: &str, key: String, value: Vec<u8>| Row {
            desk: desk.clone(),
            table: table.to_owned(),
            key,
            value: Some(value.into()),
        };
        let rows = (1..=count).flat_map(|id| {
            let ticket = row(rows::TICKET, rows::number(id), serde_json::to_vec(&closed(id)).unwrap());
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

    async fn list(store: &MemoryStore, desk: &DeskId, filter: &TicketFilter, page: &Page) -> (Vec<u64>, String) {
        let ended = ended_tickets(store, desk, filter, page).await.unwrap();
        let (tickets, next) = merged(Stretch::default(), ended, page);
        (tickets.iter().map(|ticket| ticket.id.0).collect(), next)
    }

    #[tokio::test]
    async fn a_list_that_finds_little_ends_its_page_early_and_goes_on() {
        let (store, desk) = desk_of(MOST_LOOKED_AT as u64 * 2).await;
        let filter = TicketFilter {
            states: vec![RoutingState::Merged],
            queue: Some("general".parse().unwrap()),
            agent: None,
        };
        let (mut token, mut pages) = (String::new(), 0);
        loop {
            let page = Page::of("list", 100, &token).unwrap();
            let (found, next) = list(&store, &desk, &filter, &page).await;
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
        let filter = TicketFilter::default();
        let first = Page::of("list", 2, "").unwrap();
        let (found, token) = list(&store, &desk, &filter, &first).await;
        assert_eq!(found, [1, 2]);
        let second = Page::of("list", 2, &token).unwrap();
        assert_eq!(list(&store, &desk, &filter, &second).await, (vec![3, 4], String::new()));
    }

    #[tokio::test]
    async fn rows_that_an_earlier_version_wrote_of_open_tickets_are_not_read() {
        let (store, desk) = desk_of(2).await;
        let open = TicketView {
            status: TicketStatus::Resolved,
            ..closed(1)
        };
        let row = Row {
            desk: desk.clone(),
            table: rows::TICKET.to_owned(),
            key: rows::number(1),
            value: Some(serde_json::to_vec(&open).unwrap().into()),
        };
        let commit = Commit {
            rows: vec![row],
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
        let page = Page::of("list", 9, "").unwrap();
        for queue in [None, Some("general".parse().unwrap())] {
            let filter = TicketFilter {
                queue,
                ..TicketFilter::default()
            };
            assert_eq!(list(&store, &desk, &filter, &page).await, (vec![2], String::new()));
        }
        assert_eq!(ended_ticket(&store, &desk, TicketId(1)).await.unwrap(), None);
    }

    /// What the owner and the rows say of `tickets` behind the page's start, of which each gives `most` at a time.
    fn stretch(tickets: impl Iterator<Item = u64>, page: &Page, most: usize) -> Stretch {
        let start = start(page).0;
        let mut next = tickets.filter(|ticket| *ticket > start);
        let tickets: Vec<_> = next.by_ref().take(most).map(closed).collect();
        let last = tickets.last().map(|ticket| ticket.id);
        Stretch {
            until: last.filter(|_| next.next().is_some()),
            tickets,
        }
    }

    proptest! {
        /// Tickets open and end between any two looks, also between the owner's answer and the rows.
        #[test]
        fn who_pages_through_misses_none_and_sees_none_twice(
            lives in proptest::collection::vec((0_usize..20, 0_usize..30), 0..40),
            size in 1_u32..6,
            most in (1_usize..8, 1_usize..8),
        ) {
            // From when on it ended, in looks; tickets are opened in the order of their numbers.
            let mut opened = 0;
            let lives: Vec<_> = lives.into_iter().map(|(later, lasts)| {
                opened += later / 10;
                (opened, opened + lasts)
            }).collect();
            let numbered = || (1_u64..).zip(&lives);
            let open_at = |look| numbered().filter(move |(_, (from, end))| *from <= look && look < *end).map(|(id, _)| id);
            let ended_at = |look| numbered().filter(move |(_, (_, end))| *end <= look).map(|(id, _)| id);
            let (mut token, mut seen, mut look) = (String::new(), Vec::new(), 0);
            loop {
                let page = Page::of("list", size, &token).unwrap();
                let open = stretch(open_at(look), &page, most.0);
                let ended = stretch(ended_at(look + 1), &page, most.1);
                let (tickets, next) = merged(open, ended, &page);
                prop_assert!(tickets.len() <= page.size);
                seen.extend(tickets.iter().map(|ticket| ticket.id.0));
                (token, look) = (next, look + 2);
                if token.is_empty() {
                    break;
                }
            }
            prop_assert!(seen.is_sorted_by(|one, other| one < other), "{seen:?}");
            let from_the_start = numbered().filter(|(_, (from, _))| *from == 0).map(|(id, _)| id);
            for ticket in from_the_start {
                prop_assert!(seen.contains(&ticket), "{ticket} was missed: {seen:?}");
            }
        }
    }
}
