use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use opentelemetry::metrics::MeterProvider;
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
        otlp_metrics_interval: Duration::from_secs(1),
        prometheus_listen: None,
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
    let telemetry = Telemetry::without_logs(&config(Some(endpoint)), PROGRAM).unwrap();
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
    let telemetry = Telemetry::without_logs(&config(Some(endpoint)), PROGRAM).unwrap();
    finish_spans(&telemetry, 5);
    assert_eq!(telemetry.shutdown().await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_with_the_programs_name_and_version() {
    let (mut received, endpoint) = collector().await;
    let telemetry = Telemetry::without_logs(&config(Some(endpoint)), PROGRAM).unwrap();
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
    let telemetry = Telemetry::without_logs(&config(Some(endpoint)), PROGRAM).unwrap();
    let carried = with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        let span = tracing::info_span!("work");
        set_parent(&span, &Trace(PARENT.into()));
        span.in_scope(inject)
    });
    assert_eq!(carried.0[..35], PARENT[..35], "the same trace");
    assert_ne!(&*carried.0, PARENT, "another span");
    telemetry.shutdown().await;
}

#[tokio::test]
async fn without_a_collector_nothing_is_traced_or_dropped() {
    let telemetry = Telemetry::without_logs(&config(None), PROGRAM).unwrap();
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
    assert_eq!(trace_of(&headers), Trace(PARENT.into()));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_reach_a_collector_and_scrapers_and_neither_knows_of_the_other() {
    let (_listener, endpoint) = blackhole().await;
    let mut config = config(Some(endpoint));
    config.prometheus_listen = Some("127.0.0.1:0".parse().unwrap());
    let telemetry = Telemetry::without_logs(&config, PROGRAM).unwrap();
    let address = telemetry.prometheus().unwrap();
    let meter = telemetry.meters.as_ref().unwrap().provider().meter("test");
    meter.u64_counter("tandem.things").build().add(2, &[]);
    let scraped = scrape(address).await;
    assert!(scraped.contains("tandem_things_total 2"), "{scraped}");
    assert!(scraped.contains(r#"service_name="tandem-test""#), "{scraped}");
    let begun = Instant::now();
    telemetry.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "a shutdown is bounded");
    let closed = async { while tokio::net::TcpStream::connect(address).await.is_ok() {} };
    let closed = tokio::time::timeout(Duration::from_secs(20), closed).await;
    assert!(closed.is_ok(), "somebody listens still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instrument_has_a_bounded_number_of_series_whatever_its_labels() {
    let mut config = config(None);
    config.prometheus_listen = Some("127.0.0.1:0".parse().unwrap());
    let telemetry = Telemetry::without_logs(&config, PROGRAM).unwrap();
    let meter = telemetry.meters.as_ref().unwrap().provider().meter("test");
    let counter = meter.u64_counter("tandem.things").build();
    for number in 0..5_000 {
        counter.add(1, &[KeyValue::new("tandem.mistake", number)]);
    }
    let scraped = scrape(telemetry.prometheus().unwrap()).await;
    let series = scraped.matches("tandem_things_total{").count();
    assert!((2..=501).contains(&series), "{series} series");
    assert!(scraped.contains(r#"otel_metric_overflow="true""#), "{scraped}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_named() {
    let (listener, _) = blackhole().await;
    let mut config = config(None);
    config.prometheus_listen = Some(listener.local_addr().unwrap());
    let Err(refused) = Telemetry::without_logs(&config, PROGRAM) else {
        panic!("it listens twice");
    };
    assert!(
        refused
            .to_string()
            .starts_with("telemetry.prometheus_listen: cannot listen on 127.0.0.1:")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_of_another_trace_names_where_it_came_from() {
    const STORY: &str = "00-11111111111111111111111111111111-2222222222222222-01";
    let (mut received, endpoint) = collector().await;
    let telemetry = Telemetry::without_logs(&config(Some(endpoint)), PROGRAM).unwrap();
    with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        let span = tracing::info_span!("work");
        set_parent(&span, &Trace(STORY.into()));
        link(&span, &Trace(STORY.into()));
        link(&span, &Trace::default());
        link(&span, &Trace(PARENT.into()));
    });
    assert_eq!(telemetry.shutdown().await, 0);
    let sent = received.recv().await.unwrap().resource_spans.concat();
    let traces = |id: u8| {
        sent.windows(16)
            .filter(|bytes| bytes.iter().all(|byte| *byte == id))
            .count()
    };
    let caller = hex::decode(&PARENT[3..35]).unwrap();
    assert_eq!(traces(0x11), 1, "part of the one, which needs no link");
    assert_eq!(
        sent.windows(16).filter(|bytes| *bytes == caller).count(),
        1,
        "with a link to the other"
    );
}

async fn scrape(address: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).await.unwrap();
    answered
}
