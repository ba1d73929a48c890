//! Tickets that nobody on their desk could ever serve: counted now and then by the desks' owner, for an alarm. Who they
//! are is told by `ListTickets`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::global;
use tandem_desk::Desks;
use tandem_domain::routing::{Answer, Query};
use tandem_routing::RoutingCore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often they are counted.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Counts those of this process's desks and shows their number, until the router drains.
pub(crate) async fn count(desks: Desks<RoutingCore>, draining: CancellationToken) -> Result<(), Infallible> {
    let shown = Arc::new(AtomicU64::new(0));
    show(Arc::clone(&shown));
    let mut due = interval(COUNT_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while draining.run_until_cancelled(due.tick()).await.is_some() {
        shown.store(of_own_desks(&desks).await, Ordering::Relaxed);
    }
    Ok(())
}

/// A desk that does not answer now is counted the next time.
pub(crate) async fn of_own_desks(desks: &Desks<RoutingCore>) -> u64 {
    let mut all = 0;
    for owned in desks.status() {
        if let Ok(Answer::Unservable(count)) = desks.query(&owned.desk, Query::Unservable).await {
            all += count;
        }
    }
    all
}

fn show(shown: Arc<AtomicU64>) {
    global::meter("tandem-router")
        .u64_observable_gauge("tandem.router.tickets.unservable")
        .with_unit("{ticket}")
        .with_description("Waiting tickets of this process's desks that nobody on their desk could ever serve")
        .with_callback(move |observer| observer.observe(shown.load(Ordering::Relaxed), &[]))
        .build();
}
