//! Who may ask, and what is said to those who may not.

use std::sync::Arc;

use tandem_bus::{Bus, InProcessBus};
use tandem_domain::Role;
use tandem_escalation::ServiceConfig;
use tandem_proto::v1;
use tonic::Code;

use crate::desk::AT_BREACH;
use crate::harness::{ACME, Caller, World, eventually};

fn clocks(desk: &str) -> v1::ListClocksRequest {
    v1::ListClocksRequest {
        desk: desk.into(),
        ..v1::ListClocksRequest::default()
    }
}

#[tokio::test]
async fn a_desk_is_seen_by_those_whose_token_names_it() {
    let (world, _sink) = World::paging("1h", AT_BREACH).await;
    let replica = world.replica().await;
    let mut caller = world.caller(&replica, Role::Reader, &[ACME, "globex"]).await;
    caller.list_clocks(clocks(ACME)).await.unwrap();
    let foreign = caller.list_clocks(clocks("initech")).await.unwrap_err();
    assert_eq!(foreign.code(), Code::PermissionDenied, "{foreign:?}");
    let unknown = caller.list_clocks(clocks("globex")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound, "{unknown:?}");
    let list = v1::ListNotificationsRequest {
        desk: "globex".into(),
        ..v1::ListNotificationsRequest::default()
    };
    assert_eq!(
        caller.list_notifications(list).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_desk_of_which_nothing_was_heard_yet_is_not_denied() {
    let (world, _sink) = World::paging("1h", AT_BREACH).await;
    let deaf: Arc<dyn Bus> = Arc::new(InProcessBus::new());
    let replica = world.replica_on(world.store.clone(), deaf, &[]).await;
    let mut caller = world.caller(&replica, Role::Reader, &[ACME]).await;
    let later = caller.list_clocks(clocks(ACME)).await.unwrap_err();
    assert_eq!(later.code(), Code::Unavailable, "{later:?}");
    let list = v1::ListNotificationsRequest {
        desk: ACME.into(),
        ..v1::ListNotificationsRequest::default()
    };
    let listed = caller.list_notifications(list).await.unwrap().into_inner();
    assert_eq!(listed.notifications, [], "there can be none");
}

#[tokio::test]
async fn readers_only_look_and_supervisors_acknowledge() {
    let (world, _sink) = World::paging("1h", AT_BREACH).await;
    let replica = world.replica().await;
    let acknowledge = v1::AcknowledgeEscalationRequest {
        desk: ACME.into(),
        request_id: "r".into(),
        escalation_id: 1,
    };
    let mut reader = world.caller(&replica, Role::Reader, &[ACME]).await;
    let refused = reader.acknowledge_escalation(acknowledge.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut supervisor = world.caller(&replica, Role::Supervisor, &[ACME]).await;
    let missing = supervisor
        .acknowledge_escalation(acknowledge.clone())
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound, "{missing:?}");
    let unnamed = v1::AcknowledgeEscalationRequest {
        request_id: String::new(),
        ..acknowledge
    };
    let unnamed = supervisor.acknowledge_escalation(unnamed).await.unwrap_err();
    assert_eq!(unnamed.code(), Code::InvalidArgument);
    assert!(unnamed.message().contains("request_id"), "{unnamed:?}");
}

#[tokio::test]
async fn an_agent_does_not_silence_what_is_not_hers() {
    let (world, _sink) = World::paging("1s", AT_BREACH).await;
    let replica = world.replica().await;
    let supervisor = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || !supervisor.escalations().await.is_empty()).await;
    let agent = Caller(world.caller(&replica, Role::Agent, &[ACME]).await);
    let refused = agent.acknowledges(1).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");
    assert!(refused.message().contains("supervisor"), "{refused:?}");
    assert!(supervisor.escalations().await[0].open);
    assert!(!supervisor.acknowledges(1).await.unwrap().open);
}

#[test]
fn all_that_is_wrong_with_a_configuration_is_said_at_once() {
    let settings = [
        ("TANDEM_ESCALATION__LEASE_TTL", "1ms"),
        ("TANDEM_ESCALATION__CALL_TIMEOUT", "0s"),
        ("TANDEM_WEBHOOKS__TIMEOUT", "5m"),
        ("TANDEM_SMTP__HOST", "nowhere"),
        ("TANDEM_SMARTHOST__HOST", "mail.acme.example"),
        ("TANDEM_SMARTHOST__USERNAME", "tandem"),
        ("TANDEM_ROUTER__ENDPOINT", "tandem-router:7402"),
    ];
    let environment = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let said = ServiceConfig::load(None, environment).unwrap_err().to_string();
    for key in [
        "escalation.lease_ttl",
        "escalation.call_timeout",
        "escalation.mail_from",
        "webhooks.timeout",
        "smtp.host",
        "smarthost.password_file",
        "router.endpoint",
        "router.token_file",
    ] {
        assert!(said.contains(key), "{key}: {said}");
    }
}
