//! Measures in a cluster: exact whichever replicas are killed, since every audit counts them again.

use tandem_proto::v1::RoutingState;
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::cluster::{Cluster, REPLICAS, Service};
use tandem_tests::desks::{ACME, GLOBEX};
use tandem_tests::lists;
use tandem_tests::mail::{Mail, deliver_surely};
use tandem_tests::visitor::Visitor;
use tandem_tests::wait::eventually;

/// Mails before and after each kill.
const MAILS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_is_counted_once_whichever_replica_is_killed_while_it_is_served() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let clients = cluster.site.agent(0, ACME, "ana");
    let mut ana = Desktop::open(&clients, ACME, "ana").await.expect("a stream");
    let mut written = 0;
    for killed in (0..REPLICAS).chain(0..REPLICAS) {
        // What is counted of these when the replica dies is chance.
        write(&cluster, &mut written).await;
        cluster.process((Service::Metrics, killed)).kill9();
        write(&cluster, &mut written).await;
        serve(&cluster, &mut ana, written).await;
        counted(&cluster, 1 - killed, written).await;
        cluster.revive((Service::Metrics, killed));
    }
    let mut visitor = Visitor::open(cluster.site.chat[0], GLOBEX, None).await.expect("a chat");
    visitor.is_heard("m-1", "Hello?").await;
    visitor.end().await.expect("an open socket");
    for replica in 0..REPLICAS {
        counted(&cluster, replica, written).await;
        eventually("the visitor who left is counted", async || {
            let counts = lists::counts(&cluster.site.measures(replica), GLOBEX).await.ok()?;
            (counts.abandoned == 1).then_some(())
        })
        .await;
    }
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

async fn write(cluster: &Cluster, written: &mut u64) {
    for _ in 0..MAILS {
        *written += 1;
        let mail = Mail::new(ACME, &format!("mail {written}"));
        deliver_surely(cluster.site.smtp[0], &mail).await;
    }
}

/// Ana takes, answers and resolves what came.
async fn serve(cluster: &Cluster, ana: &mut Desktop, written: u64) {
    let clients = cluster.site.admin(0);
    eventually("everything is served", async || {
        let tickets = lists::tickets(&clients, ACME).await.ok()?;
        for ticket in &tickets {
            if let Some(offer) = &ticket.offer {
                assert_eq!(ana.accept(offer.offer_id).await.failure, None);
                let text = format!("Done with {}.", ticket.ticket_id);
                ana.reply(&request_id(), ticket.ticket_id, &text).await.expect("hers");
                ana.resolve(ticket.ticket_id).await.expect("hers");
            }
        }
        let done = tickets.iter().filter(|ticket| ticket.state() == RoutingState::Done);
        (done.count() as u64 == written).then_some(())
    })
    .await;
}

/// Waits until a replica has counted so many tickets, none of them twice.
async fn counted(cluster: &Cluster, replica: usize, tickets: u64) {
    eventually(&format!("{tickets} tickets are counted"), async || {
        let counts = lists::counts(&cluster.site.measures(replica), ACME).await.ok()?;
        assert!(counts.received <= tickets && counts.resolved <= tickets, "{counts:?}");
        let all = [counts.received, counts.accepted, counts.resolved];
        (all == [tickets; 3]).then_some(())
    })
    .await;
}
