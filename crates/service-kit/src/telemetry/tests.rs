use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tandem_domain::Trace;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_prost::ProstCodec;
use tower::service_fn;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

const PROGRAM: Program = Program {
    name: "tandem-test",
    version: "1.2.3",
};
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn config(otlp_endpoint: Option<String>) -> TelemetryConfig {
    TelemetryConfig {
        log: "info".to_owned(),
        format: LogFormat::Json,
        otlp_endpoint,
        otlp_timeout: Duration::from_millis(200),
        otlp_queue: 10,
        instance: None,
        shutdown_timeout: Duration::from_secs(1),
    }
}

/// A collector that takes connections and never answers.
async fn blackhole() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    (listener, endpoint)
}

/// What a collector is sent: a batch of spans, still encoded.
#[derive(Clone, PartialEq, prost::Message)]
struct Export {
    #[prost(bytes = "vec", repeated, tag = "1")]
    resource_spans: Vec<Vec<u8>>,
}

/// A collector that takes everything and passes it on.
async fn collector() -> (mpsc::UnboundedReceiver<Export>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (exports, received) = mpsc::unbounded_channel();
    let service = service_fn(move |request: http::Request<Body>| {
        let exports = exports.clone();
        let keep = move |export: tonic::Request<Export>| {
            exports.send(export.into_inner()).unwrap();
            ready(Ok(tonic::Response::new(())))
        };
        async move { Ok::<_, Infallible>(Grpc::new(ProstCodec::default()).unary(service_fn(keep), request).await) }
    });
    tokio::spawn(Server::builder().serve_with_incoming(service, TcpIncoming::from(listener)));
    (received, endpoint)
}

fn finish_spans(telemetry: &Telemetry, count: usize) {
    with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        for _ in 0..count {
            tracing::info_span!("work").in_scope(|| {});
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_costs_spans_and_a_bounded_wait() {
    let (_listener, endpoint) = blackhole().await;
    let telemetry = Telemetry::with_traces(&config(Some(endpoint)), PROGRAM).unwrap();
    let begun = Instant::now();
    finish_spans(&telemetry, 1_000);
    assert!(telemetry.dropped_spans() > 0, "what does not fit is dropped at once");
    let dropped = telemetry.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "a shutdown is bounded");
    assert_eq!(dropped, 1_000, "every span is accounted for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_not_there_stops_nothing() {
    let (listener, endpoint) = blackhole().await;
    drop(listener);
    let telemetry = Telemetry::with_traces(&config(Some(endpoint)), PROGRAM).unwrap();
    finish_spans(&telemetry, 5);
    assert_eq!(telemetry.shutdown().await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_with_the_programs_name_and_version() {
    let (mut received, endpoint) = collector().await;
    let telemetry = Telemetry::with_traces(&config(Some(endpoint)), PROGRAM).unwrap();
    finish_spans(&telemetry, 3);
    assert_eq!(telemetry.shutdown().await, 0);
    let spans = received.recv().await.unwrap().resource_spans.concat();
    let text = String::from_utf8_lossy(&spans);
    for part in ["tandem-test", "1.2.3", "service.instance.id"] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(text.matches("work").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_is_carried_along() {
    let (_listener, endpoint) = blackhole().await;
    let telemetry = Telemetry::with_traces(&config(Some(endpoint)), PROGRAM).unwrap();
    let carried = with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        let span = tracing::info_span!("work");
        set_parent(&span, &Trace(PARENT.to_owned()));
        span.in_scope(inject)
    });
    assert_eq!(carried.0[..35], PARENT[..35], "the same trace");
    assert_ne!(carried.0, PARENT, "another span");
    telemetry.shutdown().await;
}

#[tokio::test]
async fn without_a_collector_nothing_is_traced_or_dropped() {
    let telemetry = Telemetry::with_traces(&config(None), PROGRAM).unwrap();
    finish_spans(&telemetry, 5);
    assert_eq!(inject(), Trace::default());
    assert_eq!(telemetry.dropped_spans(), 0);
    assert_eq!(telemetry.shutdown().await, 0);
}

#[test]
fn only_a_well_formed_trace_is_taken_from_a_request() {
    let mut headers = HeaderMap::new();
    assert_eq!(trace_of(&headers), Trace::default());
    headers.insert("traceparent", HeaderValue::from_static(PARENT));
    assert_eq!(trace_of(&headers), Trace(PARENT.to_owned()));
    headers.insert("traceparent", HeaderValue::from_static("dear sir or madam"));
    assert_eq!(trace_of(&headers), Trace::default());
}

/// Where a subscriber's lines go.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_is_logged_without_what_it_says() {
    let lines = Lines::default();
    let writer = lines.clone();
    let usual = std::panic::take_hook();
    panics::log_places_only();
    with_default(fmt().with_writer(move || writer.clone()).finish(), || {
        let panicked = std::panic::catch_unwind(|| panic!("the customer wrote: canary"));
        assert!(panicked.is_err());
    });
    std::panic::set_hook(usual);
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("a panic") && logged.contains("tests.rs"), "{logged}");
    assert!(!logged.contains("canary"), "{logged}");
}
