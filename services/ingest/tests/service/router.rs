//! A router that is away, slow, or refuses.

use futures::{FutureExt, StreamExt};
use tandem_bus::{Bus, subject};
use tandem_desk::Settings;
use tandem_domain::Role;
use tandem_proto::v1;
use tandem_store::MemoryStore;
use tokio::time::{Instant, timeout};
use tonic::Code;

use crate::harness::{ACME, DEADLINE, GLOBEX, World, assert_refused, desk_file, events, eventually, key};
use crate::letter::Letter;

#[tokio::test]
async fn while_nobody_owns_the_desk_mail_is_taken_and_it_arrives_when_the_owner_is_back() {
    let (world, router, service) = World::started().await;
    router.shutdown().await;
    for id in ["m1", "m2", "m3"] {
        assert_eq!(service.takes(&Letter::new(id)).await, 250);
    }
    let mut client = world.caller(&service, Role::Reader, "reader").await;
    let request = v1::ListMessagesRequest {
        desk: ACME.to_owned(),
        ..Default::default()
    };
    let waiting = client.list_messages(request).await.unwrap().into_inner().messages;
    assert!(
        waiting
            .iter()
            .all(|message| message.ticket_id == 0 && message.unrouted_reason.is_empty())
    );
    assert_eq!(waiting.len(), 3);
    let _router = world.router();
    let mut tickets: Vec<_> = world
        .settled(&service, ACME)
        .await
        .iter()
        .map(|message| message.ticket_id)
        .collect();
    tickets.sort_unstable();
    assert_eq!(tickets, [1, 2, 3]);
}

#[tokio::test]
async fn what_was_taken_before_a_restart_arrives_after_it() {
    let (world, router, service) = World::started().await;
    router.shutdown().await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    service.stop().await;
    let (_router, service) = (world.router(), world.ingest().await);
    assert_eq!(world.settled(&service, ACME).await[0].ticket_id, 1);
}

#[tokio::test]
async fn an_owner_that_does_not_answer_holds_up_no_other_desk() {
    let (world, _router, service) = World::started().await;
    let mut hanging = world
        .bus
        .serve(&subject::command("router", &key(GLOBEX)))
        .await
        .unwrap();
    let to_globex = |id| Letter::new(id).to(&["help@globex.example"]);
    assert_eq!(service.takes(&to_globex("m1")).await, 250);
    let held = timeout(DEADLINE, hanging.next()).await.unwrap().unwrap();
    let since = Instant::now();
    assert_eq!(service.takes(&to_globex("m2")).await, 250);
    for number in 1..=3 {
        assert_eq!(service.takes(&Letter::new(&format!("a{number}"))).await, 250);
        let messages = world.settled(&service, ACME).await;
        assert_eq!(messages.last().unwrap().ticket_id, number);
    }
    assert!(
        since.elapsed() < Settings::default().call_timeout,
        "they waited until the call was given up"
    );
    assert!(
        hanging.next().now_or_never().is_none(),
        "a busy desk is not asked twice at once"
    );
    drop(hanging);
    held.reply("nothing that can be read".into());
    assert_eq!(world.settled(&service, GLOBEX).await.len(), 2);
}

/// A router that was restored from a backup of before its desk file was applied.
#[tokio::test]
async fn what_the_router_refuses_is_parked_listed_and_retried_by_hand() {
    let (world, router, service) = World::started().await;
    router.shutdown().await;
    let restored = MemoryStore::new();
    let router = world.router_on(std::sync::Arc::new(restored.clone()));
    router.create(&key(ACME)).await.unwrap();
    for id in ["m1", "m2"] {
        assert_eq!(service.takes(&Letter::new(id)).await, 250);
    }
    let mut client = world.caller(&service, Role::Supervisor, "boss").await;
    let mut request = v1::ListParkedMessagesRequest {
        desk: ACME.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let mut first = v1::ListParkedMessagesResponse::default();
    eventually(async || {
        first = client
            .clone()
            .list_parked_messages(request.clone())
            .await
            .unwrap()
            .into_inner();
        !first.next_page_token.is_empty()
    })
    .await;
    request.page_token = first.next_page_token;
    let second = client.list_parked_messages(request.clone()).await.unwrap().into_inner();
    assert_eq!(
        (first.items.len(), second.items.len(), second.next_page_token.as_str()),
        (1, 1, "")
    );
    let item = &first.items[0];
    assert!(item.reason.contains("no desk file yet"), "{item:?}");
    assert!(item.parked_at.is_some() && item.what.starts_with("message"), "{item:?}");

    world.files.answer(Some(Ok(desk_file(ACME))));
    world.apply(&router, ACME, &desk_file(ACME)).await;
    let retry = v1::RetryParkedMessageRequest {
        desk: ACME.to_owned(),
        request_id: "one".to_owned(),
        message_id: item.parked_id.clone(),
    };
    let retried = async |request: v1::RetryParkedMessageRequest| {
        let answer = client.clone().retry_parked_message(request).await;
        answer.unwrap().into_inner().retried
    };
    assert!(retried(retry.clone()).await);
    eventually(async || events(&restored, ACME).await.len() == 2).await;
    assert!(!retried(retry.clone()).await, "it is not parked any more");
    let foreign = v1::RetryParkedMessageRequest {
        desk: GLOBEX.to_owned(),
        message_id: second.items[0].parked_id.clone(),
        ..retry.clone()
    };
    assert!(!retried(foreign).await, "it is another desk's");
    let nameless = v1::RetryParkedMessageRequest {
        request_id: String::new(),
        ..retry
    };
    assert_refused(
        client.retry_parked_message(nameless).await,
        Code::InvalidArgument,
        &["request_id"],
    );
    request.page_token.clear();
    let left = client.list_parked_messages(request).await.unwrap().into_inner().items;
    assert_eq!(left, second.items, "the other one waits for a hand");
}
