//! Seeded simulations: several processes around one store and one bus, everything goes wrong, then all is
//! healed. What was acknowledged is in the journal exactly once, nobody has read what was not there, and
//! consumers end with exactly what the journals say.
//!
//! `TANDEM_SEEDS` says how many seeds are run (20 unless told), `TANDEM_SEED` runs a single one. The seed
//! steers the faults and what clients do; the runtime's own order of tasks is not part of it.

mod chaos;
mod cluster;
mod escalation;
mod ledger;
mod routing;

mod sometimes;

use std::env;

use cluster::Workload;
use sometimes::Sometimes;

/// The seeds to be run.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("TANDEM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TANDEM_SEEDS").unwrap_or(20),
    }
}

/// Runs a workload under every seed; in the end each kind of trouble must have been met.
fn simulate<W: Workload>() {
    let sometimes = Sometimes::default();
    for seed in seeds() {
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(chaos::run::<W>(seed, &sometimes));
    }
    if seeds().count() >= 20 {
        sometimes.assert_all(W::ALSO);
    }
}

#[test]
fn a_ledger_survives_everything() {
    simulate::<ledger::Ledgers>();
}
#[test]
fn the_router_keeps_its_promises_whatever_goes_wrong() {
    simulate::<routing::Routers>();
}

#[test]
fn rungs_are_reached_once_each_whatever_goes_wrong() {
    simulate::<escalation::Escalations>();
}
