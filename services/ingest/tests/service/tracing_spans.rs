//! One trace leads from the SMTP session to what the router decided, and on to the answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use tandem_store::DocumentStore;
use tracing_subscriber::layer::SubscriberExt;

use crate::answers::give;
use crate::harness::{ACME, World, eventually};
use crate::letter::Letter;

/// Spans that have ended.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl Ended {
    /// The first span of this name.
    fn named(&self, name: &str) -> Option<SpanData> {
        self.0.lock().unwrap().iter().find(|span| span.name == name).cloned()
    }
}

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The trace and the span that a `traceparent` names.
fn named(traceparent: &str) -> (TraceId, SpanId) {
    let fields: Vec<_> = traceparent.split('-').collect();
    let [_, trace, span, _] = fields[..] else {
        panic!("no traceparent: {traceparent:?}")
    };
    (TraceId::from_hex(trace).unwrap(), SpanId::from_hex(span).unwrap())
}

#[tokio::test]
async fn one_trace_spans_the_session_the_outbox_the_routers_events_and_the_answer() {
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder().with_span_processor(ended.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // All tasks of a test's runtime run on this thread.
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));

    let (world, router, service) = World::started().await;
    router.shutdown().await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    let session = ended.named("smtp.message").unwrap().span_context;
    let session = (session.trace_id(), session.span_id());

    let mut waiting = Vec::new();
    eventually(async || {
        waiting = world.store.claim(1, Duration::ZERO).await.unwrap();
        !waiting.is_empty()
    })
    .await;
    assert_eq!(named(&waiting[0].trace), session, "the outbox row");

    let router = world.router();
    let question = world.settled(&service, ACME).await.remove(0);
    let caused: Vec<_> = world
        .events(ACME)
        .await
        .into_iter()
        .filter(|event| !event.trace.0.is_empty())
        .collect();
    assert!(!caused.is_empty());
    for event in caused {
        assert_eq!(named(&event.trace.0).0, session.0, "{event:?}");
    }

    // The call that answers is of no trace, or of another one.
    give(&world, &router, &service, &question, "Tomorrow.").await;
    let mut delivery = None;
    eventually(async || {
        delivery = ended.named("delivery");
        delivery.is_some()
    })
    .await;
    let delivery = delivery.unwrap();
    let begun_by = (delivery.span_context.trace_id(), delivery.parent_span_id);
    assert_eq!(begun_by, session, "the answer on its way");
}
