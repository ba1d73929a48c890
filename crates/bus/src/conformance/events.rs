//! What every bus must do with events.

use bytes::Bytes;
use futures::StreamExt;
use futures::future::join_all;

use super::{QUIET, all_events, event, ids, is_quiet, next, publish, take_ids};
use crate::{Bus, BusError, Headers, MAX_PAYLOAD, MAX_UNACKED};

/// The same id again is no other event, whatever it holds.
pub async fn a_repeated_id_is_dropped(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    publish(bus, 0..2).await;
    publish(bus, 0..3).await;
    assert_eq!(take_ids(&mut events, 3).await, ids(0..3));
    assert!(is_quiet(&mut events).await);
}

/// Subject, id, headers and payload arrive as they were published.
pub async fn events_come_whole(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    let mut sent = event("acme-router:17");
    sent.headers = Headers::from([
        ("ce-type".into(), "Created".into()),
        ("traceparent".into(), "00-4b-51-01".into()),
    ]);
    sent.payload = Bytes::from_static(&[0, 1, 255]);
    bus.publish(sent.clone()).await.expect("the bus works");
    let came = next(&mut events).await;
    assert_eq!(
        (&came.subject, &came.id, &came.headers, &came.payload),
        (&sent.subject, &sent.id, &sent.headers, &sent.payload)
    );
}

/// Publishers at the same time are mixed, but none with itself.
pub async fn each_publishers_order_is_kept(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    let publishers = (0..4).map(|publisher| publish(bus, publisher * 1000..publisher * 1000 + 100));
    let (_, came) = futures::join!(join_all(publishers), take_ids(&mut events, 400));
    for publisher in 0..4 {
        let own = |id: &usize| id / 1000 == publisher;
        let came: Vec<usize> = came.iter().filter_map(|id| id.parse().ok()).filter(own).collect();
        assert_eq!(came, (publisher * 1000..publisher * 1000 + 100).collect::<Vec<_>>());
    }
}

/// What was published before a consumer came is read from the journals.
pub async fn a_new_consumer_begins_with_what_comes_now(bus: &dyn Bus) {
    publish(bus, 0..3).await;
    let mut events = all_events(bus, "one").await;
    publish(bus, 3..5).await;
    assert_eq!(take_ids(&mut events, 2).await, ids(3..5));
}

/// Nothing is missed while nobody reads.
pub async fn a_consumer_continues_where_it_left_off(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    publish(bus, 0..3).await;
    assert_eq!(take_ids(&mut events, 3).await, ids(0..3));
    drop(events);
    publish(bus, 3..6).await;
    let mut events = all_events(bus, "one").await;
    assert_eq!(take_ids(&mut events, 3).await, ids(3..6));
    assert!(is_quiet(&mut events).await);
}

/// A reader that crashed in the middle sees the rest again, in order, before anything newer.
pub async fn what_was_not_acknowledged_comes_again_in_order(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    publish(bus, 0..10).await;
    assert_eq!(take_ids(&mut events, 4).await, ids(0..4));
    let _unacknowledged: Vec<_> = events.by_ref().take(6).collect().await;
    drop(events);
    publish(bus, 10..12).await;
    let mut events = all_events(bus, "one").await;
    assert_eq!(take_ids(&mut events, 8).await, ids(4..12));
}

/// A reader that could not handle an event sees it again, and those after it again, in order.
pub async fn a_dropped_delivery_comes_again_in_order(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    publish(bus, 0..6).await;
    assert_eq!(take_ids(&mut events, 2).await, ids(0..2));
    let mut held: Vec<_> = events.by_ref().take(3).collect().await;
    assert_eq!(
        held.iter().map(|delivery| delivery.id.clone()).collect::<Vec<_>>(),
        ids(2..5)
    );
    drop(held.remove(0));
    assert_eq!(take_ids(&mut events, 4).await, ids(2..6));
    assert!(is_quiet(&mut events).await);
}

/// Consumers take nothing away from each other.
pub async fn every_consumer_gets_everything(bus: &dyn Bus) {
    let mut one = all_events(bus, "one.of two").await;
    let mut other = all_events(bus, "other").await;
    publish(bus, 0..5).await;
    assert_eq!(take_ids(&mut one, 5).await, ids(0..5));
    assert_eq!(take_ids(&mut other, 5).await, ids(0..5));
}

/// `*` and `>` choose by desk and kind.
pub async fn a_subject_narrows_what_comes(bus: &dyn Bus) {
    let mut of_desk = bus.events("desk", "tandem.events.acme.>").await.expect("the bus works");
    let mut of_kind = bus
        .events("kind", "tandem.events.*.Closed")
        .await
        .expect("the bus works");
    for (id, subject) in ["acme.Created", "acme.Closed", "other.Closed", "other.Created"]
        .into_iter()
        .enumerate()
    {
        let mut event = event(&id.to_string());
        event.subject = format!("tandem.events.{subject}");
        bus.publish(event).await.expect("the bus works");
    }
    assert_eq!(take_ids(&mut of_desk, 2).await, ["0", "1"]);
    assert_eq!(take_ids(&mut of_kind, 2).await, ["1", "2"]);
    assert!(is_quiet(&mut of_desk).await && is_quiet(&mut of_kind).await);
}

/// However much is published, a reader holds no more than [`MAX_UNACKED`]; then it goes on where it was.
pub async fn who_acknowledges_nothing_is_given_a_bounded_number(bus: &dyn Bus) {
    let mut events = all_events(bus, "slow").await;
    let count = 4 * MAX_UNACKED;
    publish(bus, 0..count).await;
    let held: Vec<_> = events
        .by_ref()
        .take_until(tokio::time::sleep(QUIET * 3))
        .collect()
        .await;
    assert_eq!(held.len(), MAX_UNACKED);
    for delivery in held {
        delivery.ack().await;
    }
    assert_eq!(
        take_ids(&mut events, count - MAX_UNACKED).await,
        ids(MAX_UNACKED..count)
    );
}

/// It is refused at once, and what follows is not disturbed.
pub async fn an_event_that_is_too_large_is_refused(bus: &dyn Bus) {
    let mut events = all_events(bus, "one").await;
    let mut large = event("large");
    large.payload = vec![0; MAX_PAYLOAD + 1].into();
    assert!(matches!(bus.publish(large).await, Err(BusError::TooLarge { .. })));
    publish(bus, 0..1).await;
    assert_eq!(take_ids(&mut events, 1).await, ids(0..1));
}
