//! The outbox is the journal: what is committed is published, in order, and nothing else is.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tandem_bus::faulty::{Fault as BusFault, Faults, FaultyBus};
use tandem_bus::{Delivery, InProcessBus};
use tandem_domain::Trace;
use tandem_store::JournalStore;
use tandem_store::memory::Fault;
use tokio::time::timeout;
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::ledger::Command;
use crate::support::{World, acme, add, stream, until, write};

async fn listen(world: &World) -> BoxStream<'static, Delivery> {
    world.bus.events("probe", "tandem.events.>").await.unwrap()
}

/// Ids of everything that is published within ten seconds of silence.
async fn published(events: &mut BoxStream<'static, Delivery>) -> Vec<String> {
    let mut ids = Vec::new();
    while let Ok(Some(delivery)) = timeout(Duration::from_secs(30), events.next()).await {
        ids.push(delivery.id.clone());
        delivery.ack().await;
    }
    ids
}

fn ids(seqs: std::ops::RangeInclusive<u64>) -> Vec<String> {
    seqs.map(|seq| format!("ledger.acme:{seq}")).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_committed_is_published_in_order_and_nothing_else() {
    let world = World::new();
    let mut events = listen(&world).await;
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    world.next_commit(Fault::Full);
    assert!(add(&desks, "2", 1).await.is_err());
    assert_eq!(add(&desks, "3", 1).await, Ok(2));
    let journal = world.journal(&acme()).await;
    assert_eq!(published(&mut events).await, ids(1..=journal.len() as u64));
}

#[tokio::test(start_paused = true)]
async fn an_event_travels_as_a_cloud_event_with_its_trace() {
    let world = World::new();
    let mut events = world.bus.events("probe", "tandem.events.acme.Added").await.unwrap();
    let desks = world.owner().await;
    let mut submission = write("1", Command::Add(1));
    submission.trace = Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    desks.submit(&acme(), submission.clone()).await.unwrap();
    let delivery = events.next().await.unwrap();
    let record = world.journal(&acme()).await.pop().unwrap();
    let header = |name: &str| delivery.headers.get(name).map(String::as_str);
    assert_eq!(delivery.subject, "tandem.events.acme.Added");
    assert_eq!(delivery.payload, record.payload);
    assert_eq!(header("ce-specversion"), Some("1.0"));
    assert_eq!(header("ce-id"), Some("ledger.acme:3"));
    assert_eq!(header("ce-source"), Some("/tandem/ledger/acme"));
    assert_eq!(header("ce-type"), Some("tandem.ledger.Added"));
    assert_eq!(header("ce-time"), Some(record.at.to_string().as_str()));
    assert_eq!(header("traceparent"), Some(&*submission.trace.0));
    assert_eq!(header("tandem-stream"), Some("ledger.acme"));
    assert_eq!(header("tandem-seq"), Some("3"));
    assert_eq!(
        header("tandem-incarnation"),
        Some(record.incarnation.to_string().as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_published_while_the_bus_was_down_is_published_later_in_order() {
    let down = Faults::none().with(BusFault::FailPublish, 1.0);
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 1, down));
    let world = World::with_bus(bus.clone());
    let mut events = listen(&world).await;
    let desks = world.owner().await;
    for n in 0..700 {
        assert_eq!(
            add(&desks, &n.to_string(), 1).await,
            Ok(n + 1),
            "commands do not wait for the bus"
        );
    }
    assert!(timeout(Duration::from_mins(1), events.next()).await.is_err());
    bus.set(Faults::none());
    assert_eq!(published(&mut events).await, ids(1..=702));
    assert!(bus.hits(BusFault::FailPublish) > 0);
}

#[tokio::test(start_paused = true)]
async fn publishing_that_fails_now_and_then_leaves_nothing_out_and_keeps_the_order() {
    let shaky = Faults::none()
        .with(BusFault::FailPublish, 0.2)
        .with(BusFault::LosePublishAck, 0.2);
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 2, shaky));
    let world = World::with_bus(bus.clone());
    let mut events = listen(&world).await;
    let desks = world.owner().await;
    for n in 0..300 {
        assert_eq!(add(&desks, &n.to_string(), 1).await, Ok(n + 1));
    }
    let seen = published(&mut events).await;
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 302, "every one of them was published");
    assert!(bus.hits(BusFault::FailPublish) > 0 && bus.hits(BusFault::LosePublishAck) > 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_runs_it_is_told_once_that_consumers_are_late_and_once_that_they_are_not() {
    let said = Said::default();
    let said_to = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || said_to.clone())
        .with_ansi(false);
    let _guard = subscriber.finish().set_default();
    let down = Faults::none().with(BusFault::FailPublish, 1.0);
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 1, down.clone()));
    let world = World::with_bus(bus.clone());
    let desks = world.owner().await;
    let mut id = 0;
    for faults in [down.clone(), Faults::none(), down, Faults::none()] {
        bus.set(faults);
        for _ in 0..3 {
            id += 1;
            assert_eq!(add(&desks, &id.to_string(), 1).await, Ok(id));
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
    }
    let lines = said.lines("records are ");
    let levels: Vec<_> = lines
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(levels, ["WARN", "INFO", "WARN", "INFO"], "{lines:#?}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn lines(&self, with: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter(|line| line.contains(with))
            .map(ToOwned::to_owned)
            .collect()
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_owner_goes_on_from_the_saved_cursor() {
    let mut world = World::new();
    world.settings.cursor_every = Duration::from_secs(1);
    let desks = world.owner().await;
    for n in 0..5 {
        assert_eq!(add(&desks, &n.to_string(), 1).await, Ok(n + 1));
    }
    let cursor = async || {
        world
            .store
            .position("relay", &stream(&acme()))
            .await
            .unwrap()
            .map(|at| at.seq)
    };
    until(async || cursor().await == Some(7)).await;
    drop(desks);
    // Another bus, which remembers nothing: repeats would show.
    world.bus = Arc::new(InProcessBus::new());
    let mut events = listen(&world).await;
    let desks = world.owner().await;
    assert_eq!(add(&desks, "next", 1).await, Ok(6));
    assert_eq!(published(&mut events).await, ids(8..=9));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_publishes_what_is_committed_and_saves_the_cursor() {
    let world = World::new();
    let mut events = listen(&world).await;
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    desks.shutdown().await;
    let cursor = world.store.position("relay", &stream(&acme())).await.unwrap();
    assert_eq!(cursor.map(|at| at.seq), Some(3));
    assert_eq!(published(&mut events).await, ids(1..=3));
}
