//! Who may do what, for every method of the router.

use std::time::Duration;

use prost::Message;
use prost_types::FileDescriptorSet;
use tandem_domain::Role;
use tandem_proto::v1;
use tandem_service_kit::auth::table::{DeskRule, METHODS, MethodRule};
use tandem_service_kit::auth::{DeskScope, table};
use tandem_service_kit::grpc::Client;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, IntoStreamingRequest, Request, Status};
use tonic_prost::ProstCodec;

use crate::harness::{ACME, Clients, FOREIGN, World};

/// Every method that the router answers.
fn methods() -> impl Iterator<Item = &'static MethodRule> {
    let ours = |rule: &&MethodRule| {
        tandem_router::SERVICES
            .iter()
            .any(|service| rule.path.contains(service))
    };
    METHODS.iter().filter(ours)
}

/// Calls any method for a desk. All requests have `desk` as their first field, see below, so one message
/// stands for them all; only what opens a stream has to say more.
async fn call(clients: &Clients, rule: &MethodRule, desk: &str) -> Result<(), Status> {
    let path = PathAndQuery::from_static(rule.path);
    let mut grpc = tonic::client::Grpc::new(clients.raw.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    if rule.desk == DeskRule::InStream {
        return open_stream(grpc, path, desk).await;
    }
    let request = v1::GetTicketRequest {
        desk: desk.to_owned(),
        ticket_id: 0,
    };
    let codec = ProstCodec::<v1::GetTicketRequest, ()>::default();
    grpc.unary(Request::new(request), path, codec).await.map(|_| ())
}

async fn open_stream(mut grpc: tonic::client::Grpc<Client>, path: PathAndQuery, desk: &str) -> Result<(), Status> {
    let start = v1::StartWork {
        agent: "ana".to_owned(),
        presence: 0,
    };
    let action = Some(v1::work_request::Action::Start(start));
    let first = v1::WorkRequest {
        desk: desk.to_owned(),
        request_id: String::new(),
        action,
    };
    let codec = ProstCodec::<v1::WorkRequest, v1::WorkResponse>::default();
    let requests = futures::stream::iter([first]).into_streaming_request();
    let mut answers = grpc.streaming(requests, path, codec).await?.into_inner();
    answers.message().await.map(|_| ())
}

#[test]
fn the_table_has_a_row_for_every_method_and_no_other() {
    assert_eq!(table::check_complete(METHODS, tandem_proto::DESCRIPTORS), Ok(()));
    assert!(methods().count() > 20, "the router has that many methods");
}

#[test]
fn the_desk_is_the_first_field_of_every_request() {
    let set = FileDescriptorSet::decode(tandem_proto::DESCRIPTORS).unwrap();
    let messages = set.file.iter().flat_map(|file| &file.message_type);
    let desks = messages.filter(|message| message.name().ends_with("Request"));
    let desks = desks.flat_map(|message| message.field.iter().filter(|field| field.name() == "desk"));
    let numbers: Vec<i32> = desks.map(prost_types::FieldDescriptorProto::number).collect();
    assert!(
        numbers.len() > 20 && numbers.iter().all(|number| *number == 1),
        "{numbers:?}"
    );
}

#[tokio::test]
async fn a_foreign_desk_is_denied_by_every_method_whether_it_exists_or_not() {
    let (world, replica) = World::with_desks().await;
    for rule in methods().filter(|rule| rule.desk != DeskRule::Any) {
        let caller = world.caller_as(&replica, rule.roles[0], "somebody").await;
        for desk in [FOREIGN, "nowhere", "no desk at all", ""] {
            let status = call(&caller, rule, desk).await.expect_err(rule.path);
            assert_eq!(
                status.code(),
                Code::PermissionDenied,
                "{} on `{desk}`: {status:?}",
                rule.path
            );
            assert!(!status.message().contains(FOREIGN), "{status:?}");
        }
    }
}

#[tokio::test]
async fn every_method_is_denied_to_every_role_that_the_table_does_not_name() {
    let (world, replica) = World::with_desks().await;
    for role in Role::ALL {
        let caller = world.caller_as(&replica, role, "ana").await;
        for rule in methods().filter(|rule| !rule.roles.contains(&role)) {
            let status = call(&caller, rule, ACME).await.expect_err(rule.path);
            assert_eq!(
                status.code(),
                Code::PermissionDenied,
                "{} as {role:?}: {status:?}",
                rule.path
            );
        }
    }
}

#[tokio::test]
async fn every_method_needs_a_token_that_is_good_now() {
    let (world, replica) = World::with_desks().await;
    let elsewhere = World::empty();
    let forged = elsewhere.token(Role::Admin, "mallory", DeskScope::All);
    for token in [
        String::new(),
        "nonsense".to_owned(),
        world.token_expired_for(Role::Admin, "late", Duration::from_mins(1)),
        forged,
    ] {
        let caller = world.caller(&replica, &token).await;
        for rule in methods() {
            let status = call(&caller, rule, ACME).await.expect_err(rule.path);
            assert_eq!(
                status.code(),
                Code::Unauthenticated,
                "{} with `{token}`: {status:?}",
                rule.path
            );
        }
    }
}

#[tokio::test]
async fn a_desk_that_does_not_exist_is_not_found_by_those_who_may_touch_all() {
    let (world, replica) = World::with_desks().await;
    let token = world.token(Role::Admin, "founder", DeskScope::All);
    let mut caller = world.caller(&replica, &token).await;
    let desk = "nowhere".to_owned();
    let list = v1::ListTicketsRequest {
        desk: desk.clone(),
        ..v1::ListTicketsRequest::default()
    };
    assert_eq!(
        caller.tickets.list_tickets(list).await.unwrap_err().code(),
        Code::NotFound
    );
    let list = v1::GetWorkListRequest {
        desk,
        agent: "ana".to_owned(),
    };
    assert_eq!(
        caller.agents.get_work_list(list).await.unwrap_err().code(),
        Code::NotFound
    );
}
