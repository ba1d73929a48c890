//! Receivers that fail, and what becomes of what they should have got.

use crate::desk::{AT_BREACH, desk_file, webhook};
use crate::harness::{World, eventually};
use crate::sink::{Answer, Sink, status};

#[tokio::test]
async fn a_receiver_that_fails_gets_the_same_notification_again() {
    let (world, sink) = World::paging("1s", AT_BREACH).await;
    sink.plan([status(500)]);
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || sink.count() == 1).await;
    eventually(async || {
        caller
            .notifications(false)
            .await
            .iter()
            .any(|waiting| waiting.attempts == 1)
    })
    .await;
    let waiting = caller.notifications(false).await.remove(0);
    assert_eq!((waiting.contact.as_str(), waiting.failure.as_str()), ("pager", ""));
    assert!(waiting.next_attempt_at.is_some());
    assert!(caller.notifications(true).await.is_empty(), "it is not given up");
    eventually(async || sink.count() == 2).await;
    let calls = sink.calls();
    assert_eq!(calls[0].id(), calls[1].id());
    assert_eq!(calls[0].id(), waiting.notification_id);
    assert!(calls.iter().all(crate::sink::Call::is_signed));
    eventually(async || caller.notifications(false).await.is_empty()).await;
}

#[tokio::test]
async fn an_address_that_is_gone_is_not_called_again_until_somebody_says_so() {
    let (world, sink) = World::paging("1s", AT_BREACH).await;
    sink.plan([status(410)]);
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(true).await.len() == 1).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(true).await.len() == 2).await;
    assert_eq!(sink.count(), 1, "the second one was not even tried");
    let given_up = caller.notifications(true).await;
    assert!(
        given_up.iter().all(|failed| failed.failure.contains("410")),
        "{given_up:?}"
    );
    assert!(caller.retries(&given_up[1].notification_id).await);
    eventually(async || sink.count() == 2).await;
    eventually(async || caller.notifications(true).await.len() == 1).await;
    assert!(
        !caller.retries("N99-0-webhook-pager").await,
        "there is no such notification"
    );
}

#[tokio::test]
async fn a_new_address_is_called_although_the_old_one_was_gone() {
    let world = World::new();
    let (old, new) = (Sink::start().await, Sink::start().await);
    old.plan([status(410)]);
    world
        .apply(&desk_file("1s", AT_BREACH, &webhook("pager", &old.url()), "pager"))
        .await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(true).await.len() == 1).await;
    world
        .apply(&desk_file("1s", AT_BREACH, &webhook("pager", &new.url()), "pager"))
        .await;
    world.open_ticket().await;
    eventually(async || new.count() == 1).await;
    assert_eq!(old.count(), 1);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_answers_nonsense_holds_up_nobody_else() {
    let world = World::new();
    let (bad, good) = (Sink::start().await, Sink::start().await);
    bad.plan((0..6).map(|number| match number % 3 {
        0 => Answer::Hang,
        1 => Answer::Raw("220 mail.example ESMTP\r\n".to_owned()),
        _ => Answer::Raw(format!("HTTP/1.1 307 Elsewhere\r\nlocation: {}\r\n\r\n", good.url())),
    }));
    let contacts = webhook("bad", &bad.url()) + &webhook("good", &good.url());
    world.apply(&desk_file("1s", AT_BREACH, &contacts, "bad, good")).await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    for _ in 0..6 {
        world.open_ticket().await;
    }
    eventually(async || good.count() == 6).await;
    eventually(async || bad.count() >= 6).await;
    eventually(async || caller.notifications(false).await.is_empty()).await;
    let told: std::collections::BTreeSet<_> = bad.calls().iter().map(|call| call.id().to_owned()).collect();
    assert_eq!(
        (told.len(), good.count()),
        (6, 6),
        "each comes through in the end, and redirects lead nowhere"
    );
}

#[tokio::test]
async fn a_receiver_inside_is_not_called_unless_that_is_allowed() {
    let (world, sink) = World::paging("1s", AT_BREACH).await;
    let replica = world.replica_with(&[("TANDEM_WEBHOOKS__ALLOW_PRIVATE", "false")]).await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(true).await.len() == 1).await;
    let failure = caller.notifications(true).await.remove(0).failure;
    assert!(failure.contains("allow_private"), "{failure}");
    assert!(!failure.contains("127.0.0.1"), "no address is told: {failure}");
    assert_eq!(sink.count(), 0);
}

#[tokio::test]
async fn nothing_is_lost_while_the_router_or_the_secret_is_away() {
    let world = World::new();
    let sink = Sink::start().await;
    world.files.set_away(true);
    world
        .apply(&desk_file("1s", AT_BREACH, &webhook("pager", &sink.url()), "pager"))
        .await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(false).await.len() == 1).await;
    assert_eq!(caller.notifications(false).await[0].attempts, 0, "that was no try");
    std::fs::remove_file(world.secrets.path().join("pager")).unwrap();
    world.files.set_away(false);
    eventually(async || {
        caller
            .notifications(false)
            .await
            .iter()
            .any(|waiting| waiting.attempts == 1)
    })
    .await;
    std::fs::write(world.secrets.path().join("pager"), crate::sink::SECRET).unwrap();
    eventually(async || sink.count() == 1).await;
    assert!(sink.calls()[0].is_signed());
}
