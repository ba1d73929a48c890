//! Following the desk files that come into force.

use tandem_desk::Desks;
use tandem_routing::RoutingCore;

use crate::harness::{ACME, FOREIGN, GLOBEX, Service, World, desk_file, desk_file_with, eventually};
use crate::letter::Letter;
use crate::smtp_client::SmtpClient;

fn away() -> Result<String, String> {
    Err("the router is away".to_owned())
}

/// Waits until unknown addresses are known to be nobody's.
async fn is_complete(service: &Service) {
    eventually(async || service.answers_for("nobody@acme.example").await == 550).await;
}

async fn apply_help(world: &World, router: &Desks<RoutingCore>, desk: &str, help: &str) {
    world.apply(router, desk, &desk_file_with(desk, help, "")).await;
}

#[tokio::test]
async fn a_new_address_is_taken_at_once() {
    let (world, router, service) = World::started().await;
    is_complete(&service).await;
    for number in 0..5 {
        apply_help(&world, &router, ACME, &format!("help{number}")).await;
        assert_eq!(service.answers_for(&format!("help{number}@acme.example")).await, 250);
    }
}

#[tokio::test]
async fn every_replica_takes_a_new_address_at_once() {
    let (world, router, service) = World::started().await;
    let other = world.ingest().await;
    for service in [&service, &other] {
        is_complete(service).await;
    }
    apply_help(&world, &router, ACME, "support").await;
    for service in [&service, &other] {
        assert_eq!(service.answers_for("support@acme.example").await, 250);
    }
}

#[tokio::test]
async fn an_address_that_left_the_desk_file_is_nobodys() {
    let (world, router, service) = World::started().await;
    apply_help(&world, &router, ACME, "support").await;
    eventually(async || service.answers_for("help@acme.example").await == 550).await;
    assert_eq!(service.answers_for("support@acme.example").await, 250);
}

#[tokio::test]
async fn a_mail_whose_address_leaves_while_it_is_sent_is_not_taken() {
    let (world, router, service) = World::started().await;
    let letter = Letter::new("m1").to(&["sales@acme.example", "help@acme.example"]);
    let mut client = SmtpClient::connect(service.smtp).await;
    client.begins(&letter).await;
    apply_help(&world, &router, ACME, "support").await;
    service.knows(&["support@acme.example"]).await;
    assert_eq!(
        client.ends(&letter.raw_by("mx.example")).await,
        451,
        "all recipients or none"
    );
    assert_eq!(world.settled(&service, ACME).await, []);
    let again = letter.to(&["sales@acme.example"]);
    client.begins(&again).await;
    assert_eq!(client.ends(&again.raw_by("mx.example")).await, 250);
}

#[tokio::test]
async fn before_any_desk_is_known_no_address_is_refused_for_good() {
    let world = World::new();
    let service = world.ingest().await;
    assert_eq!(service.answers_for("help@acme.example").await, 451);
    let router = world.router();
    world.apply(&router, ACME, &desk_file(ACME)).await;
    assert_eq!(service.answers_for("help@acme.example").await, 250);
    is_complete(&service).await;
}

#[tokio::test]
async fn of_two_desks_that_claim_an_address_the_first_keeps_it_until_it_lets_go() {
    let (world, router, service) = World::started().await;
    let claim = desk_file(GLOBEX).replace("help@globex.example", "help@acme.example, other@globex.example");
    world.apply(&router, GLOBEX, &claim).await;
    service.knows(&["other@globex.example"]).await;
    let is_taken = async |service: &Service, id: &str| assert_eq!(service.takes(&Letter::new(id)).await, 250);
    is_taken(&service, "m1").await;
    assert_eq!(world.settled(&service, ACME).await.len(), 1);

    apply_help(&world, &router, ACME, "support").await;
    service.knows(&["support@acme.example"]).await;
    is_taken(&service, "m2").await;
    assert_eq!(world.settled(&service, GLOBEX).await.len(), 1);

    world
        .apply(
            &router,
            ACME,
            &desk_file(ACME).replace("help@", "third@acme.example, help@"),
        )
        .await;
    service.knows(&["third@acme.example"]).await;
    is_taken(&service, "m3").await;
    assert_eq!(world.settled(&service, GLOBEX).await.len(), 2, "now it is globex' own");

    service.stop().await;
    let service = world.ingest().await;
    is_taken(&service, "m4").await;
    assert_eq!(world.settled(&service, GLOBEX).await.len(), 3, "after a restart too");
}

#[tokio::test]
async fn a_desk_file_that_cannot_be_fetched_is_waited_for() {
    let (world, router, service) = World::started().await;
    is_complete(&service).await;
    let wrong = Ok(desk_file_with(ACME, "wrong", ""));
    for answer in [away(), wrong] {
        world.files.answer(Some(answer));
        let before = world.files.fetched();
        apply_help(&world, &router, ACME, "support").await;
        eventually(async || world.files.fetched() > before).await;
        assert_eq!(
            service.answers_for("help@acme.example").await,
            250,
            "the version in use goes on"
        );
        assert_eq!(
            service.answers_for("support@acme.example").await,
            451,
            "it may be in the new one"
        );
        assert_eq!(service.answers_for("wrong@acme.example").await, 451);
        assert_eq!(service.answers_for("help@globex.example").await, 250);
        eventually(async || world.files.fetched() > before + 1).await;
        world.files.answer(None);
        service.knows(&["support@acme.example"]).await;
        is_complete(&service).await;
        apply_help(&world, &router, ACME, "help").await;
        service.knows(&["help@acme.example"]).await;
    }
}

#[tokio::test]
async fn after_a_restart_the_desks_are_known_even_while_the_router_is_away() {
    let (world, router, service) = World::started().await;
    is_complete(&service).await;
    world.files.answer(Some(away()));
    let before = world.files.fetched();
    apply_help(&world, &router, ACME, "support").await;
    eventually(async || world.files.fetched() > before).await;
    service.stop().await;
    router.shutdown().await;
    let service = world.ingest().await;
    for desk in [ACME, GLOBEX, FOREIGN] {
        let letter = Letter::new("m1").to(&[&format!("help@{desk}.example")]);
        assert_eq!(service.takes(&letter).await, 250);
    }
    assert_eq!(
        service.answers_for("support@acme.example").await,
        451,
        "its version is not here yet"
    );
    let _router = world.router();
    for desk in [ACME, GLOBEX, FOREIGN] {
        assert_eq!(world.settled(&service, desk).await[0].ticket_id, 1);
    }
}
