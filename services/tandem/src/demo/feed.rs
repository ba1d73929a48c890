//! What the demo shows live: the events as they are published.

use std::time::Duration;

use futures::StreamExt;
use prost::Message;
use tandem_bus::{Bus, Delivery, subject};
use tandem_proto::v1;
use tokio::sync::watch;

use super::story;
use super::tally::Tally;
use super::teller::Teller;
use crate::failure::Failure;

/// How often people are told how far it is, as most single events are not.
const PROGRESS: Duration = Duration::from_secs(3);

/// Tells and counts events until everybody was served. `written` is how many messages customers have written, as soon as
/// they have written all of them.
pub(crate) async fn follow(
    bus: &dyn Bus,
    teller: &Teller,
    mut written: watch::Receiver<Option<u64>>,
) -> Result<Tally, Failure> {
    let lost = |error| Failure::Fault(format!("the bus is gone: {error}"));
    let mut events = bus.events("demo", subject::ALL_EVENTS).await.map_err(lost)?;
    let mut tally = Tally::default();
    let mut progress = tokio::time::interval(PROGRESS);
    progress.tick().await;
    loop {
        let all = *written.borrow();
        if all.is_some_and(|all| tally.messages() >= all) && tally.is_quiet() {
            return Ok(tally);
        }
        tokio::select! {
            delivery = events.next() => match delivery {
                Some(delivery) => on_delivery(delivery, &mut tally, teller).await?,
                None => return Ok(tally),
            },
            // Whoever writes outlives this, or both end.
            Ok(()) = written.changed() => {}
            _ = progress.tick() => teller.aside(&how_far(&tally))?,
        }
    }
}

async fn on_delivery(delivery: Delivery, tally: &mut Tally, teller: &Teller) -> Result<(), Failure> {
    // An id is `<service>.<desk>:<seq>`. The shell's own events are no service's, and of no interest here.
    let told = if delivery.id.starts_with("router.") {
        v1::RouterEvent::decode(delivery.payload.clone())
            .ok()
            .and_then(|event| on_router(&event, tally))
    } else {
        v1::EscalationEvent::decode(delivery.payload.clone())
            .ok()
            .and_then(|event| on_escalation(&event, tally))
    };
    delivery.ack().await;
    match told {
        Some((kind, weight, text)) => teller.tell(kind, weight, &text),
        None => Ok(()),
    }
}

fn on_router(event: &v1::RouterEvent, tally: &mut Tally) -> Option<story::Told> {
    let body = event.body.as_ref()?;
    tally.count(body, event.at.as_ref().map_or(0.0, seconds));
    story::of_router(body, tally)
}

fn on_escalation(event: &v1::EscalationEvent, tally: &mut Tally) -> Option<story::Told> {
    let body = event.body.as_ref()?;
    tally.count_climb(body);
    story::of_escalation(body)
}

fn how_far(tally: &Tally) -> String {
    let accepted: u64 = tally.accepted.values().sum();
    let breached: u64 = tally.breached.values().sum();
    format!(
        "…    {} tickets so far, {accepted} accepted, {} answered, {} done, {breached} clocks breached",
        tally.opened.len(),
        tally.answers,
        tally.done.len()
    )
}

fn seconds(at: &prost_types::Timestamp) -> f64 {
    // Whole seconds since the epoch fit into the 53 bits of a float for the next 280 million years.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let whole = at.seconds as f64;
    whole + f64::from(at.nanos) / 1e9
}
