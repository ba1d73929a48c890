//! `[deliveries]`

use std::time::Duration;

use serde::Deserialize;
use tandem_service_kit::config::{Check, SmarthostConfig, Validate, values};

use super::Pace;

/// The documentation and defaults of `[deliveries]`, for whoever runs ingest among other services.
pub const DELIVERIES_DEFAULTS: &str = include_str!("../deliveries.default.toml");

/// When answers are tried again, and until when.
#[derive(Clone, Debug, Deserialize)]
pub struct DeliveriesConfig {
    /// After the first try.
    #[serde(with = "values::duration")]
    pub first_retry: Duration,
    /// The longest pause.
    #[serde(with = "values::duration")]
    pub longest_retry: Duration,
    /// What is older is given up.
    #[serde(with = "values::duration")]
    pub give_up_after: Duration,
}

impl DeliveriesConfig {
    /// The worker's pace, with such a smarthost.
    pub(crate) fn pace(&self, smarthost: &SmarthostConfig) -> Pace {
        Pace {
            one_try: smarthost.timeout,
            first_retry: self.first_retry,
            longest_retry: self.longest_retry,
            give_up_after: self.give_up_after,
        }
    }
}

impl Validate for DeliveriesConfig {
    fn validate(&self, check: &mut Check) {
        check.rule(!self.first_retry.is_zero(), "first_retry", "more than 0s");
        let is_longer = self.longest_retry >= self.first_retry;
        check.rule(is_longer, "longest_retry", "at least first_retry");
        check.rule(!self.give_up_after.is_zero(), "give_up_after", "more than 0s");
    }
}
