//! Keeps readiness true to whether what a service stands on can be reached.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tandem_bus::Bus;
use tandem_store::Store;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::health::Health;
use crate::lifecycle::Lifecycle;

/// How often store and bus are looked at, and how long the store may take to answer.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Makes the store and the bus conditions of `health` and looks at them until `life` drains.
pub fn watch(store: Arc<dyn Store>, bus: Arc<dyn Bus>, health: &Health, life: &Lifecycle) {
    let (stored, connected) = (health.condition("store"), health.condition("bus"));
    let draining = life.draining();
    life.spawn("readiness", async move {
        let mut due = interval(LOOK_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while draining.run_until_cancelled(due.tick()).await.is_some() {
            stored.set(matches!(timeout(LOOK_EVERY, store.now()).await, Ok(Ok(_))));
            connected.set(bus.is_connected());
        }
        Ok::<(), Infallible>(())
    });
}
