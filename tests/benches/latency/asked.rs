//! What is measured, unless somebody asks for something else.

use std::time::Duration;

/// Rates that are always measured; the knee is searched for beyond the last of them.
const RATES: [u32; 3] = [10, 100, 1_000];
/// Rates beyond these grow by this factor until the bound is broken.
const STEP: f64 = 1.5;
const HIGHEST: u32 = 20_000;
const MEASURED: Duration = Duration::from_secs(8);

/// What is measured.
pub(crate) struct Asked {
    /// Ways of running: `embedded`, `cluster`.
    pub(crate) ways: Vec<String>,
    /// Tickets a second, ascending.
    pub(crate) rates: Vec<u32>,
    /// How long at each rate.
    pub(crate) measured: Duration,
}

impl Asked {
    /// `TANDEM_BENCH_WAYS=cluster TANDEM_BENCH_RATES=10,2000 TANDEM_BENCH_SECONDS=4` measures these only.
    pub(crate) fn from_environment() -> Self {
        let list = |name: &str| -> Option<Vec<String>> {
            let value = std::env::var(name).ok()?;
            Some(value.split(',').map(|item| item.trim().to_owned()).collect())
        };
        let number = |text: &String| text.parse::<u32>().expect("a whole number");
        let rates = list("TANDEM_BENCH_RATES").map(|rates| rates.iter().map(number).collect());
        let seconds = list("TANDEM_BENCH_SECONDS").map(|seconds| Duration::from_secs(number(&seconds[0]).into()));
        Self {
            ways: list("TANDEM_BENCH_WAYS").unwrap_or_else(|| vec!["embedded".to_owned(), "cluster".to_owned()]),
            rates: rates.unwrap_or_else(to_the_highest),
            measured: seconds.unwrap_or(MEASURED),
        }
    }

    pub(crate) fn way(&self, name: &str) -> bool {
        self.ways.iter().any(|way| way == name)
    }
}

fn to_the_highest() -> Vec<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are small and positive"
    )]
    let next = |rate: &u32| Some((f64::from(*rate) * STEP) as u32).filter(|rate| *rate <= HIGHEST);
    let beyond = std::iter::successors(next(&RATES[RATES.len() - 1]), next);
    RATES.into_iter().chain(beyond).collect()
}
