//! What goes wrong, when, and that it is healed in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_bus::faulty::{Fault as BusFault, Faults};
use tandem_desk::Journaled;
use tandem_store::memory::{Fault, Operation};
use tandem_store::{JournalStore, LeaseStore};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout};

use super::cluster::{Cluster, DESKS, PROCESSES, Workload};
use super::sometimes::Sometimes;
use crate::support::desk;

/// How long things go wrong.
const TROUBLE: Duration = Duration::from_mins(1);
/// So long after everything is healed, every caller must have an answer.
const PATIENCE: Duration = Duration::from_mins(2);
const CLIENTS_PER_DESK: u64 = 4;

/// One seed: start, trouble, healing, checks.
pub(crate) async fn run<W: Workload>(seed: u64, sometimes: &Sometimes) {
    let mut rng = StdRng::seed_from_u64(seed);
    let cluster = Cluster::<W::Core>::start(seed).await;
    let workload = Arc::new(W::start(cluster.clone(), seed).await);
    let clients = LocalSet::new();
    let all = async {
        let running = clients_of(&workload, seed, sometimes);
        let ((), ()) = futures::join!(trouble(&cluster, &mut rng, sometimes), async {
            let limit = TROUBLE + PATIENCE;
            timeout(limit, futures::future::join_all(running))
                .await
                .expect("a caller was never answered");
        });
    };
    clients.run_until(all).await;
    heal(&cluster);
    settled(&cluster).await;
    count(&cluster, sometimes).await;
    workload.check().await;
    check_journals(&cluster).await;
}

fn clients_of<'a, W: Workload>(
    workload: &Arc<W>,
    seed: u64,
    sometimes: &'a Sometimes,
) -> Vec<impl Future<Output = ()> + use<'a, W>> {
    let mut clients = Vec::new();
    for (index, name) in DESKS.into_iter().enumerate() {
        for client in 0..CLIENTS_PER_DESK {
            let number = index as u64 * CLIENTS_PER_DESK + client;
            let rng = StdRng::seed_from_u64(seed.wrapping_mul(1000).wrapping_add(number));
            clients.push(workload.clone().client(desk(name), number, rng, sometimes));
        }
    }
    clients
}

async fn trouble<C: Journaled>(cluster: &Cluster<C>, rng: &mut StdRng, sometimes: &Sometimes) {
    let end = Instant::now() + TROUBLE;
    let mut owners = BTreeMap::new();
    while Instant::now() < end {
        count_takeovers(cluster, &mut owners, sometimes).await;
        // A quarter of the time is quiet.
        if rng.random_bool(0.25) {
            weather(cluster, rng, false);
        } else {
            weather(cluster, rng, true);
            strike(cluster, rng, sometimes).await;
        }
        sleep(Duration::from_millis(rng.random_range(100..2500))).await;
    }
    heal(cluster);
}

/// How often store and bus do wrong until the next change.
fn weather<C: Journaled>(cluster: &Cluster<C>, rng: &mut StdRng, bad: bool) {
    cluster.store.faults().clear();
    cluster.bus.set(Faults::none());
    if !bad {
        return;
    }
    let mut faults = Faults::none();
    for fault in BusFault::ALL {
        if rng.random_bool(0.4) {
            faults = faults.with(fault, rng.random_range(0.02..0.4));
        }
    }
    cluster.bus.set(faults);
    let all = [
        Fault::Fenced,
        Fault::OutcomeUnknown { written: true },
        Fault::OutcomeUnknown { written: false },
        Fault::Full,
        Fault::Unavailable,
        Fault::Slow(Duration::from_millis(rng.random_range(1..800))),
    ];
    let some: Vec<_> = all.into_iter().filter(|_| rng.random_bool(0.5)).collect();
    if !some.is_empty() {
        cluster
            .store
            .faults()
            .at_random(rng.random(), rng.random_range(0.02..0.3), Operation::Commit, some);
    }
}

/// One blow to one process, or to the store.
async fn strike<C: Journaled>(cluster: &Cluster<C>, rng: &mut StdRng, sometimes: &Sometimes) {
    let number = rng.random_range(0..PROCESSES);
    match rng.random_range(0..10) {
        0..=2 => crash(cluster, number, rng, sometimes).await,
        3..=5 => stop(cluster, number, rng, sometimes).await,
        6 => shut_down(cluster, number, sometimes).await,
        7 => {
            cluster.store.faults().set_unreachable(true);
            sleep(Duration::from_millis(rng.random_range(100..6000))).await;
            cluster.store.faults().set_unreachable(false);
        }
        _ => {}
    }
}

async fn crash<C: Journaled>(cluster: &Cluster<C>, number: usize, rng: &mut StdRng, sometimes: &Sometimes) {
    let slow = Fault::Slow(Duration::from_millis(300));
    let during_commit = rng.random_bool(0.5);
    if during_commit {
        let before = cluster.store.faults().injected().slow;
        cluster.store.faults().next(Operation::Commit, slow);
        for _ in 0..100 {
            if cluster.store.faults().injected().slow > before {
                sometimes.hit("process crashed during a commit");
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    drop(cluster.crash(number));
    sometimes.hit("process crashed");
    sleep(Duration::from_millis(rng.random_range(0..6000))).await;
    cluster.restart(number);
}

async fn stop<C: Journaled>(cluster: &Cluster<C>, number: usize, rng: &mut StdRng, sometimes: &Sometimes) {
    let owned = cluster.process(number).map_or(0, |desks| desks.status().len());
    cluster.freeze(number, true);
    let length = Duration::from_millis(rng.random_range(100..9000));
    sleep(length).await;
    cluster.freeze(number, false);
    if owned > 0 && length > Duration::from_secs(4) {
        sometimes.hit("owner stopped past its lease");
    }
}

async fn shut_down<C: Journaled>(cluster: &Cluster<C>, number: usize, sometimes: &Sometimes) {
    if let Some(desks) = cluster.crash(number) {
        // In trouble it may take long; a supervisor would kill it in the end.
        let _ = timeout(Duration::from_secs(10), desks.shutdown()).await;
        sometimes.hit("process shut down");
    }
    cluster.restart(number);
}

fn heal<C: Journaled>(cluster: &Cluster<C>) {
    cluster.store.faults().clear();
    cluster.bus.set(Faults::none());
    for number in 0..PROCESSES {
        cluster.restart(number);
    }
}

/// Every desk answers, and heads have gone round.
async fn settled<C: Journaled>(cluster: &Cluster<C>) {
    let desks = cluster.process(0).expect("it is up");
    for name in DESKS {
        timeout(PATIENCE, async {
            while desks.touch(&desk(name), Vec::new()).await.is_err() {
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await
        .expect("a desk never came back");
    }
    sleep(Duration::from_secs(30)).await;
}

async fn count<C: Journaled>(cluster: &Cluster<C>, sometimes: &Sometimes) {
    let injected = cluster.store.faults().injected();
    sometimes.hits("commit fenced", injected.fenced);
    sometimes.hits("commit happened, outcome unknown", injected.unknown_written);
    sometimes.hits("commit did not happen, outcome unknown", injected.unknown_not_written);
    sometimes.hits("store full", injected.full);
    sometimes.hits("store unreachable", injected.unavailable);
    sometimes.hits("commit slow", injected.slow);
    for (what, fault) in [
        ("event lost", BusFault::LoseEvent),
        ("publish failed", BusFault::FailPublish),
        ("publish acknowledgement lost", BusFault::LosePublishAck),
        ("delivery repeated", BusFault::RepeatDelivery),
        ("deliveries swapped", BusFault::SwapDeliveries),
        ("hint lost", BusFault::LoseHint),
        ("request lost", BusFault::LoseRequest),
        ("reply lost", BusFault::LoseReply),
    ] {
        sometimes.hits(what, cluster.bus.hits(fault));
    }
    let openings = count_openings(cluster).await;
    sometimes.hits("desk opened anew by its owner", openings);
}

async fn count_takeovers<C: Journaled>(
    cluster: &Cluster<C>,
    owners: &mut BTreeMap<String, String>,
    sometimes: &Sometimes,
) {
    for lease in cluster.store.leases("desk.").await.unwrap_or_default() {
        if owners
            .insert(lease.name, lease.owner.clone())
            .is_some_and(|before| before != lease.owner)
        {
            sometimes.hit("desk taken over");
        }
    }
}

async fn count_openings<C: Journaled>(cluster: &Cluster<C>) -> u64 {
    let mut openings = 0;
    for name in DESKS {
        openings += cluster
            .journal(name)
            .await
            .iter()
            .filter(|record| record.kind == "Opened")
            .count() as u64;
    }
    openings
}

/// No gaps; another incarnation only ever begins with an opening; time never runs backwards.
async fn check_journals<C: Journaled>(cluster: &Cluster<C>) {
    for name in DESKS {
        let journal = cluster.journal(name).await;
        for (index, record) in journal.iter().enumerate() {
            assert_eq!(record.seq, index as u64 + 1, "{name}");
        }
        for pair in journal.windows(2) {
            assert!(
                pair[0].at <= pair[1].at,
                "{name}: time ran backwards at {}",
                pair[1].seq
            );
            let same = pair[0].incarnation == pair[1].incarnation;
            assert!(
                same || pair[1].kind == "Opened",
                "{name}: a foreign record at {}",
                pair[1].seq
            );
        }
        let parked = cluster.store.rows(&desk(name), "parked", "", None, 10).await.unwrap();
        assert!(
            parked.rows.iter().all(|(id, _)| id.contains(":command:")),
            "{name}: {parked:?}"
        );
    }
}
