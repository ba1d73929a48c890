//! What every bus must do with hints.

use bytes::Bytes;
use futures::StreamExt;

use super::{QUIET, next, within};
use crate::{Bus, MAX_WAITING_HINTS, MAX_WAITING_REQUESTS};

/// Those that listen to this subject or a pattern that it falls under, and nobody else.
pub async fn a_hint_reaches_everybody_who_listens(bus: &dyn Bus) {
    let mut one = bus.hints("tandem.hint.router.acme.agent").await.expect("the bus works");
    let mut other = bus.hints("tandem.hint.>").await.expect("the bus works");
    bus.hint("tandem.hint.router.other.agent", Bytes::from_static(b"1"))
        .await
        .expect("the bus works");
    bus.hint("tandem.hint.router.acme.agent", Bytes::from_static(b"2"))
        .await
        .expect("the bus works");
    let hint = |desk: &str, payload| (format!("tandem.hint.router.{desk}.agent"), Bytes::from_static(payload));
    assert_eq!(next(&mut one).await, hint("acme", b"2"));
    assert_eq!(next(&mut other).await, hint("other", b"1"));
    assert_eq!(next(&mut other).await, hint("acme", b"2"));
}

/// It costs bounded memory, and what it still gets is the newest.
pub async fn a_slow_listener_loses_the_oldest_hints(bus: &dyn Bus) {
    let mut slow = bus.hints("tandem.hint.slow").await.expect("the bus works");
    let mut quick = bus.hints("tandem.hint.slow").await.expect("the bus works");
    // A connection may hold back as much again as requests before they reach the listener's own queue.
    let bound = MAX_WAITING_HINTS + MAX_WAITING_REQUESTS;
    let count = 2 * bound;
    for number in 0..count {
        bus.hint("tandem.hint.slow", number.to_string().into())
            .await
            .expect("the bus works");
        // Hints are lost where they are sent faster than the network takes them; that is not the matter here.
        while next(&mut quick).await.1 != number.to_string() {}
    }
    let newest = (count - 1).to_string();
    let last = async {
        let mut came = 0;
        while let Some((_, payload)) = slow.next().await {
            came += 1;
            if payload == newest {
                return came;
            }
        }
        came
    };
    let came = within(last).await;
    assert!(came <= bound, "{came}");
    assert!(
        tokio::time::timeout(QUIET, slow.next()).await.is_err(),
        "the newest is the last"
    );
}

/// Hints may be lost.
pub async fn a_hint_that_nobody_hears_is_no_error(bus: &dyn Bus) {
    assert_eq!(bus.hint("tandem.hint.nobody", Bytes::new()).await, Ok(()));
}
