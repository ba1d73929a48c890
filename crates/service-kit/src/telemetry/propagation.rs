//! W3C trace context: how one trace spans services, the bus and the journal.

use std::collections::HashMap;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tandem_domain::Trace;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

/// The current span, to be carried along; empty when nothing is traced.
#[must_use]
pub fn inject() -> Trace {
    trace_in(&Span::current().context())
}

/// Makes `span` a child of the span that `trace` names. Nothing happens if it names none.
pub fn set_parent(span: &Span, trace: &Trace) {
    let parent = context_of(&trace.0);
    if parent.span().span_context().is_valid() {
        // The only failure is a span that is not traced, which needs no parent.
        let _ = span.set_parent(parent);
    }
}

/// Has `span`, which is part of one trace, name the span of another that it came from. Nothing happens if `trace` names
/// none, or the trace that it is part of.
pub fn link(span: &Span, trace: &Trace) {
    let from = context_of(&trace.0).span().span_context().clone();
    if from.is_valid() && from.trace_id() != span.context().span().span_context().trace_id() {
        span.add_link(from);
    }
}

/// The trace that a request's headers name. Anything but a well-formed `traceparent` is none, since it
/// may end up in the journal.
#[must_use]
pub fn trace_of(headers: &HeaderMap) -> Trace {
    let text = headers
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    trace_in(&context_of(text))
}

fn context_of(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

fn trace_in(context: &Context) -> Trace {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(context, &mut carrier);
    Trace(carrier.remove(TRACEPARENT).unwrap_or_default().into())
}
