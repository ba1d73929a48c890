//! Recorded events per second of one core through a dry run, and where the time goes: reading events from their bytes,
//! applying them, deciding every input anew. All sides in one run, of the same history.
//!
//! `cargo bench -p tandem-desk --bench replay [-- <tickets>]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so")]

mod history;

use std::hint::black_box;
use std::time::Duration;

use tandem_desk::{Journaled, Lexicon, Recorded, read_record};
use tandem_domain::Core;
use tandem_routing::RoutingCore;
use tandem_routing::dry_run::{Assumptions, Comparison, DryRun, Plan, Rerun};
use tandem_store::Record;
use tokio::time::Instant;

use history::History;

fn main() {
    let tickets = std::env::args().find_map(|argument| argument.parse().ok());
    let history = History::of(tickets.unwrap_or(100_000));
    println!("{} events, {} agents", history.records.len(), history::AGENTS);
    let events = decoded(&history.records);
    let reading = timed(|| drop(black_box(decoded(&history.records))));
    report("read from bytes", &history, reading);
    let applying = timed(|| {
        let mut core = RoutingCore::new(&history.desk);
        for event in &events {
            core.apply(event);
        }
        black_box(core.next_wakeup());
    });
    report("applied", &history, applying);
    let exact = timed(|| assert_eq!(run(&history, None).rerun, Rerun::Exact));
    report("dry run, same version (read, decide, compare, count)", &history, exact);
    let other = timed(|| {
        let outcome = run(&history, Some(history.other()));
        assert!(matches!(outcome.rerun, Rerun::Other(_)));
    });
    report("dry run, other version (read, apply, simulate, count)", &history, other);
}

fn decoded(records: &[Record]) -> Vec<tandem_domain::Event<<RoutingCore as Core>::Body>> {
    let mut lexicon = Lexicon::default();
    let events = records.iter().map(
        |record| match read_record::<RoutingCore>(record, &mut lexicon).unwrap() {
            Recorded::Core(event) => event,
            Recorded::Shell(event) => panic!("not of the core: {event:?}"),
        },
    );
    events.collect()
}

fn run(history: &History, other: Option<tandem_domain::CompiledDesk>) -> Comparison {
    let plan = Plan {
        from: history.from,
        other,
        assumptions: Assumptions::default(),
        named: 20,
    };
    let mut run = DryRun::new(&history.desk, plan);
    let mut lexicon = Lexicon::default();
    for record in &history.records {
        run.take(RoutingCore::read(&record.kind, &record.payload, &mut lexicon).unwrap());
    }
    run.finish(history.to, &|| true).unwrap()
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn report(what: &str, history: &History, took: Duration) {
    let events = f64::from(u32::try_from(history.records.len()).expect("a benchmark has fewer"));
    println!(
        "{what:<56} {:>10.0} events/s  {:>6.2} µs each",
        events / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / events
    );
}
