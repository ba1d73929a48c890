//! What happens to servers and networks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use tandem_bus::conformance::{all_events, event, ids, is_quiet, next, publish, take_ids, within};
use tandem_bus::nats::{NatsBus, STREAM};
use tandem_bus::{Bus, BusError, Delivery, Headers};
use tandem_test_support::nats::Nats;
use tandem_test_support::proxy::Proxy;
use tokio::task::JoinHandle;

use super::{connect, start};

/// Publishes as the relay does: again and again under the same id until it is acknowledged.
fn persist(bus: &Arc<NatsBus>, numbers: std::ops::Range<usize>) -> JoinHandle<()> {
    let bus = bus.clone();
    tokio::spawn(async move {
        for number in numbers {
            while bus.publish(event(&number.to_string())).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    })
}

/// Reads as consumers do: repeats are dropped. Whatever is newer than `last` must be the next, up to `until`.
async fn read_in_order(events: &mut BoxStream<'static, Delivery>, next_one: &mut usize, until: usize) {
    while *next_one < until {
        let delivery = next(events).await;
        let number: usize = delivery.id.parse().expect("ids are numbers here");
        assert!(number <= *next_one, "{number} came before {next_one}");
        *next_one = (*next_one).max(number + 1);
        delivery.ack().await;
    }
}

/// The server's own view, to do to it what an operator might.
async fn operator(nats: &Nats) -> async_nats::jetstream::stream::Stream {
    let client = async_nats::connect(nats.url()).await.expect("the server runs");
    async_nats::jetstream::new(client)
        .get_stream(STREAM)
        .await
        .expect("the stream is there")
}

async fn proxied() -> Option<(Nats, Proxy, NatsBus)> {
    let nats = Nats::start().await?;
    let proxy = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, nats.port()))).await;
    let bus = connect(&format!("nats://127.0.0.1:{}", proxy.port())).await;
    Some((nats, proxy, bus))
}

async fn until_connected(bus: &NatsBus, connected: bool) {
    let reached = async {
        while bus.is_connected() != connected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(reached).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_and_reading_go_on_in_order_when_the_server_is_killed() {
    let Some((bus, mut nats)) = start().await else { return };
    let bus = Arc::new(bus);
    let mut events = all_events(&*bus, "one").await;
    let publishing = persist(&bus, 0..2_000);
    let mut came = 0;
    for kill_at in [100, 700, 1_300] {
        read_in_order(&mut events, &mut came, kill_at).await;
        nats.kill9();
        until_connected(&bus, false).await;
        nats.restart().await;
    }
    read_in_order(&mut events, &mut came, 2_000).await;
    publishing.await.expect("everything was published");
}

#[tokio::test]
async fn requests_and_hints_go_on_when_the_server_is_killed() {
    let Some((bus, mut nats)) = start().await else { return };
    let mut requests = bus.serve("tandem.cmd.router.acme").await.unwrap();
    let mut hints = bus.hints("tandem.hint.>").await.unwrap();
    nats.kill9();
    until_connected(&bus, false).await;
    nats.restart().await;
    until_connected(&bus, true).await;

    bus.hint("tandem.hint.after", "1".into()).await.unwrap();
    assert_eq!(next(&mut hints).await.0, "tandem.hint.after");
    let asking = bus.request(
        "tandem.cmd.router.acme",
        Headers::new(),
        "question".into(),
        Duration::from_secs(20),
    );
    let (answer, ()) = futures::join!(asking, async { next(&mut requests).await.reply("answer".into()) });
    assert_eq!(answer, Ok("answer".into()));
}

#[tokio::test]
async fn without_a_server_every_call_fails_at_once_until_it_is_there() {
    let Some(mut nats) = Nats::start().await else { return };
    nats.kill9();
    let bus = connect(&nats.url()).await;
    assert!(!bus.is_connected());
    let unavailable = |outcome: Result<(), BusError>| assert!(matches!(outcome, Err(BusError::Unavailable(_))));
    unavailable(bus.publish(event("0")).await);
    unavailable(bus.hint("tandem.hint.x", "".into()).await);
    unavailable(bus.events("one", "tandem.events.>").await.map(drop));
    unavailable(
        bus.request("tandem.cmd.x.y", Headers::new(), "".into(), Duration::from_secs(20))
            .await
            .map(drop),
    );

    nats.restart().await;
    until_connected(&bus, true).await;
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..3).await;
    assert_eq!(take_ids(&mut events, 3).await, ids(0..3));
}

#[tokio::test]
async fn a_deleted_stream_is_made_again_and_read_on() {
    let Some((bus, nats)) = start().await else { return };
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..5).await;
    assert_eq!(take_ids(&mut events, 5).await, ids(0..5));
    let stream = operator(&nats).await;
    async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap())
        .delete_stream(STREAM)
        .await
        .unwrap();
    // Published before the reader may have noticed: it must not miss them.
    publish(&bus, 5..10).await;
    assert_eq!(take_ids(&mut events, 5).await, ids(5..10));
    let made_again = operator(&nats).await;
    assert_eq!(
        made_again.cached_info().config.subjects,
        stream.cached_info().config.subjects
    );
    assert_eq!(
        made_again.cached_info().config.discard,
        stream.cached_info().config.discard
    );
}

#[tokio::test]
async fn a_stream_deleted_while_nobody_publishes_is_made_again_by_its_readers() {
    let Some((bus, nats)) = start().await else { return };
    let mut events = all_events(&bus, "one").await;
    async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap())
        .delete_stream(STREAM)
        .await
        .unwrap();
    let reading = tokio::spawn(async move { take_ids(&mut events, 1).await });
    let client = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    let made_again = async {
        while client.get_stream(STREAM).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(made_again).await;
    publish(&bus, 7..8).await;
    assert_eq!(reading.await.unwrap(), ["7"]);
}

#[tokio::test]
async fn a_deleted_consumer_is_made_again_where_it_was() {
    let Some((bus, nats)) = start().await else { return };
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..5).await;
    assert_eq!(take_ids(&mut events, 5).await, ids(0..5));
    operator(&nats).await.delete_consumer("one").await.unwrap();
    publish(&bus, 5..10).await;
    assert_eq!(take_ids(&mut events, 5).await, ids(5..10));
    assert!(is_quiet(&mut events).await);
}

#[tokio::test]
async fn lost_events_are_a_gap_and_the_rest_comes() {
    let Some((bus, nats)) = start().await else { return };
    let stream = operator(&nats).await;
    drop(all_events(&bus, "one").await);
    publish(&bus, 0..10).await;
    for sequence in 4..=7 {
        stream.delete_message(sequence).await.unwrap();
    }
    let mut events = all_events(&bus, "one").await;
    assert_eq!(take_ids(&mut events, 6).await, ["0", "1", "2", "7", "8", "9"]);
    publish(&bus, 10..12).await;
    stream.purge().await.unwrap();
    publish(&bus, 12..14).await;
    // What was purged had perhaps been delivered already; what is new comes in any case.
    while take_ids(&mut events, 1).await != ["13"] {}
}

#[tokio::test]
async fn a_restarted_process_sees_again_what_it_had_not_acknowledged() {
    let Some((bus, nats)) = start().await else { return };
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..6).await;
    assert_eq!(take_ids(&mut events, 2).await, ids(0..2));
    let unacknowledged = next(&mut events).await;
    assert_eq!(unacknowledged.id, "2");
    // The same order on one connection: when this is answered, so are the acknowledgements taken.
    publish(&bus, 6..7).await;

    let restarted = connect(&nats.url()).await;
    let mut events = all_events(&restarted, "one").await;
    assert_eq!(take_ids(&mut events, 5).await, ids(2..7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_survives_connections_that_break_again_and_again() {
    let Some((_nats, proxy, bus)) = proxied().await else {
        return;
    };
    let bus = Arc::new(bus);
    let mut events = all_events(&*bus, "one").await;
    let publishing = persist(&bus, 0..1_000);
    let mut came = 0;
    for cut_at in (50..1_000).step_by(150) {
        read_in_order(&mut events, &mut came, cut_at).await;
        proxy.cut();
    }
    read_in_order(&mut events, &mut came, 1_000).await;
    publishing.await.expect("everything was published");
}

#[tokio::test]
async fn an_event_lost_on_the_way_comes_again_though_nothing_follows_it() {
    let Some((nats, proxy, bus)) = proxied().await else {
        return;
    };
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..1).await;
    assert_eq!(take_ids(&mut events, 1).await, ids(0..1));
    let (stream, elsewhere) = (operator(&nats).await, connect(&nats.url()).await);
    // The reader has asked for more before the network stands still.
    assert!(is_quiet(&mut events).await);
    proxy.pause();
    publish(&elsewhere, 1..2).await;
    while stream.consumer_info("one").await.unwrap().delivered.stream_sequence < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    proxy.cut();
    proxy.heal();
    assert_eq!(take_ids(&mut events, 1).await, ids(1..2));
}

#[tokio::test]
async fn a_network_that_swallows_everything_times_out_and_recovers() {
    let Some((_nats, proxy, bus)) = proxied().await else {
        return;
    };
    let mut events = all_events(&bus, "one").await;
    publish(&bus, 0..1).await;
    assert_eq!(take_ids(&mut events, 1).await, ids(0..1));
    proxy.pause();
    assert!(matches!(bus.publish(event("1")).await, Err(BusError::Timeout(_))));
    let asked = bus
        .request("tandem.cmd.x.y", Headers::new(), "".into(), Duration::from_millis(100))
        .await;
    assert!(matches!(asked, Err(BusError::Timeout(_))));
    // Long enough for the reader to miss heartbeats and to fail to start over.
    let while_paused = tokio::time::timeout(Duration::from_secs(3), futures::StreamExt::next(&mut events)).await;
    assert!(while_paused.is_err());
    proxy.heal();
    // The outcome was unknown; under the same id it is one event, whatever it was.
    publish(&bus, 1..3).await;
    assert_eq!(take_ids(&mut events, 2).await, ids(1..3));
}
