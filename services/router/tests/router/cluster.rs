//! Two replicas on PostgreSQL and NATS, each with connections of its own.

use std::sync::Arc;

use tandem_bus::Bus;
use tandem_bus::nats::{NatsBus, NatsConfig};
use tandem_domain::Role;
use tandem_proto::v1;
use tandem_store::{PostgresStore, Store};
use tandem_test_support::nats::Nats;
use tandem_test_support::postgres::Postgres;
use tonic::Code;
use v1::work_request::Action;

use crate::desktop::Desktop;
use crate::harness::{ACME, Replica, World, apply_request, desk_file, eventually};

/// What ends with the test.
struct Servers {
    _postgres: Postgres,
    _nats: Nats,
}

/// The owner of `ACME` and another replica; none where the servers are not installed.
async fn owner_and_other() -> Option<(Servers, World, Replica, Replica)> {
    let postgres = Postgres::start().await?;
    let nats = Nats::start().await?;
    let (database, url) = (postgres.database(), nats.url());
    let (store, bus) = connect(&database, &url).await;
    let world = World::on(store, bus);
    let first = world.replica().await;
    world.found_desks(&first).await;
    let (store, bus) = connect(&database, &url).await;
    let second = world.replica_on(store, bus, &[]).await;
    eventually(async || first.owns(ACME) != second.owns(ACME)).await;
    let servers = Servers {
        _postgres: postgres,
        _nats: nats,
    };
    let (owner, other) = if first.owns(ACME) {
        (first, second)
    } else {
        (second, first)
    };
    Some((servers, world, owner, other))
}

async fn connect(database: &str, url: &str) -> (Arc<dyn Store>, Arc<dyn Bus>) {
    let store = PostgresStore::connect(database, 8).await.expect("a new database");
    let bus = NatsBus::connect(NatsConfig::new(url)).await.expect("a running server");
    (Arc::new(store), Arc::new(bus))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_on_the_replica_that_does_not_own_the_desk_until_a_newer_stream_takes_over() {
    let Some((_servers, world, owner, other)) = owner_and_other().await else {
        return;
    };
    let ana = world.caller_as(&other, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    assert_eq!(desktop.outcome_of("start").await, None);
    let ticket = owner.open_ticket(ACME, None).await;
    let offer_id = desktop.next_offer().await.offer.unwrap().offer_id;
    desktop.send("take", Action::Accept(v1::AcceptWork { offer_id })).await;
    assert_eq!(desktop.outcome_of("take").await, None);
    assert_eq!(ana.ticket(ticket).await.owner, "ana");

    let again = world.caller_as(&owner, Role::Agent, "ana").await;
    let mut newer = Desktop::online(&again, "ana").await;
    assert_eq!(desktop.end().await.code(), Code::Aborted);
    assert_eq!(newer.next_list().await.tickets[0].ticket_id, ticket);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_desk_file_is_taken_by_a_replica_that_does_not_own_the_desk() {
    let Some((_servers, world, _owner, other)) = owner_and_other().await else {
        return;
    };
    let mut admin = world.caller_as(&other, Role::Admin, "root").await;
    let mut text = format!("{}# ", desk_file(ACME));
    text.push_str(&"x".repeat(1024 * 1024 - text.len()));
    admin.desks.apply_desk(apply_request(ACME, "1", &text)).await.unwrap();
    let get = v1::GetDeskRequest {
        desk: ACME.into(),
        version: 0,
    };
    assert_eq!(admin.desks.get_desk(get).await.unwrap().into_inner().text, text);
}
