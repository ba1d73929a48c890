//! How long to wait before trying again.

use std::time::Duration;

use rand::RngExt;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles with each failure, up to some seconds. Random, so that not everybody comes back at the same moment.
pub(super) fn delay(failures: usize) -> Duration {
    let doublings = u32::try_from(failures.min(16)).unwrap_or(16);
    let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    longest.mul_f64(random_share())
}

#[expect(
    clippy::disallowed_methods,
    reason = "spreading retries is the point, and nothing depends on the value"
)]
fn random_share() -> f64 {
    rand::rng().random_range(0.5..=1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_stays_bounded() {
        assert!(delay(0) <= FIRST);
        assert!(delay(3) >= FIRST * 4);
        assert!(delay(usize::MAX) <= LONGEST);
    }
}
