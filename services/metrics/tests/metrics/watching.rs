//! The desk, live.

use std::time::Duration;

use tandem_domain::{Channel, Role};
use tandem_proto::v1;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status, Streaming};

use crate::harness::World;
use crate::server::{Served, own_desk};

const PATIENCE: Duration = Duration::from_secs(20);

fn acme() -> v1::WatchRequest {
    v1::WatchRequest {
        desk: "acme".to_owned(),
    }
}

async fn next(pictures: &mut Streaming<v1::WatchResponse>) -> v1::WatchResponse {
    let next = timeout(PATIENCE, pictures.message()).await.expect("a picture in time");
    next.unwrap().expect("the stream goes on")
}

/// Looks until the picture is as it should be.
async fn until(
    pictures: &mut Streaming<v1::WatchResponse>,
    wanted: impl Fn(&v1::WatchResponse) -> bool,
) -> v1::WatchResponse {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let picture = next(pictures).await;
        if wanted(&picture) {
            return picture;
        }
        assert!(Instant::now() < deadline, "it never came: {picture:?}");
    }
}

fn sales(picture: &v1::WatchResponse) -> Option<&v1::QueueNow> {
    picture.queues.iter().find(|queue| queue.queue == "sales")
}

#[tokio::test]
async fn a_change_is_shown_soon_on_every_replica() {
    let world = World::new().await;
    let replicas = [world.replica("a"), world.replica("b")];
    let mut watchers = Vec::new();
    for replica in replicas {
        let served = Served::of(replica).await;
        let pictures = served
            .caller(Role::Supervisor)
            .await
            .watch(acme())
            .await
            .unwrap()
            .into_inner();
        watchers.push((served, pictures));
    }
    let ticket = world.comes("sales", Channel::Chat).await;
    for (_, pictures) in &mut watchers {
        let shown = until(pictures, |picture| {
            sales(picture).is_some_and(|queue| queue.offered == 1)
        })
        .await;
        let queue = sales(&shown).unwrap();
        assert_eq!((queue.waiting, queue.assigned), (1, 0));
        assert!(queue.oldest_since.is_some());
        assert_eq!(shown.queues.len(), 2, "queues in which nothing is are shown too");
        assert!(
            shown
                .events
                .iter()
                .any(|event| event.kind == "TicketOpened" && event.ticket_id == ticket.0)
        );
    }
    let agent = world.is_taken(ticket).await.unwrap().to_string();
    for (_, pictures) in &mut watchers {
        let shown = until(pictures, |picture| {
            sales(picture).is_some_and(|queue| queue.assigned == 1)
        })
        .await;
        let queue = sales(&shown).unwrap();
        assert_eq!((queue.waiting, queue.oldest_since), (0, None));
        assert_eq!(queue.today.unwrap().accepted, 1);
        let taken = shown.agents.iter().find(|now| now.agent == agent).unwrap();
        assert_eq!((taken.assigned, taken.presence()), (1, v1::Presence::Online));
        assert!(taken.used_units > 0 && taken.capacity_units == 8);
    }
}

#[tokio::test]
async fn pictures_come_at_most_once_a_second_and_at_least_every_five() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    let mut pictures = served
        .caller(Role::Reader)
        .await
        .watch(acme())
        .await
        .unwrap()
        .into_inner();
    until(&mut pictures, |picture| picture.agents.len() == 2).await;
    let began = Instant::now();
    for _ in 0..30 {
        world.comes("sales", Channel::Email).await;
    }
    until(&mut pictures, |picture| {
        sales(picture).is_some_and(|queue| queue.today.unwrap().received == 30)
    })
    .await;
    next(&mut pictures).await;
    assert!(
        began.elapsed() >= Duration::from_millis(1_900),
        "two more pictures take two seconds"
    );
    let quiet = Instant::now();
    next(&mut pictures).await;
    assert!(
        quiet.elapsed() < Duration::from_secs(7),
        "nothing happens, and it is shown"
    );
}

#[tokio::test]
async fn there_is_room_for_so_many_watchers_and_a_place_becomes_free_again() {
    let world = World::new().await;
    let served = Served::of(world.replica_with("a", 1)).await;
    let mut caller = served.caller(Role::Reader).await;
    let mut first = caller.watch(acme()).await.unwrap().into_inner();
    next(&mut first).await;
    let refused = caller.watch(acme()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(first);
    let deadline = Instant::now() + PATIENCE;
    while caller.watch(acme()).await.is_err() {
        assert!(Instant::now() < deadline, "the place never became free");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_replica_stops_and_when_the_token_expires() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    let mut lasting = served
        .caller(Role::Reader)
        .await
        .watch(acme())
        .await
        .unwrap()
        .into_inner();
    let nearly = Duration::from_secs(2);
    let mut late = served.caller_on(Role::Reader, "rita", own_desk(), nearly).await;
    let mut passing = late.watch(acme()).await.unwrap().into_inner();
    let expired = ended(&mut passing).await;
    assert_eq!(expired.code(), Code::Unauthenticated);
    served.replica.life.draining().cancel();
    assert_eq!(ended(&mut lasting).await.code(), Code::Unavailable);
}

/// Why a stream ended.
async fn ended(pictures: &mut Streaming<v1::WatchResponse>) -> Status {
    let end = async {
        loop {
            match pictures.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended without a reason"),
                Err(status) => return status,
            }
        }
    };
    timeout(PATIENCE, end).await.expect("it ends in time")
}
