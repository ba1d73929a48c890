//! What the router does without being asked.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tandem_service_kit::health::Condition;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::api::Api;

/// How often store and bus are looked at, and how long the store may take to answer.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Tells desks' owners who was heard of, until the router drains.
pub(crate) async fn pass_heartbeats_on(api: Arc<Api>) -> Result<(), Infallible> {
    let mut due = interval(api.config.heartbeat_interval);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while api.draining.run_until_cancelled(due.tick()).await.is_some() {
        join_all(api.heartbeats.take().into_iter().map(async |(desk, agents)| {
            let agents = agents.into_iter().collect();
            // The next sign of life comes within seconds; the grace allows for several that are lost.
            if let Err(error) = api.desks.touch(&desk, agents).await {
                tracing::debug!(%desk, %error, "heartbeats not passed on");
            }
        }))
        .await;
    }
    Ok(())
}

/// Keeps readiness true to whether store and bus can be reached, until the router drains.
pub(crate) async fn watch(api: Arc<Api>, store: Condition, bus: Condition) -> Result<(), Infallible> {
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while api.draining.run_until_cancelled(due.tick()).await.is_some() {
        store.set(matches!(timeout(LOOK_EVERY, api.store.now()).await, Ok(Ok(_))));
        bus.set(api.bus.is_connected());
    }
    Ok(())
}

/// Returns once the router drains and every open stream has told its client so.
pub(crate) async fn end_streams(api: Arc<Api>) -> Result<(), Infallible> {
    api.draining.cancelled().await;
    api.streams.close();
    api.streams.wait().await;
    Ok(())
}
