//! The machine's clock and randomness. Everything else gets them as arguments.

use tandem_domain::{Clock, IdSource, Timestamp};
use uuid::{NoContext, Uuid};

/// The machine's wall clock. The one place that reads it; desks use the store's clock instead,
/// which all processes share.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place where wall time comes in")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// Random version 7 UUIDs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let micros = u64::try_from(now.as_micros()).unwrap_or(0);
        let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
        Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_ordered_by_time() {
        let now = SystemClock.now();
        let first = SystemIds.next(now);
        let second = SystemIds.next(now);
        let later = SystemIds.next(now.plus(std::time::Duration::from_secs(1)));
        assert_ne!(first, second);
        assert!(first < later && second < later);
        assert_eq!(first.get_version_num(), 7);
    }
}
