//! The consumer's position and the router's history may be otherwise than the core remembers.

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::InProcessBus;
use tandem_desk::{Desks, Settings};
use tandem_service_kit::ids::SystemIds;
use tandem_store::{Commit, JournalStore, MemoryStore, PositionUpdate, Stream};

use crate::desk::{AT_BREACH, desk_file, webhook};
use crate::harness::{World, acme, eventually};
use crate::sink::Sink;

#[tokio::test]
async fn a_core_that_knows_less_than_was_consumed_is_told_again() {
    let (world, _sink) = World::paging("1s", AT_BREACH).await;
    let overlooked = world.open_ticket().await;
    let stream = Stream::new("router", acme());
    let to = world.store.tail(&stream).await.unwrap().unwrap();
    let ahead = PositionUpdate {
        consumer: "escalation".to_owned(),
        stream,
        from: None,
        to,
    };
    let commit = Commit {
        positions: vec![ahead],
        ..Commit::default()
    };
    world.store.commit(commit).await.unwrap();
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let next = world.open_ticket().await;
    eventually(async || !caller.clocks(next).await.is_empty()).await;
    eventually(async || !caller.clocks(overlooked).await.is_empty()).await;
}

fn router(store: &MemoryStore, bus: &Arc<InProcessBus>) -> Desks<tandem_routing::RoutingCore> {
    let settings = Settings {
        head_every: Duration::from_millis(200),
        lease_ttl: Duration::from_secs(1),
        lease_every: Duration::from_millis(200),
        lease_margin: Duration::from_millis(200),
        ..Settings::default()
    };
    Desks::start(settings, Arc::new(store.clone()), bus.clone(), Arc::new(SystemIds))
}

/// The router's data and escalation's are in different stores here: one is restored from an older backup, the other is not.
#[tokio::test]
async fn a_rewritten_history_is_followed_anew() {
    let (own, first, second) = (MemoryStore::new(), MemoryStore::new(), MemoryStore::new());
    let bus = Arc::new(InProcessBus::new());
    let sink = Sink::start().await;
    let file = desk_file("1s", AT_BREACH, &webhook("pager", &sink.url()), "pager");
    let before = World::with_router(Arc::new(first.clone()), bus.clone(), router(&first, &bus));
    before.apply(&file).await;
    let replica = before.replica_on(Arc::new(own.clone()), bus.clone(), &[]).await;
    let caller = before.supervisor(&replica).await;
    let lost = [
        before.open_ticket().await,
        before.open_ticket().await,
        before.open_ticket().await,
    ];
    eventually(async || sink.count() == 3).await;
    before.router.shutdown().await;

    let after = World::with_router(Arc::new(second.clone()), bus.clone(), router(&second, &bus));
    after.apply(&file).await;
    let kept = after.open_ticket().await;
    assert_eq!(kept, lost[0], "numbers are used again");
    eventually(async || {
        let known = own.rows(&acme(), "clock", "", None, 100).await.unwrap();
        !known.rows.is_empty() && caller.clocks(lost[2]).await.is_empty()
    })
    .await;
    eventually(async || sink.count() == 4).await;
    let numbers: std::collections::BTreeSet<_> = sink.calls().iter().map(|call| call.id().to_owned()).collect();
    assert_eq!(numbers.len(), 4, "a number that is used again is another notification");
}
