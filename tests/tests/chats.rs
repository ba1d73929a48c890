//! Chats in a cluster: visitors' sockets and desks move, and nothing is lost or doubled.

use std::net::SocketAddr;

use serde_json::Value;
use tandem_proto::v1::{self, RoutingState};
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::cluster::{Cluster, Service};
use tandem_tests::desks::ACME;
use tandem_tests::lists;
use tandem_tests::mail::{Mail, deliver_surely};
use tandem_tests::site::Site;
use tandem_tests::visitor::{Lost, Visitor};
use tandem_tests::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_goes_on_at_the_other_replica_when_the_one_with_the_socket_is_killed() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let mut maria = enter(cluster.site.chat[0]).await;
    maria.is_heard("m-1", "Where is my parcel?").await;
    is_next(&mut maria).await;
    maria.say("m-2", "It is late.").await.expect("an open socket");
    cluster.process((Service::Ingest, 0)).kill9();

    // Whether the second line was stored is not known, so it is said again.
    let mut maria = resume(cluster.site.chat[1], &maria, 0).await;
    maria.is_heard("m-2", "It is late.").await;
    maria.is_heard("m-3", "Hello?").await;
    let ticket = ticket_of_chat(&cluster.site, 1).await;
    let mut ana = open(&cluster.site, 1, "ana").await;
    ana.take(ticket).await;
    joined(&mut maria).await;
    ana.reply(&request_id(), ticket, "On its way.")
        .await
        .expect("it is hers");
    let (first, text) = maria.answer().await;
    assert_eq!(text, "On its way.");

    cluster.revive((Service::Ingest, 0));
    cluster.site.take_mail().await;
    cluster.process((Service::Ingest, 1)).kill9();
    // The other router keeps texts in the other replica.
    let ana = open(&cluster.site, 0, "ana").await;
    ana.reply(&request_id(), ticket, "Tomorrow.").await.expect("it is hers");
    let mut maria = resume(cluster.site.chat[0], &maria, first).await;
    let (second, text) = maria.answer().await;
    assert_eq!(text, "Tomorrow.", "what was shown is not sent again");
    assert!(second > first);
    cluster.revive((Service::Ingest, 1));
    cluster.site.take_mail().await;

    ana.resolve(ticket).await.expect("it is hers");
    assert_eq!(ended(&mut maria).await, "agent");
    let said = [
        "Where is my parcel?",
        "It is late.",
        "Hello?",
        "On its way.",
        "Tomorrow.",
    ];
    was_said(&cluster.site, ticket, &said).await;
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_goes_on_when_the_owner_of_its_desk_is_killed_while_the_visitor_waits_and_is_served() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    // Calls of one of the two replicas of ingest go to the router that is killed.
    let mut maria = enter(cluster.site.chat[0]).await;
    let mut paul = enter(cluster.site.chat[1]).await;
    maria.is_heard("m-1", "Where is my parcel?").await;
    is_next(&mut maria).await;
    paul.is_heard("p-1", "Where is mine?").await;
    paul.hears("the second place", |frame| frame["position"] == 2).await;

    let owner = move_the_desk(&mut cluster).await;
    maria.is_heard("m-2", "It is late.").await;
    let ticket = ticket_of_chat(&cluster.site, owner).await;
    let mut ana = open(&cluster.site, owner, "ana").await;
    ana.take(ticket).await;
    joined(&mut maria).await;
    is_next(&mut paul).await;
    ana.reply(&request_id(), ticket, "On its way.")
        .await
        .expect("it is hers");
    assert_eq!(maria.answer().await.1, "On its way.");

    cluster.revive((Service::Router, 1 - owner));
    cluster.site.answer().await;
    let owner = move_the_desk(&mut cluster).await;
    maria.is_heard("m-3", "When?").await;
    let ana = open(&cluster.site, owner, "ana").await;
    ana.reply(&request_id(), ticket, "Tomorrow.").await.expect("it is hers");
    assert_eq!(maria.answer().await.1, "Tomorrow.");
    ana.resolve(ticket).await.expect("it is hers");
    assert_eq!(ended(&mut maria).await, "agent");
    let said = [
        "Where is my parcel?",
        "It is late.",
        "On its way.",
        "When?",
        "Tomorrow.",
    ];
    cluster.revive((Service::Router, 1 - owner));
    cluster.site.answer().await;
    was_said(&cluster.site, ticket, &said).await;
    paul.end().await.expect("an open socket");
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_never_comes_back_from_a_killed_replica_abandons_once() {
    let grace = (Service::Ingest, "TANDEM_CHAT__GRACE", "2s");
    let Some(mut cluster) = Cluster::start_with(&[grace]).await else {
        return;
    };
    let mut maria = enter(cluster.site.chat[0]).await;
    maria.is_heard("m-1", "Where is my parcel?").await;
    is_next(&mut maria).await;
    // Somebody else, who stays.
    let mut paul = enter(cluster.site.chat[1]).await;
    paul.is_heard("p-1", "Where is mine?").await;
    paul.hears("the second place", |frame| frame["position"] == 2).await;
    let ticket = ticket_of_chat(&cluster.site, 1).await;
    cluster.process((Service::Ingest, 0)).kill9();

    let abandoned = cluster.site.ticket_in(ACME, ticket, RoutingState::Abandoned).await;
    assert_eq!(abandoned.status(), v1::TicketStatus::Closed);
    is_next(&mut paul).await;
    cluster.revive((Service::Ingest, 0));
    cluster.site.take_mail().await;
    let over = Visitor::open(cluster.site.chat[0], ACME, Some((&maria.resume, 0))).await;
    assert!(
        matches!(&over, Err(Lost::Closed(code)) if code.contains("over")),
        "{:?}",
        over.err()
    );
    // A mail that comes later is counted, so everything before it was.
    deliver_surely(cluster.site.smtp[0], &Mail::new(ACME, "later")).await;
    let counts = eventually("three tickets are counted", async || {
        let counts = lists::counts(&cluster.site.measures(1), ACME).await.ok()?;
        (counts.received == 3).then_some(counts)
    })
    .await;
    assert_eq!(counts.abandoned, 1);
    let now = cluster.site.ticket(ACME, ticket).await.expect("a ticket");
    assert_eq!(now.version, abandoned.version, "nothing happened to it since");
    drop(paul);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

async fn enter(server: SocketAddr) -> Visitor {
    Visitor::open(server, ACME, None).await.expect("a chat")
}

/// Goes on elsewhere behind the answer `after`, as soon as that is possible.
async fn resume(server: SocketAddr, visitor: &Visitor, after: u64) -> Visitor {
    eventually("the chat goes on", async || {
        Visitor::open(server, ACME, Some((&visitor.resume, after))).await.ok()
    })
    .await
}

async fn open(site: &Site, router: usize, agent: &str) -> Desktop {
    let clients = site.agent(router, ACME, agent);
    Desktop::open(&clients, ACME, agent).await.expect("a stream")
}

/// Kills the router that owns the desk, and waits until the other one does; returns that one.
async fn move_the_desk(cluster: &mut Cluster) -> usize {
    let owner = cluster.owner(Service::Router, ACME);
    cluster.process((Service::Router, owner)).kill9();
    eventually("the desk has moved", async || {
        (cluster.owner(Service::Router, ACME) != owner).then_some(1 - owner)
    })
    .await
}

/// The ticket of the chat that began first.
async fn ticket_of_chat(site: &Site, router: usize) -> u64 {
    let clients = site.admin(router);
    eventually("a chat's ticket", async || {
        let tickets = lists::tickets(&clients, ACME).await.ok()?;
        Some(tickets.first()?.ticket_id)
    })
    .await
}

async fn is_next(visitor: &mut Visitor) {
    let frame = visitor
        .hears("the first place", |frame| {
            frame["type"] == "status" && frame["position"] == 1
        })
        .await;
    assert_eq!(frame["state"], "waiting");
}

async fn joined(visitor: &mut Visitor) {
    let frame = visitor.hears("an agent", |frame| frame["type"] == "joined").await;
    assert_eq!(frame["agent"], "ana");
}

async fn ended(visitor: &mut Visitor) -> String {
    let is_end = |frame: &Value| frame["type"] == "ended";
    visitor.hears("the end", is_end).await["by"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Waits until this was said on a ticket, in this order, and nothing else. What a killed replica was just handing over
/// comes a moment later.
async fn was_said(site: &Site, ticket: u64, texts: &[&str]) {
    let clients = site.messages(0);
    eventually(&format!("{texts:?} were said"), async || {
        let messages = lists::messages(&clients, ACME).await.ok()?;
        let on_it = messages.iter().filter(|message| message.ticket_id == ticket);
        let said: Vec<&str> = on_it.map(|message| message.text.trim()).collect();
        assert!(said.len() <= texts.len(), "{said:?}");
        (said == texts).then_some(())
    })
    .await;
}
