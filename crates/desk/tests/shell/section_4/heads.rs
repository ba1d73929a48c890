//! Heads: on opening and every two seconds.

use std::time::Duration;

use futures::StreamExt;
use tandem_desk::Head;
use tandem_domain::Clock;
use tokio::time::{Instant, timeout};

use crate::support::ledger::Command;
use crate::support::{World, acme, add, stream, submitting};

type Heads = futures::stream::BoxStream<'static, (String, bytes::Bytes)>;

async fn next(heads: &mut Heads) -> Head {
    let (_, payload) = timeout(Duration::from_secs(10), heads.next()).await.unwrap().unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn listen(world: &World) -> Heads {
    world.bus.hints("tandem.head.ledger.*").await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_head_is_announced_on_opening_and_every_two_seconds() {
    let world = World::new();
    let mut heads = listen(&world).await;
    let desks = world.owner().await;
    let opened = next(&mut heads).await;
    assert_eq!((opened.stream(), opened.seq), (stream(&acme()), 2));
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    let started = Instant::now();
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(next(&mut heads).await);
    }
    assert!(started.elapsed() <= Duration::from_secs(11), "{:?}", started.elapsed());
    assert_eq!(
        seen.last().unwrap().seq,
        3,
        "the last event shows without another one after it"
    );
    assert_eq!(seen.last().unwrap().incarnation, opened.incarnation);
    assert!(world.store.clock().now().since(seen.last().unwrap().at) <= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn no_event_ever_comes_behind_a_head_with_a_time_before_it() {
    let world = World::new();
    let desks = world.owner().await;
    let mut heads = listen(&world).await;
    let gate = world.hold_commit();
    let held = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let mut before = Vec::new();
    for _ in 0..3 {
        before.push(next(&mut heads).await);
    }
    gate.open();
    assert_eq!(held.await.unwrap(), Ok(1));
    let event = world.journal(&acme()).await.pop().unwrap();
    for head in before {
        assert!(head.seq < event.seq);
        assert!(head.at <= event.at, "{head:?} promised that nothing earlier comes");
    }
}
