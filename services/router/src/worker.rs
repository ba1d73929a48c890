//! What the router does without being asked.

use std::convert::Infallible;
use std::sync::Arc;

use futures::future::join_all;
use tokio::time::{MissedTickBehavior, interval};

use crate::api::Api;

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

/// Returns once the router drains and every open stream has told its client so.
pub(crate) async fn end_streams(api: Arc<Api>) -> Result<(), Infallible> {
    api.draining.cancelled().await;
    api.streams.close();
    api.streams.wait().await;
    Ok(())
}
