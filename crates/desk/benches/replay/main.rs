//! Recorded events per second of one core through a dry run, and where the time goes: reading events from their bytes,
//! applying them, deciding every input anew. All sides in one run, of the same history.
//!
//! `cargo bench -p tandem-desk --bench replay [-- <tickets>]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so")]

mod history;

use std::hint::black_box;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tandem_desk::{Lexicon, Recorded, read_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Core, Event};
use tandem_routing::RoutingCore;
use tandem_routing::dry_run::{Assumptions, Comparison, DryRun, Plan, Rerun};
use tandem_store::Record;
use tokio::time::Instant;

use history::History;

/// As in every process of Tandem.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let tickets = std::env::args().find_map(|argument| argument.parse().ok());
    let history = History::of(tickets.unwrap_or(100_000));
    println!("{} events, {} agents", history.records.len(), history::AGENTS);
    let reading = timed(|| each_event(&history.records, |event| drop(black_box(event))));
    report("read from bytes", &history, reading);
    let ways: [(&str, Read); 2] = [
        ("one thread", |records, take| each_event(records, take)),
        ("read on another", |records, take| each_event_from_afar(records, take)),
    ];
    for (way, read) in ways {
        println!("\n{way}");
        replay(&history, read);
    }
}

fn replay(history: &History, read: Read) {
    let applying = timed(|| {
        let mut core = RoutingCore::new(&history.desk);
        read(&history.records, &mut |event| core.apply(&event));
        black_box(core.next_wakeup());
    });
    report("read and applied: a desk comes back", history, applying);
    let exact = timed(|| assert_eq!(run(history, None, read).rerun, Rerun::Exact));
    report("dry run, same version (read, decide, compare, count)", history, exact);
    let other = timed(|| {
        let outcome = run(history, Some(history.other()), read);
        assert!(matches!(outcome.rerun, Rerun::Other(_)));
    });
    report("dry run, other version (read, apply, simulate, count)", history, other);
}

/// As the router does it: events are read on one thread while another one takes them.
fn each_event_from_afar(records: &[Record], mut take: impl FnMut(Event<RoutingEvent>)) {
    std::thread::scope(|threads| {
        let (out, portions) = sync_channel(16);
        threads.spawn(move || {
            let mut lexicon = Lexicon::default();
            for records in records.chunks(256) {
                let events = records.iter().map(|record| event(record, &mut lexicon));
                out.send(events.collect::<Vec<_>>()).unwrap();
            }
        });
        portions.into_iter().flatten().for_each(&mut take);
    });
}

fn each_event(records: &[Record], mut take: impl FnMut(Event<RoutingEvent>)) {
    let mut lexicon = Lexicon::default();
    for record in records {
        take(event(record, &mut lexicon));
    }
}

fn event(record: &Record, lexicon: &mut Lexicon) -> Event<RoutingEvent> {
    match read_record::<RoutingCore>(record, lexicon).unwrap() {
        Recorded::Core(event) => event,
        Recorded::Shell(event) => panic!("not of the core: {event:?}"),
    }
}

/// Goes through all records.
type Read = fn(&[Record], &mut dyn FnMut(Event<RoutingEvent>));

fn run(history: &History, other: Option<tandem_domain::CompiledDesk>, read: Read) -> Comparison {
    let plan = Plan {
        from: history.from,
        other,
        assumptions: Assumptions::default(),
        named: 20,
    };
    let mut run = DryRun::new(&history.desk, plan);
    read(&history.records, &mut |event| run.take(event));
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
