//! What is kept, and what of it is seen.

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::Code;

use super::{Keeper, answer, name, started};
use crate::harness::{ACME, FOREIGN, assert_refused, eventually};
use crate::letter::Letter;

#[tokio::test]
async fn what_the_journal_does_not_name_is_never_seen() {
    let (world, router, service) = started(&[]).await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    let keeper = Keeper::new(&world, &service).await;
    let draft = keeper.keep(answer(&question, "one", "never sent")).await.unwrap();
    let note = v1::StoreAnswerRequest {
        internal: true,
        ..answer(&question, "two", "for the desk only")
    };
    let named = keeper.keep(note).await.unwrap();
    name(&router, &question, named, false).await;
    let mut reader = world.caller(&service, Role::Reader, "reader").await;
    let of_ticket = v1::ListMessagesRequest {
        desk: ACME.to_owned(),
        ticket_id: question.ticket_id,
        ..Default::default()
    };
    let mut listed = Vec::new();
    eventually(async || {
        let answer = reader.clone().list_messages(of_ticket.clone()).await;
        listed = answer.unwrap().into_inner().messages;
        listed.len() == 2
    })
    .await;
    assert_eq!(listed[0].direction(), v1::MessageDirection::Inbound);
    assert_eq!(listed[1].direction(), v1::MessageDirection::Note);
    assert_eq!(
        (listed[1].message_id.clone(), listed[1].text.as_str()),
        (named.to_string(), "for the desk only")
    );
    let draft = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id: draft.to_string(),
        with_raw: false,
    };
    assert_refused(reader.get_message(draft).await, Code::NotFound, &[]);
}

#[tokio::test]
async fn the_same_request_is_the_same_answer_and_another_one_under_its_id_is_refused() {
    let (world, _router, service) = started(&[]).await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    let keeper = Keeper::new(&world, &service).await;
    let first = keeper.keep(answer(&question, "one", "Hello")).await.unwrap();
    assert_eq!(keeper.keep(answer(&question, "one", "Hello")).await.unwrap(), first);
    let other = keeper.keep(answer(&question, "one", "Good bye")).await;
    assert_refused(other, Code::InvalidArgument, &["request_id"]);
    let of_another_caller = v1::StoreAnswerRequest {
        caller: "ana".to_owned(),
        ..answer(&question, "one", "Good bye")
    };
    assert_ne!(keeper.keep(of_another_caller).await.unwrap(), first);
}

/// The desk remembers no request that it refused, so its id may come again; what was kept for one customer must not go to
/// another one then.
#[tokio::test]
async fn the_same_words_to_another_customer_are_another_answer() {
    let (world, _router, service) = started(&[]).await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    assert_eq!(service.takes(&Letter::new("m2")).await, 250);
    let questions = world.settled(&service, ACME).await;
    assert_ne!(questions[0].conversation_id, questions[1].conversation_id);
    let keeper = Keeper::new(&world, &service).await;
    let first = keeper.keep(answer(&questions[0], "one", "It is done.")).await.unwrap();
    let second = keeper.keep(answer(&questions[1], "one", "It is done.")).await.unwrap();
    assert_ne!(first, second);
}

#[tokio::test]
async fn bad_answers_and_callers_are_told_what_is_wrong() {
    let (world, _router, service) = started(&[]).await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    let keeper = Keeper::new(&world, &service).await;
    let good = answer(&question, "one", "Hello");
    let change = |change: fn(&mut v1::StoreAnswerRequest)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad
    };
    for (field, bad) in [
        ("request_id", change(|bad| bad.request_id.clear())),
        ("caller", change(|bad| bad.caller = "x".repeat(129))),
        ("text", change(|bad| bad.text = " \n\t".to_owned())),
        ("text", change(|bad| bad.text = "x".repeat((256 << 10) + 1))),
        ("conversation_id", change(|bad| bad.conversation_id = "7".to_owned())),
        (
            "conversation_id",
            change(|bad| bad.conversation_id = uuid::Uuid::from_u128(7).to_string()),
        ),
        ("ticket_id", change(|bad| bad.ticket_id = 0)),
        ("author", change(|bad| bad.author = "not a key".to_owned())),
    ] {
        assert_refused(keeper.keep(bad).await, Code::InvalidArgument, &[field]);
    }
    let foreign = change(|bad| bad.desk = FOREIGN.to_owned());
    assert_eq!(keeper.keep(foreign).await.unwrap_err().code(), Code::PermissionDenied);
    for role in [Role::Admin, Role::Agent, Role::Channel] {
        let mut caller = world.caller(&service, role, "ana").await;
        let denied = caller.store_answer(good.clone()).await.unwrap_err();
        assert_eq!(denied.code(), Code::PermissionDenied, "{role:?}");
    }
    let mut boss = world.caller(&service, Role::Supervisor, "boss").await;
    let retry = v1::RetryDeliveryRequest {
        desk: ACME.to_owned(),
        request_id: "one".to_owned(),
        message_id: "7".to_owned(),
    };
    assert_refused(
        boss.retry_delivery(retry.clone()).await,
        Code::InvalidArgument,
        &["message_id"],
    );
    let unknown = v1::RetryDeliveryRequest {
        message_id: uuid::Uuid::from_u128(7).to_string(),
        ..retry
    };
    assert!(!boss.retry_delivery(unknown).await.unwrap().into_inner().retried);
    let parked = v1::RetryParkedMessageRequest {
        desk: ACME.to_owned(),
        request_id: "one".to_owned(),
        message_id: "7".to_owned(),
    };
    assert_refused(
        boss.retry_parked_message(parked).await,
        Code::InvalidArgument,
        &["message_id"],
    );
}
