//! The faulty bus does what it is told, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tandem_bus::faulty::{Fault, Faults, FaultyBus};
use tandem_bus::{Bus, BusError, EventMessage, Headers, InProcessBus};

fn bus(faults: Faults) -> FaultyBus {
    FaultyBus::new(Arc::new(InProcessBus::new()), 7, faults)
}

fn event(number: usize) -> EventMessage {
    EventMessage {
        subject: "tandem.events.acme.Created".into(),
        id: number.to_string(),
        headers: Headers::new(),
        payload: Bytes::new(),
    }
}

/// What `count` published events look like at the other end.
async fn delivered(bus: &FaultyBus, count: usize) -> Vec<usize> {
    let events = bus.events("test", "tandem.events.>").await.expect("an in-process bus");
    for number in 0..count {
        // Some faults make it fail; a publisher would repeat.
        let _ = bus.publish(event(number)).await;
    }
    let quiet = tokio::time::sleep(Duration::from_mins(1));
    let acked = events.then(async |delivery| {
        let number = delivery.id.parse::<usize>().expect("ids are numbers here");
        delivery.ack().await;
        number
    });
    acked.take_until(quiet).collect().await
}

async fn ask(bus: &FaultyBus) -> Result<Bytes, BusError> {
    bus.request(
        "tandem.cmd.router.acme",
        Headers::new(),
        Bytes::new(),
        Duration::from_secs(5),
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn without_faults_nothing_is_changed() {
    let bus = bus(Faults::none());
    assert_eq!(delivered(&bus, 100).await, (0..100).collect::<Vec<_>>());
    assert!(Fault::ALL.iter().all(|fault| bus.hits(*fault) == 0));
}

#[tokio::test(start_paused = true)]
async fn acknowledged_events_are_lost() {
    let bus = bus(Faults::none().with(Fault::LoseEvent, 0.3));
    let delivered = delivered(&bus, 100).await;
    assert_eq!(delivered.len() as u64, 100 - bus.hits(Fault::LoseEvent));
    assert!((1..100).contains(&delivered.len()));
    assert!(delivered.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn deliveries_are_repeated() {
    let bus = bus(Faults::none().with(Fault::RepeatDelivery, 0.3));
    let mut delivered = delivered(&bus, 100).await;
    assert_eq!(delivered.len() as u64, 100 + bus.hits(Fault::RepeatDelivery));
    assert!(bus.hits(Fault::RepeatDelivery) > 0);
    delivered.dedup();
    assert_eq!(delivered, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn deliveries_overtake_each_other() {
    let bus = bus(Faults::none().with(Fault::SwapDeliveries, 0.3));
    let mut delivered = delivered(&bus, 100).await;
    assert!(!delivered.is_sorted());
    delivered.sort_unstable();
    assert_eq!(delivered, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_publish_of_unknown_outcome_may_or_may_not_have_happened() {
    let bus = bus(Faults::none()
        .with(Fault::FailPublish, 0.3)
        .with(Fault::LosePublishAck, 0.3));
    let delivered = delivered(&bus, 100).await;
    assert_eq!(delivered.len() as u64, 100 - bus.hits(Fault::FailPublish));
    assert!(bus.hits(Fault::LosePublishAck) > 0);
}

#[tokio::test(start_paused = true)]
async fn requests_and_replies_are_lost() {
    let bus = bus(Faults::none());
    let mut requests = bus.serve("tandem.cmd.router.acme").await.unwrap();
    let server = tokio::spawn(async move {
        let mut served = 0;
        while let Some(request) = requests.next().await {
            served += 1;
            request.reply(Bytes::new());
            if served == 2 {
                return;
            }
        }
    });

    bus.set(Faults::none().with(Fault::NoResponder, 1.0));
    assert!(matches!(ask(&bus).await, Err(BusError::NoResponder(_))));
    bus.set(Faults::none().with(Fault::LoseRequest, 1.0));
    assert!(matches!(ask(&bus).await, Err(BusError::Timeout(_))));
    bus.set(Faults::none().with(Fault::LoseReply, 1.0));
    assert!(matches!(ask(&bus).await, Err(BusError::Timeout(_))));
    bus.set(Faults::none());
    assert_eq!(ask(&bus).await, Ok(Bytes::new()));
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hints_are_lost() {
    let bus = bus(Faults::none().with(Fault::LoseHint, 1.0));
    let mut hints = bus.hints("tandem.hint.>").await.unwrap();
    bus.hint("tandem.hint.lost", Bytes::new()).await.unwrap();
    bus.set(Faults::none());
    bus.hint("tandem.hint.found", Bytes::new()).await.unwrap();
    assert_eq!(hints.next().await.unwrap().0, "tandem.hint.found");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_does_the_same_wrong() {
    let first = delivered(&bus(Faults::all(0.2)), 100).await;
    assert_eq!(first, delivered(&bus(Faults::all(0.2)), 100).await);
}
