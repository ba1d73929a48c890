//! Two replicas of each service, on PostgreSQL and NATS: what a cluster must do beyond one process.

use std::time::Duration;

use tandem_domain::Role;
use tandem_proto::v1::{self, RoutingState};
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::clients::Clients;
use tandem_tests::cluster::{Cluster, Service, replicas};
use tandem_tests::desks::{ACME, AGENTS, DESKS, GLOBEX, INITECH, address, file};
use tandem_tests::lists;
use tandem_tests::mail::{Delivery, Mail, deliver, takes_mail_for};
use tandem_tests::wait::eventually;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_offers_at_any_replica_whoever_owns_the_desk() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    for desk in [ACME, GLOBEX] {
        // One of the two routers does not own the desk.
        for (replica, agent) in AGENTS.into_iter().enumerate() {
            let site = &cluster.site;
            let mut desktop = open(&cluster, replica, desk, agent).await;
            let subject = format!("for {agent} of {desk}");
            let delivery = deliver(site.smtp[replica], &Mail::new(desk, &subject), || ()).await;
            assert_eq!(delivery, Delivery::Taken);
            let ticket = site.ticket_of(desk, &subject).await;
            let offer = desktop.offer_of(ticket).await.offer.expect("an offer");
            assert_eq!(desktop.accept(offer.offer_id).await.failure, None);
            desktop.resolve(ticket).await.expect("an owner resolves");
            site.ticket_in(desk, ticket, RoutingState::Done).await;
            go_offline(&site.agent(replica, desk, agent), desk, agent).await;
        }
    }
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_desk_is_closed_at_every_replica() {
    let Some(cluster) = Cluster::start().await else { return };
    let token = cluster.site.tokens.role(Role::Supervisor, "somebody", &[ACME, GLOBEX]);
    for url in &cluster.site.routers {
        let denied = lists::tickets(&Clients::new(url, &token), INITECH)
            .await
            .expect_err("a foreign desk");
        assert_eq!(denied.code(), Code::PermissionDenied);
    }
    for url in &cluster.site.ingests {
        let denied = lists::messages(&Clients::new(url, &token), INITECH)
            .await
            .expect_err("a foreign desk");
        assert_eq!(denied.code(), Code::PermissionDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_frozen_loses_the_desk_and_does_no_harm_when_it_wakes() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let frozen = cluster.owner(Service::Router, ACME);
    let other = 1 - frozen;
    let mut ana = open(&cluster, other, ACME, "ana").await;
    let ticket = cluster.site.ticket_about(ACME, "before").await;
    let offer = ana.offer_of(ticket).await.offer.expect("an offer");
    assert_eq!(ana.accept(offer.offer_id).await.failure, None);

    cluster.process((Service::Router, frozen)).signal("STOP");
    // This write waits in the frozen process's socket until it wakes.
    let late = tokio::spawn(hold(cluster.site.agent(frozen, ACME, "ana"), ticket));
    let clients = cluster.site.agent(other, ACME, "ana");
    let resolve = v1::ResolveTicketRequest {
        desk: ACME.into(),
        request_id: request_id(),
        ticket_id: ticket,
    };
    let resolved = eventually("the other replica takes over", async || {
        clients.tickets().resolve_ticket(resolve.clone()).await.ok()
    })
    .await;
    let resolved = resolved.into_inner().ticket.expect("a ticket");
    cluster.process((Service::Router, frozen)).signal("CONT");

    let refused = late
        .await
        .expect("no panic")
        .expect_err("the ticket is resolved since long");
    assert!(
        matches!(refused.code(), Code::Unavailable | Code::FailedPrecondition),
        "{refused}"
    );
    let old = cluster.site.admin(frozen);
    let request = v1::GetTicketRequest {
        desk: ACME.into(),
        ticket_id: ticket,
    };
    let now = eventually("the old owner answers again", async || {
        match old.tickets().get_ticket(request.clone()).await {
            Ok(answer) => answer.into_inner().ticket,
            Err(status) if status.code() == Code::Unavailable => None,
            Err(status) => panic!("{status}"),
        }
    });
    assert_eq!(
        now.await.version,
        resolved.version,
        "nothing stale is told, and nothing was written"
    );
    cluster.site.ticket_about(ACME, "after").await;
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_stream_of_events_deleted_under_traffic_everything_arrives() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let mut subjects = Vec::new();
    for round in 0..3 {
        for number in 0..10 {
            let subject = format!("round {round} mail {number}");
            send(&cluster, &subject).await;
            subjects.push(subject);
            if number == 5 {
                delete_the_stream(cluster.nats.port()).await;
            }
        }
        // Ingest learns of desks by events: those that were deleted too.
        let new_address = format!("round{round}@{ACME}.example");
        let text = file(ACME).replace(&address(ACME), &format!("{}, {new_address}", address(ACME)));
        cluster.site.apply(ACME, &text).await;
        for server in &cluster.site.smtp {
            eventually("the new address is known", async || {
                takes_mail_for(*server, &new_address).await.then_some(())
            })
            .await;
        }
    }
    for subject in subjects {
        cluster.site.ticket_of(ACME, &subject).await;
    }
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_are_replaced_one_by_one_under_traffic() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let mut subjects = Vec::new();
    for (service, number) in replicas() {
        cluster.process((service, number)).signal("TERM");
        for mail in 0..5 {
            let subject = format!("{} replica {number} mail {mail}", service.name());
            send(&cluster, &subject).await;
            subjects.push(subject);
        }
        let process = cluster.process((service, number));
        assert_eq!(process.end().await.code(), Some(0), "{}", process.log());
        // The other one owns everything now.
        let left = if service == Service::Router { 1 - number } else { 0 };
        answers_for_all(&cluster.site.admin(left)).await;
        cluster.revive((service, number));
        cluster.site.answer().await;
        cluster.site.take_mail().await;
    }
    for subject in subjects {
        cluster.site.ticket_of(ACME, &subject).await;
    }
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

async fn open(cluster: &Cluster, replica: usize, desk: &str, agent: &str) -> Desktop {
    let clients = cluster.site.agent(replica, desk, agent);
    Desktop::open(&clients, desk, agent).await.expect("a stream")
}

async fn go_offline(clients: &Clients, desk: &str, agent: &str) {
    let presence = v1::Presence::Offline.into();
    let (desk, agent, request_id) = (desk.to_owned(), agent.to_owned(), request_id());
    let request = v1::SetPresenceRequest {
        desk,
        request_id,
        agent,
        presence,
    };
    clients.agents().set_presence(request).await.expect("anybody may go");
}

async fn hold(clients: Clients, ticket_id: u64) -> Result<(), tonic::Status> {
    let request = v1::HoldTicketRequest {
        desk: ACME.into(),
        request_id: request_id(),
        ticket_id,
    };
    clients.tickets().hold_ticket(request).await.map(drop)
}

/// Sends as mail servers do: to another replica, and again, until it is taken.
async fn send(cluster: &Cluster, subject: &str) {
    let mail = Mail::new(ACME, subject);
    let mut servers = cluster.site.smtp.iter().cycle();
    eventually("a mail is taken", async || {
        let server = servers.next().expect("it goes round");
        match deliver(*server, &mail, || ()).await {
            Delivery::Taken => Some(()),
            Delivery::Refused(code) if code >= 500 => panic!("{code} for a good mail"),
            _ => None,
        }
    })
    .await;
}

async fn answers_for_all(clients: &Clients) {
    for desk in DESKS {
        eventually("tickets are listed", async || lists::tickets(clients, desk).await.ok()).await;
    }
}

/// What an operator's mistake would do. A broker that is busy with those who come back may leave a request unanswered.
async fn delete_the_stream(port: u16) {
    let deleted = async || {
        let asked = tokio::time::timeout(Duration::from_secs(5), ask_to_delete(port)).await;
        let answer = asked.ok()?.expect("the broker is there");
        answer.contains("\"success\":true").then_some(())
    };
    eventually("the stream is deleted", deleted).await;
}

/// Spoken by hand, since only `tandem-bus` knows NATS.
async fn ask_to_delete(port: u16) -> std::io::Result<String> {
    let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let commands = "CONNECT {\"verbose\":false}\r\nSUB deleted 1\r\n\
                    PUB $JS.API.STREAM.DELETE.TANDEM_EVENTS deleted 0\r\n\r\n";
    connection.write_all(commands.as_bytes()).await?;
    let mut answer = String::new();
    while !answer.contains("MSG deleted") {
        if connection.read_line(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    connection.read_line(&mut answer).await?;
    Ok(answer)
}
