//! Who may do what, for every method of ingest.

use std::collections::BTreeSet;

use tandem_domain::Role;
use tandem_proto::v1;
use tandem_proto::v1::answers_request::Step;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_proto::v1::ingest_service_server::SERVICE_NAME;
use tandem_service_kit::auth::DeskScope;
use tandem_service_kit::auth::table::METHODS;
use tandem_service_kit::grpc::Client;
use tonic::{Code, Status};

use crate::harness::{ACME, FOREIGN, World};

/// Calls every method for a desk; the answers with the methods' names.
async fn call_all(client: &IngestServiceClient<Client>, desk: &str) -> Vec<(&'static str, Result<(), Status>)> {
    let mut client = client.clone();
    let desk = desk.to_owned();
    let submit = v1::SubmitRequest {
        desk: desk.clone(),
        request_id: "one".to_owned(),
        account: "support".to_owned(),
        ..Default::default()
    };
    let get = v1::GetMessageRequest {
        desk: desk.clone(),
        message_id: uuid::Uuid::from_u128(1).to_string(),
        ..Default::default()
    };
    let messages = v1::ListMessagesRequest {
        desk: desk.clone(),
        ..Default::default()
    };
    let unrouted = v1::ListUnroutedRequest {
        desk: desk.clone(),
        ..Default::default()
    };
    let parked = v1::ListParkedMessagesRequest {
        desk: desk.clone(),
        ..Default::default()
    };
    let retry = v1::RetryParkedMessageRequest {
        desk: desk.clone(),
        request_id: "two".to_owned(),
        message_id: uuid::Uuid::from_u128(1).to_string(),
    };
    let keep = v1::StoreAnswerRequest {
        desk: desk.clone(),
        request_id: "three".to_owned(),
        ..Default::default()
    };
    let deliveries = v1::ListDeliveriesRequest {
        desk: desk.clone(),
        ..Default::default()
    };
    let again = v1::RetryDeliveryRequest {
        desk: desk.clone(),
        request_id: "four".to_owned(),
        message_id: uuid::Uuid::from_u128(1).to_string(),
    };
    vec![
        ("Answers", answers(&client, desk).await),
        ("StoreAnswer", client.store_answer(keep).await.map(drop)),
        ("ListDeliveries", client.list_deliveries(deliveries).await.map(drop)),
        ("RetryDelivery", client.retry_delivery(again).await.map(drop)),
        ("Submit", client.submit(submit).await.map(drop)),
        ("GetMessage", client.get_message(get).await.map(drop)),
        ("ListMessages", client.list_messages(messages).await.map(drop)),
        ("ListUnrouted", client.list_unrouted(unrouted).await.map(drop)),
        (
            "ListParkedMessages",
            client.list_parked_messages(parked).await.map(drop),
        ),
        ("RetryParkedMessage", client.retry_parked_message(retry).await.map(drop)),
    ]
}

/// Opens a stream and ends it; how it ended.
async fn answers(client: &IngestServiceClient<Client>, desk: String) -> Result<(), Status> {
    let account = "support".to_owned();
    let step = Some(Step::Start(v1::StartAnswers { account }));
    let start = v1::AnswersRequest { desk, step };
    let answers = client.clone().answers(futures::stream::iter([start])).await?;
    answers.into_inner().message().await.map(drop)
}

/// The roles that may call a method.
fn roles(method: &str) -> &'static [Role] {
    let path = format!("/{SERVICE_NAME}/{method}");
    METHODS.iter().find(|rule| rule.path == path).unwrap().roles
}

#[tokio::test]
async fn every_method_is_called_here() {
    let (world, _router, service) = World::started().await;
    let client = world.caller(&service, Role::Admin, "admin").await;
    let called: BTreeSet<_> = call_all(&client, ACME)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let prefix = format!("/{SERVICE_NAME}/");
    let all = METHODS.iter().filter_map(|rule| rule.path.strip_prefix(&prefix));
    assert_eq!(called, all.collect());
}

#[tokio::test]
async fn a_foreign_desk_is_denied_by_every_method_whether_it_exists_or_not() {
    let (world, _router, service) = World::started().await;
    for role in Role::ALL {
        let client = world.caller(&service, role, "somebody").await;
        for desk in [FOREIGN, "nowhere", "no desk at all", ""] {
            for (method, answer) in call_all(&client, desk).await {
                let status = answer.unwrap_err();
                assert_eq!(
                    status.code(),
                    Code::PermissionDenied,
                    "{method} on `{desk}`: {status:?}"
                );
            }
        }
    }
    assert_eq!(world.settled(&service, FOREIGN).await, [], "nothing came of it");
}

#[tokio::test]
async fn every_method_lets_those_roles_in_that_the_table_names_and_no_others() {
    let (world, _router, service) = World::started().await;
    for role in Role::ALL {
        let client = world.caller(&service, role, "somebody").await;
        for (method, answer) in call_all(&client, ACME).await {
            let denied = answer.is_err_and(|status| status.code() == Code::PermissionDenied);
            assert_eq!(!denied, roles(method).contains(&role), "{method} as {role:?}");
        }
    }
}

#[tokio::test]
async fn a_desk_that_does_not_exist_takes_nothing_from_those_who_may_touch_all() {
    let (world, _router, service) = World::started().await;
    let mut client = world.caller_on(&service, Role::Channel, "web", DeskScope::All).await;
    let request = v1::SubmitRequest {
        desk: "nowhere".to_owned(),
        request_id: "one".to_owned(),
        account: "widget".to_owned(),
        ..Default::default()
    };
    assert_eq!(client.submit(request.clone()).await.unwrap_err().code(), Code::NotFound);
    let request = v1::SubmitRequest {
        desk: "No Desk".to_owned(),
        ..request
    };
    assert_eq!(client.submit(request).await.unwrap_err().code(), Code::InvalidArgument);
}
