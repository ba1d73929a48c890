//! Waiting for conditions.

use std::time::Duration;

/// Nothing that these tests wait for takes as long, unless it hangs. Generous, since machines are shared.
pub const DEADLINE: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Waits until `look` finds something.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(DEADLINE, what, look).await
}

/// Waits until `look` finds something, but no longer than `limit`.
pub async fn within<T>(limit: Duration, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = found_within(limit, look).await;
    found.unwrap_or_else(|| panic!("waited {limit:?} in vain: {what}"))
}

/// What `look` finds before `limit` has passed.
pub async fn found_within<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        let mut regularly = tokio::time::interval(LOOK_EVERY);
        loop {
            regularly.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(limit, looking).await.ok()
}
