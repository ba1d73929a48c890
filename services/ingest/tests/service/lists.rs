//! Looking at messages.

use tandem_domain::Role;
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_service_kit::grpc::Client;
use tonic::Code;

use crate::harness::{ACME, FOREIGN, GLOBEX, Service, World, assert_refused};
use crate::letter::Letter;
use crate::smtp_client::send_raw;

async fn reader(world: &World, service: &Service) -> IngestServiceClient<Client> {
    world.caller(service, Role::Reader, "reader").await
}

fn list(page_size: u32, page_token: &str) -> v1::ListMessagesRequest {
    v1::ListMessagesRequest {
        desk: ACME.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        ticket_id: 0,
    }
}

/// The Message-IDs' numbers of all pages, each page's apart.
async fn pages(client: &mut IngestServiceClient<Client>, request: v1::ListMessagesRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut request = request;
    loop {
        let page = client.list_messages(request.clone()).await.unwrap().into_inner();
        pages.push(page.messages.into_iter().map(|message| message.subject).collect());
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return pages;
        }
    }
}

/// Mails to `ACME` with these subjects, the automatic ones among them unrouted.
async fn with_mails(subjects: &[&str]) -> (World, tandem_desk::Desks<tandem_routing::RoutingCore>, Service) {
    let (world, router, service) = World::started().await;
    for subject in subjects {
        let letter = Letter::new(subject).field(&format!("Subject: {subject}"));
        let letter = if subject.starts_with("auto") {
            letter.field("Auto-Submitted: auto-replied")
        } else {
            letter
        };
        assert_eq!(service.takes(&letter).await, 250);
    }
    world.settled(&service, ACME).await;
    (world, router, service)
}

#[tokio::test]
async fn messages_are_listed_in_the_order_in_which_they_were_stored_page_by_page() {
    let (world, _router, service) = with_mails(&["1", "2", "3", "4", "5"]).await;
    let mut client = reader(&world, &service).await;
    assert_eq!(
        pages(&mut client, list(2, "")).await,
        [vec!["1", "2"], vec!["3", "4"], vec!["5"]]
    );
    assert_eq!(
        pages(&mut client, list(5, "")).await,
        [vec!["1", "2", "3", "4", "5"]],
        "a full last page"
    );
    assert_eq!(pages(&mut client, list(0, "")).await.len(), 1);
    let of_ticket = v1::ListMessagesRequest {
        ticket_id: 3,
        ..list(1, "")
    };
    assert_eq!(pages(&mut client, of_ticket).await, [vec!["3"]]);
    let of_nobody = v1::ListMessagesRequest {
        ticket_id: 99,
        ..list(1, "")
    };
    assert_eq!(pages(&mut client, of_nobody).await, [vec![""; 0]]);
}

#[tokio::test]
async fn a_page_of_large_messages_ends_before_it_is_more_than_a_client_takes() {
    let (world, _router, service) = World::started().await;
    let text = format!("{}\r\n", "many words ".repeat(80)).repeat(600);
    for number in 0..20 {
        let letter = Letter::new(&number.to_string())
            .field(&format!("Subject: {number}"))
            .says(&text);
        assert_eq!(service.takes(&letter).await, 250);
    }
    let mut client = reader(&world, &service).await;
    let pages = pages(&mut client, list(500, "")).await;
    assert!(pages.len() > 1, "{pages:?}");
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(pages.concat(), expected);
}

#[tokio::test]
async fn unrouted_messages_are_listed_apart() {
    let (world, _router, service) = with_mails(&["1", "auto 2", "3", "auto 4", "auto 5"]).await;
    let mut client = reader(&world, &service).await;
    let mut request = v1::ListUnroutedRequest {
        desk: ACME.to_owned(),
        page_size: 2,
        ..Default::default()
    };
    let first = client.list_unrouted(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = client.list_unrouted(request).await.unwrap().into_inner();
    let subjects: Vec<_> = first
        .messages
        .iter()
        .chain(&second.messages)
        .map(|message| &message.subject)
        .collect();
    assert_eq!(subjects, ["auto 2", "auto 4", "auto 5"]);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_list_only() {
    let (world, _router, service) = with_mails(&["1", "auto 2", "auto 3"]).await;
    let mut client = reader(&world, &service).await;
    let token = client
        .list_messages(list(1, ""))
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    for request in [
        list(1, "nonsense"),
        v1::ListMessagesRequest {
            ticket_id: 1,
            ..list(1, &token)
        },
        v1::ListMessagesRequest {
            desk: GLOBEX.to_owned(),
            ..list(1, &token)
        },
    ] {
        assert_refused(
            client.list_messages(request).await,
            Code::InvalidArgument,
            &["page_token"],
        );
    }
    let unrouted = v1::ListUnroutedRequest {
        desk: ACME.to_owned(),
        page_token: token.clone(),
        ..Default::default()
    };
    assert_refused(
        client.list_unrouted(unrouted).await,
        Code::InvalidArgument,
        &["page_token"],
    );
    let parked = v1::ListParkedMessagesRequest {
        desk: ACME.to_owned(),
        page_token: token,
        ..Default::default()
    };
    assert_refused(
        client.list_parked_messages(parked).await,
        Code::InvalidArgument,
        &["page_token"],
    );
    assert_refused(
        client.list_messages(list(501, "")).await,
        Code::InvalidArgument,
        &["page_size"],
    );
}

#[tokio::test]
async fn a_message_comes_with_its_raw_bytes_if_asked_for() {
    let (world, _router, service) = World::started().await;
    let letter = Letter::new("m1").says("..a line that begins with two dots was sent with one more");
    let raw = letter.raw_by("mx.example").replace("\r\n..", "\r\n...");
    assert_eq!(send_raw(service.smtp, &letter, &raw).await, 250);
    let message = world.settled(&service, ACME).await.remove(0);
    let mut client = reader(&world, &service).await;
    let request = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id: message.message_id.clone(),
        with_raw: true,
    };
    let answer = client.get_message(request.clone()).await.unwrap().into_inner();
    assert_eq!(answer.message, Some(message));
    assert_eq!(answer.raw, letter.raw_by("mx.example").as_bytes());
    let answer = client
        .get_message(v1::GetMessageRequest {
            with_raw: false,
            ..request
        })
        .await
        .unwrap()
        .into_inner();
    assert!(answer.raw.is_empty());
}

#[tokio::test]
async fn a_message_of_another_desk_is_not_found() {
    let (world, _router, service) = World::started().await;
    assert_eq!(
        service.takes(&Letter::new("m1").to(&["help@initech.example"])).await,
        250
    );
    let message_id = world.settled(&service, FOREIGN).await.remove(0).message_id;
    let mut client = reader(&world, &service).await;
    let request = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id,
        with_raw: true,
    };
    assert_eq!(
        client.get_message(request.clone()).await.unwrap_err().code(),
        Code::NotFound
    );
    let request = v1::GetMessageRequest {
        message_id: "m1".to_owned(),
        ..request
    };
    assert_refused(
        client.get_message(request).await,
        Code::InvalidArgument,
        &["message_id"],
    );
}
