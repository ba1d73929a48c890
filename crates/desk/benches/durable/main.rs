//! Tickets a second from the command to the committed offer, through the shell, on each store; beside what the same
//! store does by itself with the very same records, rows and requests, beside the same decision written by hand in
//! SQL, and beside the queue that a team would write in SQL instead. All sides take turns within one run, and each
//! figure is the median of its turns. Compare ratios: absolute numbers are the disk's.

mod alone;
mod desk;
mod queue;
mod shell;

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::InProcessBus;
use tandem_desk::{Desks, Settings};
use tandem_domain::{IdSource, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::{PostgresStore, SqliteStore, Store};
use tandem_test_support::postgres::Postgres;
use uuid::Uuid;

use queue::Queue;

/// One turn of one side.
const TURN: Duration = Duration::from_secs(2);
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
    let directory = tempfile::tempdir().expect("a directory for the database");
    let sqlite = SqliteStore::open(directory.path()).await.expect("a new database");
    print_head();
    on_store("sqlite", Arc::new(sqlite)).await;
    let Some(server) = Postgres::start().await else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let store = PostgresStore::connect(&server.database(), 8)
        .await
        .expect("a new database");
    let tandem = on_store("postgres", Arc::new(store)).await;
    let queue = Queue::new(&server.database()).await;
    on_sql(&queue, tandem).await;
}

/// The shell beside its store, with one desk and with two; the rate with one desk.
async fn on_store(name: &str, store: Arc<dyn Store>) -> f64 {
    let desks = Desks::<RoutingCore>::start(settings(), store.clone(), Arc::new(InProcessBus::new()), Arc::new(Ids));
    let mut with_one = 0.0;
    for count in [1, 2] {
        let (mut of_shell, mut of_store) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            of_store.push(alone::tickets_per_second(&store, &format!("alone-{count}-{turn}"), count, TURN).await);
            of_shell.push(shell::tickets_per_second(&desks, &format!("shell-{count}-{turn}"), count, TURN).await);
        }
        let (shell, alone) = (median(of_shell), median(of_store));
        print(
            name,
            &format!("{count} desk(s), shell"),
            shell,
            &[("store alone", alone)],
        );
        if count == 1 {
            with_one = shell;
        }
    }
    desks.shutdown().await;
    with_one
}

/// What a team would write instead, on the same server.
async fn on_sql(queue: &Queue, tandem: f64) {
    let (mut decisions, mut statements, mut function, mut pull) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TURNS {
        decisions.push(queue.decisions_per_second(TURN).await);
        statements.push(queue.pushes_per_second(queue::Push::Statements, TURN).await);
        function.push(queue.pushes_per_second(queue::Push::Function, TURN).await);
        pull.push(queue.pulls_per_second(TURN).await);
    }
    let sides = [
        ("by hand, 1 writer, batches of 100", median(decisions)),
        ("SQL queue, push, statements, 8 clients", median(statements)),
        ("SQL queue, push, one function, 8 clients", median(function)),
        ("SQL queue, pull, SKIP LOCKED, 8 clients", median(pull)),
    ];
    print("postgres", "1 desk(s), shell", tandem, &sides);
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
