//! Messages that other systems submit.

use futures::future::join_all;
use tandem_domain::{Channel, Role, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_service_kit::grpc::Client;
use tandem_store::memory::{Fault, Operation};
use tonic::Code;

use crate::harness::{ACME, GLOBEX, Service, World, assert_refused, key};

/// A chat message from Ann.
fn chat(request_id: &str) -> v1::SubmitRequest {
    v1::SubmitRequest {
        desk: ACME.to_owned(),
        request_id: request_id.to_owned(),
        account: "widget".to_owned(),
        from: Some(v1::Contact {
            address: "ann".to_owned(),
            name: "Ann".to_owned(),
        }),
        text: "Good morning, where can I find the manual for my mower?".to_owned(),
        ..Default::default()
    }
}

async fn channel(world: &World, service: &Service) -> IngestServiceClient<Client> {
    world.caller(service, Role::Channel, "web").await
}

async fn submit(client: &IngestServiceClient<Client>, request: v1::SubmitRequest) -> v1::SubmitResponse {
    client.clone().submit(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_submitted_message_is_kept_with_all_that_was_said_of_it() {
    let (world, _router, service) = World::started().await;
    let request = v1::SubmitRequest {
        subject: "Manual\r\nfor my mower".to_owned(),
        language: "fr-ca".to_owned(),
        ..chat("one")
    };
    let answer = submit(&channel(&world, &service).await, request.clone()).await;
    assert!(!answer.duplicate);
    let messages = world.settled(&service, ACME).await;
    let [message] = messages.as_slice() else {
        panic!("one submission is one message: {messages:?}");
    };
    assert_eq!(message.message_id, answer.message_id);
    assert_eq!(message.conversation_id, answer.conversation_id);
    assert_eq!((message.ticket_id, message.account.as_str()), (1, "widget"));
    assert_eq!(message.channel(), v1::Channel::Chat);
    assert_eq!((&message.from, &message.text), (&request.from, &request.text));
    assert_eq!(message.subject, "Manual  for my mower", "one line");
    assert_eq!((message.language.as_str(), message.language_confidence), ("fr-CA", 1.0));
    assert!(message.received_at.is_some() && message.gaps.is_empty());

    let opened = world.opened(ACME).await.remove(0);
    assert_eq!((opened.channel, opened.queue), (Channel::Chat, key("general")));
    assert_eq!(
        opened.language,
        Some(key("fr-CA")),
        "what the sender says needs no proof"
    );
}

#[tokio::test]
async fn a_callback_is_scheduled_and_its_customer_is_known_again() {
    let (world, _router, service) = World::started().await;
    let client = channel(&world, &service).await;
    let callback = v1::SubmitRequest {
        due_at: Some(prost_types::Timestamp {
            seconds: 4_000_000_000,
            nanos: 0,
        }),
        customer_key: "crm 4711".to_owned(),
        ..chat("one")
    };
    submit(&client, callback.clone()).await;
    assert!(submit(&client, callback.clone()).await.duplicate);
    let again = v1::SubmitRequest {
        customer_key: "crm 4711".to_owned(),
        from: None,
        ..chat("two")
    };
    submit(&client, again).await;
    submit(&client, chat("three")).await;
    world.settled(&service, ACME).await;

    let opened = world.opened(ACME).await;
    let due: Vec<_> = opened.iter().map(|intake| intake.due_at).collect();
    assert_eq!(due, [Some(Timestamp::from_micros(4_000_000_000_000_000)), None, None]);
    assert!(opened[0].customer.is_some());
    assert_eq!(opened[0].customer, opened[1].customer, "by the key");
    assert_ne!(opened[0].customer, opened[2].customer, "by the address");
    let other_time = v1::SubmitRequest {
        due_at: None,
        ..callback
    };
    assert_refused(
        client.clone().submit(other_time).await,
        Code::InvalidArgument,
        &["request_id"],
    );
}

#[tokio::test]
async fn a_submission_may_say_next_to_nothing() {
    let (world, _router, service) = World::started().await;
    let request = v1::SubmitRequest {
        from: None,
        text: String::new(),
        ..chat("one")
    };
    submit(&channel(&world, &service).await, request).await;
    let message = world.settled(&service, ACME).await.remove(0);
    assert_eq!((message.ticket_id, message.from), (1, None));
    assert_eq!((message.language.as_str(), message.language_confidence), ("", 0.0));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_submission_is_said_at_once() {
    let (world, _router, service) = World::started().await;
    let mut client = channel(&world, &service).await;
    let request = v1::SubmitRequest {
        request_id: String::new(),
        account: "window".to_owned(),
        from: Some(v1::Contact {
            address: "a".repeat(321),
            name: "a".repeat(321),
        }),
        subject: "a".repeat(1025),
        text: "a".repeat(256 * 1024 + 1),
        conversation_key: "a".repeat(257),
        customer_key: "a".repeat(257),
        due_at: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        language: "not a language".to_owned(),
        ..chat("")
    };
    let answer = client.submit(request).await;
    let message = answer.as_ref().unwrap_err().message().to_owned();
    assert!(
        message.contains("sales, support, widget"),
        "it names the accounts: {message}"
    );
    let fields = [
        "from.address",
        "from.name",
        "subject",
        "text",
        "conversation_key",
        "customer_key",
        "request_id",
        "due_at",
        "account",
        "language",
    ];
    assert_refused(answer, Code::InvalidArgument, &fields);
    assert_eq!(world.settled(&service, ACME).await, []);
}

#[tokio::test]
async fn what_is_just_small_enough_is_taken() {
    let (world, _router, service) = World::started().await;
    let request = v1::SubmitRequest {
        request_id: "ü".repeat(128),
        from: Some(v1::Contact {
            address: "a".repeat(320),
            name: "a".repeat(320),
        }),
        subject: "a".repeat(1024),
        text: "a ".repeat(128 * 1024),
        conversation_key: "a".repeat(256),
        ..chat("")
    };
    let text = request.text.clone();
    submit(&channel(&world, &service).await, request).await;
    assert_eq!(world.settled(&service, ACME).await[0].text, text);
}

#[tokio::test]
async fn the_same_request_is_the_same_message_and_another_one_under_its_id_a_mistake() {
    let (world, _router, service) = World::started().await;
    let mut client = channel(&world, &service).await;
    let first = submit(&client, chat("one")).await;
    let again = submit(&client, chat("one")).await;
    assert!(again.duplicate);
    assert_eq!(
        (again.message_id, again.conversation_id),
        (first.message_id, first.conversation_id)
    );
    let others = [
        v1::SubmitRequest {
            text: "other".to_owned(),
            ..chat("one")
        },
        v1::SubmitRequest {
            account: "support".to_owned(),
            ..chat("one")
        },
        v1::SubmitRequest {
            from: None,
            ..chat("one")
        },
        v1::SubmitRequest {
            automatic: true,
            ..chat("one")
        },
        v1::SubmitRequest {
            language: "de".to_owned(),
            ..chat("one")
        },
        v1::SubmitRequest {
            conversation_key: "other".to_owned(),
            ..chat("one")
        },
    ];
    for other in others {
        assert_refused(client.submit(other).await, Code::InvalidArgument, &["request_id"]);
    }
    assert_eq!(world.settled(&service, ACME).await.len(), 1);
}

#[tokio::test]
async fn one_request_sent_many_times_at_once_is_one_message() {
    let (world, _router, service) = World::started().await;
    let client = channel(&world, &service).await;
    let answers = join_all((0..20).map(|_| submit(&client, chat("one")))).await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(answers.iter().all(|answer| answer.message_id == answers[0].message_id));
    assert_eq!(world.settled(&service, ACME).await.len(), 1);
}

#[tokio::test]
async fn a_request_id_belongs_to_its_caller_and_its_desk() {
    let (world, _router, service) = World::started().await;
    let (web, shop) = (
        channel(&world, &service).await,
        world.caller(&service, Role::Channel, "shop").await,
    );
    let globex = v1::SubmitRequest {
        desk: GLOBEX.to_owned(),
        ..chat("one")
    };
    let answers = [
        submit(&web, chat("one")).await,
        submit(&shop, chat("one")).await,
        submit(&web, globex).await,
    ];
    assert!(answers.iter().all(|answer| !answer.duplicate));
    assert_eq!(world.settled(&service, ACME).await.len(), 2);
    assert_eq!(world.settled(&service, GLOBEX).await.len(), 1);
}

#[tokio::test]
async fn a_conversation_key_joins_messages_of_one_caller_and_one_sender() {
    let (world, _router, service) = World::started().await;
    let (web, shop) = (
        channel(&world, &service).await,
        world.caller(&service, Role::Channel, "shop").await,
    );
    let keyed = |id: &str| v1::SubmitRequest {
        conversation_key: "c1".to_owned(),
        ..chat(id)
    };
    let of_bob = |id: &str| v1::SubmitRequest {
        from: Some(v1::Contact {
            address: "bob".to_owned(),
            name: "Ann".to_owned(),
        }),
        ..keyed(id)
    };
    let first = submit(&web, keyed("one")).await.conversation_id;
    assert_eq!(submit(&web, keyed("two")).await.conversation_id, first);
    assert_ne!(
        submit(&shop, keyed("three")).await.conversation_id,
        first,
        "another system"
    );
    assert_ne!(
        submit(&web, of_bob("four")).await.conversation_id,
        first,
        "another sender"
    );
    assert_ne!(
        submit(&web, chat("five")).await.conversation_id,
        first,
        "no key: it stands alone"
    );
    let globex = v1::SubmitRequest {
        desk: GLOBEX.to_owned(),
        ..keyed("six")
    };
    assert_ne!(submit(&web, globex).await.conversation_id, first, "another desk");
    let tickets: Vec<_> = world
        .settled(&service, ACME)
        .await
        .iter()
        .map(|message| message.ticket_id)
        .collect();
    assert_eq!(tickets[0], tickets[1]);
    assert_eq!(tickets.iter().max(), Some(&4));
}

#[tokio::test]
async fn an_automatic_submission_joins_and_never_opens() {
    let (world, _router, service) = World::started().await;
    let client = channel(&world, &service).await;
    let automatic = |id: &str, key: &str| v1::SubmitRequest {
        automatic: true,
        conversation_key: key.to_owned(),
        ..chat(id)
    };
    let alone = submit(&client, automatic("one", "c1")).await;
    assert_eq!(alone.conversation_id, "");
    submit(
        &client,
        v1::SubmitRequest {
            automatic: false,
            ..automatic("two", "c2")
        },
    )
    .await;
    world.settled(&service, ACME).await;
    submit(&client, automatic("three", "c2")).await;
    let messages = world.settled(&service, ACME).await;
    let outcomes: Vec<_> = messages
        .iter()
        .map(|message| (message.ticket_id, message.unrouted_reason.as_str()))
        .collect();
    assert_eq!(outcomes, [(0, "automatic"), (1, ""), (1, "")]);
}

#[tokio::test]
async fn a_store_that_fails_is_told_as_what_it_is_and_a_repeat_makes_one_message() {
    let (world, _router, service) = World::started().await;
    let client = channel(&world, &service).await;
    let faults = [
        (Fault::Full, Code::ResourceExhausted),
        (Fault::Unavailable, Code::Unavailable),
        (Fault::OutcomeUnknown { written: false }, Code::DeadlineExceeded),
        (Fault::OutcomeUnknown { written: true }, Code::DeadlineExceeded),
    ];
    for (fault, code) in faults {
        world.store.faults().next(Operation::Accept, fault);
        assert_eq!(client.clone().submit(chat("one")).await.unwrap_err().code(), code);
    }
    assert!(
        submit(&client, chat("one")).await.duplicate,
        "the last one had happened"
    );
    assert_eq!(world.settled(&service, ACME).await.len(), 1);
}
