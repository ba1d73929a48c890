//! Facts, put together by interval and place.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tandem_measures::Measured;

use super::hours::{Hours, key};
use super::ticket::{Fact, What};

/// Which percentiles are compared.
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];
const TIMES: [&str; 3] = ["time_to_accept", "first_response", "handling"];

/// What should be counted, by the rows' keys.
#[derive(Default)]
pub(crate) struct Tallies {
    pub(crate) minutes: BTreeMap<String, Tally>,
    pub(crate) hours: BTreeMap<String, Tally>,
}

/// What should be counted in a row.
#[derive(Default)]
pub(crate) struct Tally {
    counts: BTreeMap<&'static str, u64>,
    times: BTreeMap<&'static str, Vec<Duration>>,
}

impl Tallies {
    pub(crate) fn add(&mut self, fact: &Fact, hours: &Hours) {
        let minute = key(hours.minute(fact.at, fact.seq));
        let hour = key(hours.start(fact.at, fact.seq));
        for place in fact.places() {
            self.minutes
                .entry(format!("{minute}/{place}"))
                .or_default()
                .add(fact.what);
            self.hours.entry(format!("{hour}/{place}")).or_default().add(fact.what);
        }
    }
}

impl Tally {
    fn add(&mut self, what: What) {
        match what {
            What::Happened(what) => *self.counts.entry(what).or_default() += 1,
            What::Took(what, time) => self.times.entry(what).or_default().push(time),
        }
    }

    /// How a stored row says something else; none: it does not.
    pub(crate) fn differs_from(&self, row: &[u8]) -> Option<String> {
        let row: Value = serde_json::from_slice(row).unwrap_or_default();
        let counts: BTreeMap<&str, u64> = self.counts.iter().map(|(what, count)| (*what, *count)).collect();
        let stored = row["counts"].as_object();
        let stored = stored.into_iter().flatten();
        let stored: BTreeMap<&str, u64> = stored
            .map(|(what, count)| (what.as_str(), count.as_u64().unwrap_or_default()))
            .collect();
        if stored != counts {
            return Some(format!("{stored:?} instead of {counts:?}"));
        }
        TIMES.into_iter().find_map(|what| {
            let times = self.times.get(what).cloned().unwrap_or_default();
            let wrong = time_differs(times, row[what].clone())?;
            Some(format!("{what}: {wrong}"))
        })
    }
}

fn time_differs(mut times: Vec<Duration>, stored: Value) -> Option<String> {
    let Ok(stored) = serde_json::from_value::<Measured>(stored) else {
        return Some("it cannot be read".to_owned());
    };
    let whole = |time: &Duration| Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    times = times.iter().map(whole).collect();
    times.sort_unstable();
    let expected = (
        times.len() as u64,
        times.iter().sum::<Duration>(),
        times.last().copied(),
    );
    let found = (stored.count(), stored.total(), stored.max());
    if found != expected {
        return Some(format!("{found:?} instead of {expected:?}"));
    }
    let off = SHARES
        .into_iter()
        .find(|share| percentile_is_off(&times, *share, &stored));
    off.map(|share| format!("percentile {share} is off by more than 1 %"))
}

fn percentile_is_off(times: &[Duration], share: f64, stored: &Measured) -> bool {
    let Some(told) = stored.percentile(share) else {
        return !times.is_empty();
    };
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among that many"
    )]
    let rank = (share * times.len().saturating_sub(1) as f64) as usize;
    let exact = times.get(rank).copied().unwrap_or_default();
    told.abs_diff(exact) > exact / 100 + Duration::from_millis(1)
}
