//! What the environment asks to be measured.

use std::collections::BTreeSet;
use std::time::Duration;

/// Which sides, and how long a turn of each takes.
pub(crate) struct Asked {
    pub(crate) sides: BTreeSet<String>,
    pub(crate) turn: Duration,
}

impl Asked {
    pub(crate) fn from_environment() -> Self {
        let sides = std::env::var("TANDEM_BENCH_STORES").unwrap_or_else(|_| "sqlite,postgres,sql".to_owned());
        let seconds = std::env::var("TANDEM_BENCH_SECONDS").ok();
        let turn = seconds.and_then(|text| text.parse().ok()).unwrap_or(2.0);
        Self {
            sides: sides.split(',').map(str::to_owned).collect(),
            turn: Duration::from_secs_f64(turn),
        }
    }
}
