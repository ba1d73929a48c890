//! How long a ticket takes from ingest's commit to the offer on an agent's stream, at rising rates and up to the knee,
//! in both ways of running. Customers and agents run on the same cores as Tandem does. Compare what stands in one
//! table; absolute times are the machine's.

mod agents;
mod customers;
mod desk;
mod figures;

use std::time::Duration;

use tandem_tests::cluster::Cluster;
use tandem_tests::embedded::Embedded;
use tandem_tests::site::Site;
use tokio::sync::mpsc;

use figures::{Figures, Note};

const RATES: [u32; 3] = [10, 100, 1_000];
/// The knee is the highest rate at which 99 of 100 offers come within this time.
const BOUND: Duration = Duration::from_millis(15);
/// Rates beyond 1,000 a second grow by this factor until the bound is broken.
const STEP: f64 = 1.5;
const HIGHEST: u32 = 20_000;
/// What comes first warms connections, plans and caches, and is not counted.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() {
    println!("From ingest's commit to the offer at the agent's stream; customers and agents on the same cores.\n");
    Figures::print_head();
    let mut embedded = Embedded::start().await;
    measure("embedded", &embedded.site).await;
    findings("embedded", &embedded.stop_and_audit().await);
    match Cluster::start().await {
        Some(mut cluster) => {
            measure("cluster", &cluster.site).await;
            findings("cluster", &cluster.stop_and_audit().await);
        }
        None => println!("skipped: the cluster needs PostgreSQL and nats-server"),
    }
}

/// Speed is worth nothing where something was lost.
fn findings(name: &str, findings: &[String]) {
    assert!(findings.iter().all(String::is_empty), "{name}: {findings:?}");
}

async fn measure(name: &str, site: &Site) {
    site.apply(desk::DESK, &desk::file()).await;
    let (notes, mut seen) = mpsc::unbounded_channel();
    let agents = agents::at_work(site, &notes).await;
    let mut knee = 0;
    for rate in rates() {
        let figures = at_rate(site, rate, &notes, &mut seen).await;
        figures.print(name, rate);
        if rate >= 1_000 && figures.percentile(99.0) > BOUND {
            break;
        }
        knee = rate;
    }
    println!("{name:<9} knee (p99 within {BOUND:?}): {knee}/s\n");
    drop(agents);
}

fn rates() -> impl Iterator<Item = u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are small and positive"
    )]
    let next = |rate: &u32| Some((f64::from(*rate) * STEP) as u32).filter(|rate| *rate <= HIGHEST);
    let beyond = std::iter::successors(next(&1_000), next);
    RATES.into_iter().chain(beyond)
}

async fn at_rate(
    site: &Site,
    rate: u32,
    notes: &mpsc::UnboundedSender<Note>,
    seen: &mut mpsc::UnboundedReceiver<Note>,
) -> Figures {
    let sent = customers::write(site, rate, WARM_UP, MEASURED, notes).await;
    figures::gather(sent, seen).await
}
