//! The store's clock: the machine's, as one process is all there is.

use std::time::{Duration, SystemTime};

use tandem_domain::Timestamp;

#[expect(
    clippy::disallowed_methods,
    reason = "this is the store's clock, from which all others come"
)]
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp::EPOCH.plus(since_epoch)
}
