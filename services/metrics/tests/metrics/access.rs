//! Who may ask, and for which desk.

use std::time::Duration;

use tandem_domain::Role;
use tandem_proto::v1;
use tandem_service_kit::auth::{DeskScope, table};
use tonic::Code;

use crate::harness::World;
use crate::server::Served;

fn watch(desk: &str) -> v1::WatchRequest {
    v1::WatchRequest { desk: desk.to_owned() }
}

fn query(desk: &str) -> v1::QueryMetricsRequest {
    v1::QueryMetricsRequest {
        desk: desk.to_owned(),
        from: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
        to: Some(prost_types::Timestamp { seconds: 60, nanos: 0 }),
        interval: v1::MeasureInterval::Minute.into(),
        ..v1::QueryMetricsRequest::default()
    }
}

#[test]
fn every_method_has_its_row_in_the_table() {
    let methods = table::METHODS
        .iter()
        .filter(|rule| rule.path.starts_with("/tandem.v1.MetricsService/"));
    assert_eq!(methods.count(), 2);
}

#[tokio::test]
async fn those_who_oversee_may_look_and_others_may_not() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    for (role, allowed) in [
        (Role::Admin, true),
        (Role::Supervisor, true),
        (Role::Reader, true),
        (Role::Service, true),
        (Role::Agent, false),
        (Role::Channel, false),
    ] {
        let mut caller = served.caller(role).await;
        let expected = if allowed { None } else { Some(Code::PermissionDenied) };
        let asked = caller.query_metrics(query("acme")).await;
        assert_eq!(asked.err().map(|status| status.code()), expected, "{role:?}");
        let watched = caller.watch(watch("acme")).await;
        assert_eq!(watched.err().map(|status| status.code()), expected, "{role:?}");
    }
}

#[tokio::test]
async fn a_desk_that_the_token_does_not_name_is_refused_whether_or_not_there_is_one() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    let elsewhere = DeskScope::Named(["globex".parse().unwrap()].into());
    let mut stranger = served.caller_on(Role::Admin, "sam", elsewhere, Duration::ZERO).await;
    for desk in ["acme", "initech", "No Desk"] {
        assert_eq!(
            stranger.query_metrics(query(desk)).await.unwrap_err().code(),
            Code::PermissionDenied
        );
        assert_eq!(
            stranger.watch(watch(desk)).await.unwrap_err().code(),
            Code::PermissionDenied
        );
    }
}

#[tokio::test]
async fn a_desk_that_does_not_exist_is_not_found() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    let mut admin = served
        .caller_on(Role::Admin, "root", DeskScope::All, Duration::ZERO)
        .await;
    assert_eq!(
        admin.query_metrics(query("nowhere")).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(admin.watch(watch("nowhere")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        admin.watch(watch("No Desk")).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
