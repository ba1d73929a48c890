//! The in-process bus does what every bus must do, and stays within its bounds.

use std::future::{Ready, ready};

use futures::StreamExt;
use tandem_bus::conformance::{all_events, ids, is_quiet, publish, take_ids};
use tandem_bus::{Bounds, InProcessBus};

fn start() -> Ready<Option<(InProcessBus, ())>> {
    ready(Some((InProcessBus::new(), ())))
}

tandem_bus::bus_conformance!(start);

#[tokio::test]
async fn a_slow_consumer_costs_bounded_memory_and_goes_on_with_a_gap() {
    let bus = InProcessBus::with_bounds(Bounds {
        events: 100,
        ..Bounds::default()
    });
    let mut slow = all_events(&bus, "slow").await;
    publish(&bus, 0..10_000).await;
    assert_eq!(bus.kept_events(), 100);
    assert_eq!(take_ids(&mut slow, 100).await, ids(9_900..10_000));
    assert!(is_quiet(&mut slow).await);
}

#[tokio::test]
async fn a_second_reader_of_a_consumer_takes_over() {
    let bus = InProcessBus::new();
    let mut old = all_events(&bus, "one").await;
    let mut new = all_events(&bus, "one").await;
    publish(&bus, 0..1).await;
    assert_eq!(take_ids(&mut new, 1).await, ["0"]);
    assert!(old.next().await.is_none());
}
