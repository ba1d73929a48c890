//! Gate B: two call centres of the `ContactCenters` library (L'Ecuyer and Buist, Université de Montréal), whose results
//! over a thousand replications its authors publish beside their programs. Both simulations have errors, so each pair of
//! means is compared by a test of two samples.

mod bilingual;
mod simple_msk;

use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::Estimate;

/// How many replications the published figures are of.
const PUBLISHED: u32 = 1000;
/// Days and weeks of ours, which are as many; a quick run has a few.
const OURS: u64 = 1000;
const QUICK: u64 = 4;

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let mut figures = simple_msk::measure(effort);
    figures.extend(bilingual::measure(effort));
    figures
}

fn replications(effort: &Effort) -> u64 {
    if effort.scale > 1 { OURS } else { QUICK }
}

/// A published mean with its standard deviation over the replications.
fn published(system: &str, name: impl Into<String>, mean: f64, deviation: f64, found: Estimate) -> Figure {
    let known = Estimate::published(mean, deviation, PUBLISHED);
    Figure::new(system, name, Known::Published(known), found)
}
