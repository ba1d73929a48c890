//! The shell beside its store, in one run: how long a single command takes on an idle desk, and how many a
//! loaded one gets through, each as a ratio to what the store does by itself with the same records, rows and
//! requests. Absolute numbers say more about the disk than about the shell.

mod tally;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tandem_bus::InProcessBus;
use tandem_desk::{Desks, RequestMark, Settings, Submission};
use tandem_domain::{Actor, DeskId, IdSource, Timestamp, Trace};
use tandem_store::{Commit, MemoryStore, PostgresStore, SqliteStore, Store};
use tandem_test_support::postgres::Postgres;
use tokio::time::Instant;
use uuid::Uuid;

use tally::{Add, Tally, commit};

const TIME: Duration = Duration::from_secs(3);
const BATCH: u64 = 512;
/// So many callers keep a desk's next batches full while one is being committed.
const CALLERS: u64 = 6;

struct Ids;

impl IdSource for Ids {
    #[expect(clippy::disallowed_methods, reason = "a measurement needs no seed")]
    fn next(&self, _now: Timestamp) -> Uuid {
        Uuid::new_v4()
    }
}

#[tokio::main]
async fn main() {
    println!(
        "{:<9} {:<22} {:>14} {:>14} {:>7}",
        "store", "", "store alone", "shell", "ratio"
    );
    report("memory", Arc::new(MemoryStore::new())).await;
    let directory = tempfile::tempdir().expect("a directory for the database");
    report(
        "sqlite",
        Arc::new(SqliteStore::open(directory.path()).await.expect("a new database")),
    )
    .await;
    match Postgres::start().await {
        Some(server) => {
            let store = PostgresStore::connect(&server.database(), 8)
                .await
                .expect("a new database");
            report("postgres", Arc::new(store)).await;
        }
        None => println!("skipped: PostgreSQL is not installed"),
    }
}

async fn report(name: &str, store: Arc<dyn Store>) {
    let desks = Desks::<Tally>::start(settings(), store.clone(), Arc::new(InProcessBus::new()), Arc::new(Ids));
    let (alone, shell) = (idle_store(store.as_ref()).await, idle_shell(&desks).await);
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let ratio = shell.as_secs_f64() / alone.as_secs_f64();
    println!(
        "{name:<9} {:<22} {:>11.3} ms {:>11.3} ms {ratio:>7.2}",
        "idle commit, p50",
        millis(alone),
        millis(shell)
    );
    for count in [1, 8] {
        let alone = loaded_store(&store, count).await;
        let shell = loaded_shell(&desks, count).await;
        let what = format!("loaded, {count} desk{}", if count == 1 { "" } else { "s" });
        println!(
            "{name:<9} {what:<22} {alone:>12.0}/s {shell:>12.0}/s {:>7.2}",
            shell / alone
        );
    }
    desks.shutdown().await;
}

fn settings() -> Settings {
    Settings {
        batch_max: 512,
        mailbox: 16_384,
        ..Settings::default()
    }
}

fn desk(name: &str, number: u64) -> DeskId {
    format!("{name}-{number}").parse().expect("it is a key")
}

/// The median of single commits, one after the other.
async fn idle_store(store: &dyn Store) -> Duration {
    let desk = desk("idle-alone", 0);
    let mut seq = 1;
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < TIME {
        let (commit, before) = (commit(&desk, seq, 1), Instant::now());
        store.commit(commit).await.expect("the store works");
        times.push(before.elapsed());
        seq += 1;
    }
    median(times)
}

/// The median of single commands, one after the other.
async fn idle_shell(desks: &Desks<Tally>) -> Duration {
    let desk = desk("idle-shell", 0);
    desks.create(&desk).await.expect("the desk is owned");
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < TIME {
        let (submission, before) = (submission(times.len() as u64), Instant::now());
        desks.submit(&desk, submission).await.expect("the desk works");
        times.push(before.elapsed());
    }
    median(times)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Records per second when every desk commits full batches, one after the other.
async fn loaded_store(store: &Arc<dyn Store>, desks: u64) -> f64 {
    let started = Instant::now();
    let writers = (0..desks).map(|number| {
        let (store, desk) = (store.clone(), desk(&format!("loaded-alone-{desks}"), number));
        tokio::spawn(async move {
            let mut seq = 1;
            while started.elapsed() < TIME {
                let commit: Commit = commit(&desk, seq, BATCH);
                store.commit(commit).await.expect("the store works");
                seq += BATCH;
            }
            seq - 1
        })
    });
    per_second(join_all(writers).await, started)
}

/// Commands per second when every desk always has the next batch waiting.
async fn loaded_shell(desks: &Desks<Tally>, count: u64) -> f64 {
    let names: Vec<_> = (0..count)
        .map(|number| desk(&format!("loaded-shell-{count}"), number))
        .collect();
    for desk in &names {
        desks.create(desk).await.expect("the desk is owned");
    }
    let started = Instant::now();
    let callers = names
        .iter()
        .flat_map(|desk| (0..CALLERS).map(move |caller| (desk.clone(), caller)));
    let callers = callers.map(|(desk, caller)| tokio::spawn(call(desks.clone(), desk, caller, started)));
    per_second(join_all(callers).await, started)
}

async fn call(desks: Desks<Tally>, desk: DeskId, caller: u64, started: Instant) -> u64 {
    let mut done = 0;
    while started.elapsed() < TIME {
        let first = caller * 1_000_000_000 + done;
        let portion = (first..first + BATCH / 2).map(submission).collect();
        let outcomes = desks.submit_all(&desk, portion).await;
        done += outcomes
            .into_iter()
            .map(|outcome| outcome.map(|_| 1).expect("the desk works"))
            .sum::<u64>();
    }
    done
}

fn per_second(counts: Vec<Result<u64, tokio::task::JoinError>>, started: Instant) -> f64 {
    let sum: u64 = counts.into_iter().map(|count| count.expect("no writer panics")).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let sum = sum as f64;
    sum / started.elapsed().as_secs_f64()
}

fn submission(number: u64) -> Submission<Add> {
    let request = RequestMark {
        method: "OpenTicket".to_owned(),
        id: format!("request {number}"),
        forever: false,
    };
    let (actor, trace) = (Actor::service("ingest"), Trace::default());
    Submission {
        command: Add(number),
        actor,
        request,
        rows: Vec::new(),
        trace,
    }
}
