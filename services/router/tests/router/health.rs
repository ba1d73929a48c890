//! What the router says of itself.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::StreamExt;
use tandem_bus::InProcessBus;
use tandem_domain::{Clock, Role};
use tandem_proto::v1;
use tandem_router::{SERVICES, ServiceConfig};
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::health::{LIVENESS, READINESS};
use tandem_service_kit::ids::SystemClock;
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_service_kit::process::Service;
use tandem_store::MemoryStore;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{ACME, DEADLINE, World, eventually};

async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("a connection")
}

async fn status(channel: &Channel, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel.clone())
        .check(request)
        .await
        .expect("a known service");
    answer.into_inner().status()
}

#[tokio::test]
async fn readiness_follows_the_store_and_liveness_does_not() {
    let store = MemoryStore::new();
    let world = World::on(Arc::new(store.clone()), Arc::new(InProcessBus::new()));
    let replica = world.replica().await;
    world.found_desks(&replica).await;
    let channel = channel(replica.address).await;
    let mut reader = world.caller_as(&replica, Role::Reader, "wall").await;
    eventually(async || status(&channel, READINESS).await == ServingStatus::Serving).await;

    store.faults().set_unreachable(true);
    eventually(async || status(&channel, READINESS).await == ServingStatus::NotServing).await;
    assert_eq!(status(&channel, LIVENESS).await, ServingStatus::Serving);
    let get = v1::GetTicketRequest {
        desk: ACME.into(),
        ticket_id: 1,
    };
    let answer = reader.tickets.get_ticket(get).await.unwrap_err();
    assert_eq!(answer.code(), Code::Unavailable, "{answer:?}");

    store.faults().set_unreachable(false);
    eventually(async || status(&channel, SERVICES[0]).await == ServingStatus::Serving).await;
}

/// What `tandem-router` runs: here on SQLite, in a directory of its own, with nobody else on its bus.
#[tokio::test]
async fn a_router_of_its_own_answers_is_reflected_and_stops_in_good_order() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::open(&dir.path().join("keys")).unwrap();
    let settings = [
        ("TANDEM_GRPC__LISTEN", "127.0.0.1:0".to_owned()),
        ("TANDEM_GRPC__REFLECTION", "true".to_owned()),
        ("TANDEM_STORE__DATA_DIR", dir.path().display().to_string()),
        (
            "TANDEM_AUTH__PUBLIC_KEY_FILES",
            signer.public_key_file().display().to_string(),
        ),
        // Ingest need not be there before somebody answers.
        (
            "TANDEM_INGEST__TOKEN_FILE",
            dir.path().join("token").display().to_string(),
        ),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let config = ServiceConfig::load(None, settings).unwrap();
    let life = Lifecycle::new(config.lifecycle);
    let channel = channel(config.start(&life).await.unwrap()).await;
    eventually(async || status(&channel, READINESS).await == ServingStatus::Serving).await;
    let shown = reflected(&channel).await;
    let tandems: Vec<_> = shown.iter().filter(|name| name.starts_with("tandem.")).collect();
    assert_eq!(
        tandems,
        BTreeSet::from(SERVICES).into_iter().collect::<Vec<_>>(),
        "what it serves, and no more"
    );
    let grant = Grant {
        role: Role::Admin,
        subject: "root".to_owned(),
        desks: DeskScope::All,
    };
    let token = signer.mint(&grant, DEADLINE, SystemClock.now()).unwrap();
    let mut list = tonic::Request::new(v1::ListDesksRequest::default());
    list.metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    let mut desks = v1::desk_service_client::DeskServiceClient::new(channel);
    assert!(desks.list_desks(list).await.unwrap().into_inner().desks.is_empty());

    let signals = futures::stream::iter(["SIGTERM"]).chain(futures::stream::pending());
    assert_eq!(life.run(signals).await, Exit::Ok);
}

async fn reflected(channel: &Channel) -> BTreeSet<String> {
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request,
    };
    let requests = futures::stream::iter([request]);
    let answers = ServerReflectionClient::new(channel.clone())
        .server_reflection_info(requests)
        .await;
    let mut answers = answers.expect("reflection without a token").into_inner();
    let answer = answers.message().await.expect("an answer").expect("an answer");
    match answer.message_response {
        Some(MessageResponse::ListServicesResponse(list)) => {
            list.service.into_iter().map(|service| service.name).collect()
        }
        other => panic!("no list of services: {other:?}"),
    }
}
