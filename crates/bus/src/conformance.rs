//! What every bus must do, as one suite of tests for all of them: see [`bus_conformance`](crate::bus_conformance).
#![expect(clippy::missing_panics_doc, reason = "tests panic when they fail")]

pub mod events;
pub mod hints;
pub mod requests;

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::{Bus, Delivery, EventMessage, Headers};

/// How long anything that is to happen may take.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long a test waits for what is not to happen.
pub const QUIET: Duration = Duration::from_millis(300);

/// Makes a test of each behaviour. `$start` is a function whose future gives `Option<(impl Bus, guard)>`: the guard
/// lives as long as the test; nothing means that such a bus cannot be had here, and the test is skipped.
#[macro_export]
macro_rules! bus_conformance {
    ($start:path) => {
        $crate::bus_conformance! { @tests $start, events:
            a_repeated_id_is_dropped
            events_come_whole
            each_publishers_order_is_kept
            a_new_consumer_begins_with_what_comes_now
            a_consumer_continues_where_it_left_off
            what_was_not_acknowledged_comes_again_in_order
            a_dropped_delivery_comes_again_in_order
            every_consumer_gets_everything
            a_subject_narrows_what_comes
            who_acknowledges_nothing_is_given_a_bounded_number
            an_event_that_is_too_large_is_refused
        }
        $crate::bus_conformance! { @tests $start, requests:
            a_request_is_answered
            many_requests_at_once_get_their_own_answers
            nobody_serving_is_known_at_once
            who_has_stopped_serving_is_not_asked
            no_answer_is_a_timeout
            a_dropped_request_is_a_timeout
            one_of_several_servers_gets_a_request
            more_requests_than_a_server_takes_time_out
            a_request_that_is_too_large_is_refused
            an_answer_that_is_too_large_is_known_to_the_asker
        }
        $crate::bus_conformance! { @tests $start, hints:
            a_hint_reaches_everybody_who_listens
            a_slow_listener_loses_the_oldest_hints
            a_hint_that_nobody_hears_is_no_error
        }
    };
    (@tests $start:path, $module:ident: $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                if let Some((bus, _guard)) = $start().await {
                    $crate::conformance::$module::$behaviour(&bus).await;
                }
            }
        )*
    };
}

/// An event on the desk `acme`, under this id.
#[must_use]
pub fn event(id: &str) -> EventMessage {
    EventMessage {
        subject: "tandem.events.acme.Created".to_owned(),
        id: id.to_owned(),
        headers: Headers::new(),
        payload: Bytes::new(),
    }
}

/// Publishes events with these numbers as ids, one after the other.
pub async fn publish(bus: &dyn Bus, numbers: std::ops::Range<usize>) {
    for number in numbers {
        bus.publish(event(&number.to_string())).await.expect("the bus works");
    }
}

/// The stream of all events for `consumer`.
pub async fn all_events(bus: &dyn Bus, consumer: &str) -> BoxStream<'static, Delivery> {
    bus.events(consumer, crate::subject::ALL_EVENTS)
        .await
        .expect("the bus works")
}

/// The next item, which must come in time.
pub async fn next<T>(stream: &mut BoxStream<'static, T>) -> T {
    within(stream.next()).await.expect("the stream goes on")
}

/// The ids of the next `count` deliveries, each acknowledged.
pub async fn take_ids(stream: &mut BoxStream<'static, Delivery>, count: usize) -> Vec<String> {
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let delivery = next(stream).await;
        ids.push(delivery.id.clone());
        delivery.ack().await;
    }
    ids
}

/// Numbers as ids.
#[must_use]
pub fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// Whether nothing comes for a while.
pub async fn is_quiet<T>(stream: &mut BoxStream<'static, T>) -> bool {
    tokio::time::timeout(QUIET, stream.next()).await.is_err()
}

/// What `future` gives, which must be in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}
