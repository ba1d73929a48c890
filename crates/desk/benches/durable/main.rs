//! Tickets a second from the command to the committed offer, through the shell, on each store; beside what the same
//! store does by itself with the very same records, rows and requests, beside the same decision written by hand in
//! SQL, and beside the queue that a team would write in SQL instead. All sides take turns within one run, and each
//! figure is the median of its turns. Compare ratios: absolute numbers are the disk's.
//!
//! `TANDEM_BENCH_STORES=postgres,sql TANDEM_BENCH_SECONDS=1` measures these sides only (of `sqlite`, `postgres` and `sql`),
//! with turns of one second.

mod alone;
mod asked;
mod desk;
mod queue;
mod shell;

use std::sync::Arc;

use tandem_bus::InProcessBus;
use tandem_desk::{Desks, Settings};
use tandem_domain::{IdSource, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::{PostgresStore, SqliteStore, Store};
use tandem_test_support::postgres::Postgres;
use uuid::Uuid;

use asked::Asked;
use queue::Queue;

/// As in every process of Tandem.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Odd, so that there is a median.
const TURNS: usize = 3;

struct Ids;

impl IdSource for Ids {
    #[expect(clippy::disallowed_methods, reason = "a measurement needs no seed")]
    fn next(&self, _now: Timestamp) -> Uuid {
        Uuid::new_v4()
    }
}

#[tokio::main]
async fn main() {
    let asked = Asked::from_environment();
    print_head();
    if asked.sides.contains("sqlite") {
        let directory = tempfile::tempdir().expect("a directory for the database");
        let sqlite = SqliteStore::open(directory.path()).await.expect("a new database");
        on_store("sqlite", Arc::new(sqlite), &asked).await;
    }
    if asked.sides.contains("postgres") {
        on_server(&asked).await;
    }
}

async fn on_server(asked: &Asked) {
    let Some(server) = Postgres::start().await else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let store = PostgresStore::connect(&server.database(), 8)
        .await
        .expect("a new database");
    let tandem = on_store("postgres", Arc::new(store), asked).await;
    if asked.sides.contains("sql") {
        let queue = Queue::new(&server.database()).await;
        on_sql(&queue, tandem, asked).await;
    }
}

/// The shell beside its store, with one desk and with two; the rates.
async fn on_store(name: &str, store: Arc<dyn Store>, asked: &Asked) -> [f64; 2] {
    let desks = Desks::<RoutingCore>::start(settings(), store.clone(), Arc::new(InProcessBus::new()), Arc::new(Ids));
    let mut rates = [0.0; 2];
    for (count, rate) in (1..).zip(&mut rates) {
        let (mut of_shell, mut of_store) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            of_store.push(alone::tickets_per_second(&store, &format!("alone-{count}-{turn}"), count, asked.turn).await);
            of_shell.push(shell::tickets_per_second(&desks, &format!("shell-{count}-{turn}"), count, asked.turn).await);
        }
        *rate = median(of_shell);
        print(
            name,
            &format!("{count} desk(s), shell"),
            *rate,
            &[("store alone", median(of_store))],
        );
    }
    desks.shutdown().await;
    rates
}

/// What a team would write instead, on the same server.
async fn on_sql(queue: &Queue, tandem: [f64; 2], asked: &Asked) {
    let (mut decisions, mut statements, mut function, mut pull) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TURNS {
        decisions.push(queue.decisions_per_second(asked.turn).await);
        statements.push(queue.pushes_per_second(queue::Push::Statements, asked.turn).await);
        function.push(queue.pushes_per_second(queue::Push::Function, asked.turn).await);
        pull.push(queue.pulls_per_second(asked.turn).await);
    }
    let sides = [
        ("by hand, 1 writer, batches of 100", median(decisions)),
        ("SQL queue, push, statements, 8 clients", median(statements)),
        ("SQL queue, push, one function, 8 clients", median(function)),
        ("SQL queue, pull, SKIP LOCKED, 8 clients", median(pull)),
    ];
    for (count, rate) in (1..).zip(tandem) {
        print("postgres", &format!("{count} desk(s), shell"), rate, &sides);
    }
}

fn settings() -> Settings {
    Settings {
        mailbox: 16_384,
        ..Settings::default()
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn print_head() {
    println!(
        "{:<9} {:<20} {:>12}   {:<42} {:>12} {:>7}",
        "", "", "tickets/s", "beside", "per s", "ratio"
    );
}

fn print(store: &str, what: &str, rate: f64, sides: &[(&str, f64)]) {
    for (side, other) in sides {
        println!(
            "{store:<9} {what:<20} {rate:>12.0}   {side:<42} {other:>12.0} {:>7.2}",
            rate / other
        );
    }
}
