//! What can be measured about the shell; `docs/telemetry.md` says what it means. No label names a desk.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::{KeyValue, global};
use tandem_domain::DeskId;
use tandem_store::NewRecord;

use crate::DeskState;

/// In seconds.
const COMMIT_TIMES: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
const LATENESS: [f64; 10] = [0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 15.0, 60.0, 300.0, 3600.0];
const BATCH_SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// The shell's instruments.
pub(crate) struct Instruments {
    commands: Counter<u64>,
    events: Counter<u64>,
    batches: Histogram<u64>,
    commits: Histogram<f64>,
    lateness: Histogram<f64>,
}

/// Made at the first use, when the process has said where they report to.
static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| Instruments::new(&meter()));

fn meter() -> Meter {
    global::meter("tandem-desk")
}

fn service(name: &'static str) -> KeyValue {
    KeyValue::new("tandem.service", name)
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        Self {
            commands: meter
                .u64_counter("tandem.desk.commands")
                .with_unit("{command}")
                .with_description("Commands that were answered, repeats included")
                .build(),
            events: meter
                .u64_counter("tandem.desk.events")
                .with_unit("{event}")
                .with_description("Events that were committed")
                .build(),
            batches: meter
                .u64_histogram("tandem.desk.batch.size")
                .with_unit("{command}")
                .with_description("Commands that were handled and committed together")
                .with_boundaries(BATCH_SIZES.to_vec())
                .build(),
            commits: meter
                .f64_histogram("tandem.desk.commit.duration")
                .with_unit("s")
                .with_description("How long committing a batch took")
                .with_boundaries(COMMIT_TIMES.to_vec())
                .build(),
            lateness: meter
                .f64_histogram("tandem.escalation.rung.lateness")
                .with_unit("s")
                .with_description("How much later than due a rung was reached")
                .with_boundaries(LATENESS.to_vec())
                .build(),
        }
    }
}

/// Commands were answered: by which method, and how. A method is a name of the program's own.
pub(crate) fn answered<'a>(name: &'static str, outcomes: impl Iterator<Item = (&'a str, &'static str)>) {
    let mut counts = BTreeMap::<_, u64>::new();
    outcomes.for_each(|outcome| *counts.entry(outcome).or_default() += 1);
    for ((method, outcome), count) in counts {
        let labels = [
            service(name),
            KeyValue::new("tandem.command", method.to_owned()),
            KeyValue::new("tandem.outcome", outcome),
        ];
        INSTRUMENTS.commands.add(count, &labels);
    }
}

/// A batch was handled.
pub(crate) fn gathered(name: &'static str, commands: usize) {
    if commands > 0 {
        INSTRUMENTS.batches.record(commands as u64, &[service(name)]);
    }
}

/// A commit ended.
pub(crate) fn committed(name: &'static str, took: Duration, kinds: Kinds, done: bool) {
    let outcome = KeyValue::new("tandem.outcome", if done { "done" } else { "failed" });
    INSTRUMENTS
        .commits
        .record(took.as_secs_f64(), &[service(name), outcome]);
    for (kind, count) in kinds.0.into_iter().filter(|_| done) {
        let labels = [service(name), KeyValue::new("tandem.event", kind)];
        INSTRUMENTS.events.add(count, &labels);
    }
}

/// Something was due earlier.
pub(crate) fn late(by: Duration) {
    INSTRUMENTS.lateness.record(by.as_secs_f64(), &[]);
}

/// How many events of which kind.
pub(crate) struct Kinds(BTreeMap<String, u64>);

impl Kinds {
    pub(crate) fn of(records: &[NewRecord]) -> Self {
        let mut kinds = BTreeMap::new();
        for record in records {
            match kinds.get_mut(&record.kind) {
                Some(count) => *count += 1,
                None => drop(kinds.insert(record.kind.clone(), 1)),
            }
        }
        Self(kinds)
    }
}

/// Has the desks that a process owns counted by their states, whenever somebody looks, for as long as `desks` lives.
pub(crate) fn count_desks<T: Send + Sync + 'static>(
    name: &'static str,
    desks: Weak<T>,
    states: impl Fn(&T) -> Vec<DeskState> + Send + Sync + 'static,
) {
    meter()
        .u64_observable_gauge("tandem.desk.owned")
        .with_unit("{desk}")
        .with_description("Desks that this process owns")
        .with_callback(move |observer| {
            let Some(desks) = desks.upgrade() else { return };
            let mut counts = BTreeMap::from(["opening", "open", "failed", "backoff"].map(|state| (state, 0)));
            for state in states(&desks) {
                *counts.entry(word(&state)).or_default() += 1;
            }
            for (state, count) in counts {
                observer.observe(count, &[service(name), KeyValue::new("tandem.desk.state", state)]);
            }
        })
        .build();
}

const fn word(state: &DeskState) -> &'static str {
    match state {
        DeskState::Opening => "opening",
        DeskState::Open => "open",
        DeskState::Failed(_) => "failed",
        DeskState::Backoff(_) => "backoff",
    }
}

/// How many events a consumer has not handled yet, by desk; measured as their sum.
#[derive(Default)]
pub(crate) struct Lag(Mutex<BTreeMap<DeskId, u64>>);

impl Lag {
    /// Has it measured whenever somebody looks, for as long as it lives.
    pub(crate) fn of(consumer: &str, stream: &str) -> Arc<Self> {
        let lag = Arc::new(Self::default());
        let labels = [
            KeyValue::new("tandem.consumer", consumer.to_owned()),
            KeyValue::new("tandem.service", stream.to_owned()),
        ];
        let measured = Arc::downgrade(&lag);
        meter()
            .u64_observable_gauge("tandem.consumer.lag")
            .with_unit("{event}")
            .with_description("Events of a service's desks, all together, that a consumer has not handled yet")
            .with_callback(move |observer| {
                if let Some(lag) = measured.upgrade() {
                    observer.observe(lag.lock().values().sum(), &labels);
                }
            })
            .build();
        lag
    }

    pub(crate) fn set(&self, desk: &DeskId, behind: u64) {
        self.lock().insert(desk.clone(), behind);
    }

    /// No code that can panic runs under this lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeskId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
