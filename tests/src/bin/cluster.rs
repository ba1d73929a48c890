//! `cluster`: two replicas of each service with their own servers, for clients that are not ours. Says where
//! they are as `tandem up` does, stops at SIGTERM, and audits then. Exit code 1 if anything is found.

use std::process::ExitCode;

use tandem_proto::v1::ListDesksRequest;
use tandem_tests::cluster::Cluster;
use tandem_tests::wait::eventually;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
    // Says itself what is missing.
    let Some(mut cluster) = Cluster::without_desks().await else {
        return ExitCode::SUCCESS;
    };
    announce(&cluster).await;
    terminate.recv().await;
    let findings = cluster.stop_and_audit().await;
    for finding in &findings {
        println!("FOUND {finding}");
    }
    if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Different replicas, so that calls are forwarded.
async fn announce(cluster: &Cluster) {
    let (site, directory) = (&cluster.site, cluster.directory());
    site.tokens.write_admin(&directory.join("auth"));
    let clients = site.admin(1);
    eventually("desks are listed", async || {
        clients.desks().list_desks(ListDesksRequest::default()).await.ok()
    })
    .await;
    println!("gRPC   {}", site.routers[1]);
    println!("ingest {}", site.ingests[0]);
    println!("clocks {}", site.escalations[1]);
    println!("measures {}", site.metrics[0]);
    println!("SMTP   {}", site.smtp[1]);
    println!("chat   http://{}", site.chat[0]);
    println!("NATS   {}", cluster.nats.url());
    println!("data   {}", directory.display());
}
