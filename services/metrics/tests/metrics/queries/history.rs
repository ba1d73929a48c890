//! Histories that were never journaled, and what a plain recount says of them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::routing::{Intake, RoutingEvent, StepPlace};
use tandem_domain::{
    Actor, AgentId, Cause, Channel, ConversationId, Event, MessageId, OfferId, Priority, Requirement, TicketId,
    Timestamp, Trace,
};
use tandem_measures::{Mark, Measures, table};
use tandem_store::{Commit, JournalStore, Row};
use uuid::Uuid;

use crate::harness::{World, acme, key};

/// Tickets: their queues, when they came, and when they were accepted.
pub(crate) struct History {
    tickets: Vec<(&'static str, Timestamp, Option<Timestamp>)>,
}

pub(crate) fn at(rfc3339: &str) -> Timestamp {
    let instant: std::time::SystemTime = rfc3339.parse::<prost_types::Timestamp>().unwrap().try_into().unwrap();
    let since = instant.duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::EPOCH.plus(since)
}

impl History {
    /// So many tickets from `start` on, up to twice `seconds` apart; two of three are accepted, some of them after hours.
    pub(crate) fn random(seed: u64, start: Timestamp, tickets: usize, seconds: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut now = start;
        let tickets = (0..tickets).map(|_| {
            now = now.plus(std::time::Duration::from_secs(rng.random_range(0..2 * seconds)));
            let waits = std::time::Duration::from_secs(rng.random_range(1..20_000));
            let queue = ["sales", "billing"][rng.random_range(0..2)];
            (queue, now, rng.random_bool(0.66).then(|| now.plus(waits)))
        });
        Self {
            tickets: tickets.collect(),
        }
    }

    /// Received and accepted from `start` to `end`, and who waits at the end.
    pub(crate) fn recount(&self, queue: &str, start: i64, end: i64) -> (u64, u64, u64) {
        let of_queue = || self.tickets.iter().filter(|(of, _, _)| *of == queue);
        let within = |at: &Timestamp| (start..end).contains(&at.as_micros());
        let is_waiting = |came: &Timestamp, accepted: &Option<Timestamp>| {
            came.as_micros() < end && accepted.is_none_or(|accepted| accepted.as_micros() >= end)
        };
        let received = of_queue().filter(|(_, came, _)| within(came)).count();
        let accepted = of_queue()
            .filter(|(_, _, accepted)| accepted.as_ref().is_some_and(within))
            .count();
        let waiting = of_queue()
            .filter(|(_, came, accepted)| is_waiting(came, accepted))
            .count();
        (received as u64, accepted as u64, waiting as u64)
    }

    /// Stores the measures of it, on the desk file that is in force.
    pub(crate) async fn store(&self, world: &World) {
        let mut events: Vec<(Timestamp, RoutingEvent)> = Vec::new();
        for (number, (queue, came, accepted)) in (1..).zip(&self.tickets) {
            events.push((*came, opened(number, queue, *came)));
            events.extend(accepted.map(|at| (at, taken(number))));
        }
        events.sort_by_key(|(at, _)| *at);
        let first = events.first().map_or(Timestamp::EPOCH, |(at, _)| *at);
        let file = tandem_desk_file::parse(crate::harness::DESK_FILE).unwrap();
        let compiled = tandem_desk_file::compile(&file, crate::harness::DESK_FILE);
        events.insert(0, (first, RoutingEvent::DeskActivated(Box::new(compiled))));
        let mut measures = Measures::default();
        for (seq, (at, body)) in (1..).zip(events) {
            let event = Event {
                at,
                actor: Actor::service("router"),
                cause: Cause::Timer,
                trace: Trace::default(),
                body,
            };
            measures.observe(Mark { seq, incarnation: 1 }, "Kind", &event);
        }
        let rows = measures.take_rows().into_iter().map(|change| Row {
            desk: acme(),
            table: change.table.to_owned(),
            key: change.key,
            value: change.value.map(Into::into),
        });
        put(world, rows.collect()).await;
    }
}

/// Spoils every hour.
pub(crate) async fn damage(world: &World) {
    let hours = world
        .store
        .rows(&acme(), table::HOUR, "", None, 1_000)
        .await
        .unwrap()
        .rows;
    let spoiled = hours.into_iter().map(|(key, _)| Row {
        desk: acme(),
        table: table::HOUR.to_owned(),
        key,
        value: Some(b"{".as_slice().into()),
    });
    put(world, spoiled.collect()).await;
}

async fn put(world: &World, rows: Vec<Row>) {
    let commit = Commit {
        rows,
        ..Commit::default()
    };
    world.store.commit(commit).await.unwrap();
}

fn opened(number: u64, queue: &str, received_at: Timestamp) -> RoutingEvent {
    let intake = Intake {
        message: MessageId(Uuid::from_u128(u128::from(number))),
        conversation: ConversationId(Uuid::from_u128(u128::from(number))),
        account: key("widget"),
        channel: Channel::Chat,
        queue: key(queue),
        language: None,
        skills: [].into(),
        tags: [].into(),
        priority: Priority::Normal,
        received_at,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    };
    RoutingEvent::TicketOpened {
        ticket: TicketId(number),
        requirement: Requirement {
            language: None,
            skills: [].into(),
            ..Requirement::new(key(queue), Channel::Chat)
        }
        .into(),
        intake: Box::new(intake),
        place: StepPlace::default(),
    }
}

fn taken(number: u64) -> RoutingEvent {
    RoutingEvent::OfferAccepted {
        offer: OfferId(number),
        ticket: TicketId(number),
        agent: key::<AgentId>("ana"),
    }
}
