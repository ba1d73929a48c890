//! How long a ticket takes from ingest's commit to the offer on an agent's stream, at rising rates and up to the knee,
//! in both ways of running. Customers and agents run on the same cores as Tandem does. Compare what stands in one
//! table; absolute times are the machine's.

mod agents;
mod asked;
mod customers;
mod desk;
mod figures;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::nats::{NatsBus, NatsConfig};
use tandem_bus::{Bus, InProcessBus};
use tandem_store::{PostgresStore, SqliteStore, Store};
use tandem_tests::cluster::Cluster;
use tandem_tests::embedded::Embedded;
use tandem_tests::site::Site;
use tokio::sync::mpsc;

use asked::Asked;
use figures::{Figures, Note};

/// The knee is the highest rate at which 99 of 100 offers come within this time.
const BOUND: Duration = Duration::from_millis(15);
/// Until here rates are measured even if the bound is broken before.
const ALWAYS: u32 = 1_000;
/// What comes first warms connections, plans and caches, and is not counted.
const WARM_UP: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let asked = Asked::from_environment();
    println!("From ingest's commit to the offer at the agent's stream; customers and agents on the same cores.\n");
    Figures::print_head();
    if asked.way("embedded") {
        embedded(&asked).await;
    }
    if asked.way("cluster") {
        cluster(&asked).await;
    }
}

async fn embedded(asked: &Asked) {
    let mut embedded = Embedded::start().await;
    let beside = tempfile::tempdir().expect("a temporary directory can be made");
    let store = SqliteStore::open(beside.path()).await.expect("the directory is ours");
    let (store, bus) = (Arc::new(store), Arc::new(InProcessBus::new()));
    measure("embedded", &embedded.site, asked, (store, bus)).await;
    findings("embedded", &embedded.stop_and_audit().await);
}

async fn cluster(asked: &Asked) {
    let Some(mut cluster) = Cluster::start().await else {
        return println!("skipped: the cluster needs PostgreSQL and nats-server");
    };
    let database = cluster.postgres.database();
    let store = PostgresStore::connect(&database, 2).await.expect("the server is there");
    let bus = NatsBus::connect(NatsConfig::new(cluster.nats.url()))
        .await
        .expect("the server is there");
    measure("cluster", &cluster.site, asked, (Arc::new(store), Arc::new(bus))).await;
    findings("cluster", &cluster.stop_and_audit().await);
}

/// Speed is worth nothing where something was lost.
fn findings(name: &str, findings: &[String]) {
    assert!(findings.iter().all(String::is_empty), "{name}: {findings:?}");
}

/// `beside` are a store and a bus of the same kind, for measuring what they take by themselves.
async fn measure(name: &str, site: &Site, asked: &Asked, beside: (Arc<dyn Store>, Arc<dyn Bus>)) {
    site.apply(desk::DESK, &desk::file()).await;
    let (notes, mut seen) = mpsc::unbounded_channel();
    let agents = agents::at_work(site, &notes).await;
    let (mut knee, mut idle) = (0, None);
    for rate in &asked.rates {
        let figures = at_rate(site, *rate, asked.measured, &notes, &mut seen).await;
        figures.print(name, *rate);
        let bound_kept = figures.since_commit(99.0) <= BOUND;
        idle.get_or_insert(figures);
        if bound_kept {
            knee = *rate;
        } else if *rate >= ALWAYS {
            break;
        }
    }
    println!("{name:<9} knee (p99 within {BOUND:?}): {knee}/s");
    if let Some(idle) = idle {
        parts::measure(site, beside.0, beside.1).await.print(name, &idle);
    }
    println!();
    drop(agents);
}

async fn at_rate(
    site: &Site,
    rate: u32,
    measured: Duration,
    notes: &mpsc::UnboundedSender<Note>,
    seen: &mut mpsc::UnboundedReceiver<Note>,
) -> Figures {
    let sent = customers::write(site, rate, WARM_UP, measured, notes).await;
    figures::gather(sent, seen).await
}
