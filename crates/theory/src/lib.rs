//! Whether Tandem's router does what queueing theory knows: gates A to G.
//!
//! Everything that is measured comes from the production core, driven on simulated time by
//! [`tandem_routing::sim`]; no queue is modelled here. What it is held against is computed ([`exact`]), published, or a
//! goal. `docs/theory.md` says what each gate shows.

pub mod crowd;
pub mod desk;
pub mod exact;
pub mod figure;
pub mod gates;
pub mod replicate;
pub mod stats;
pub mod table;

#[cfg(test)]
fn close(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() <= within,
        "{found} is not within {within} of {expected}"
    );
}
