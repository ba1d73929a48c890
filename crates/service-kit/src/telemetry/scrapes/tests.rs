use http_body_util::BodyExt;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Instruments of every kind, used, and where they are scraped.
fn figures() -> (SdkMeterProvider, Registry) {
    let registry = Registry::new();
    let reader = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .build()
        .unwrap();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let meter = provider.meter("test");
    let odd = [KeyValue::new("tandem.odd", "a \"quoted\"\nand \\ broken word")];
    meter.u64_counter("tandem.counter").build().add(3, &odd);
    meter.u64_gauge("tandem.gauge").build().record(7, &[]);
    let histogram = meter.f64_histogram("tandem.times").with_unit("s").build();
    histogram.record(0.3, &[]);
    (provider, registry)
}

fn asked(method: &str, path: &str) -> Response<Full<Bytes>> {
    let (_provider, registry) = figures();
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    answer(&request, &registry)
}

/// Reads the text format as strictly as its description has it: every line is a comment of a known kind or a sample, and
/// every sample's family has been named before. Returns the families.
fn families(text: &str) -> Vec<String> {
    let mut known = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (kind, name) = (words.next().unwrap(), words.next().unwrap());
            assert!(["HELP", "TYPE"].contains(&kind), "{line}");
            if kind == "TYPE" {
                assert!(
                    ["counter", "gauge", "histogram"].contains(&words.next().unwrap()),
                    "{line}"
                );
                assert!(!known.contains(&name.to_owned()), "{name} comes twice");
                known.push(name.to_owned());
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let name = series.split('{').next().unwrap();
        assert!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "{line}"
        );
        let of_family = |family: &String| {
            let rest = name.strip_prefix(family.as_str());
            rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
        };
        assert!(known.iter().any(of_family), "{line} is of no family");
        assert_eq!(series.contains('{'), series.ends_with('}'), "{line}");
    }
    known
}

#[tokio::test]
async fn a_scrape_has_every_instrument_in_the_format_that_its_header_names() {
    let answered = asked("GET", "/metrics");
    assert_eq!(
        answered.headers()[CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let body = answered.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let families = families(&text);
    for family in [
        "tandem_counter_total",
        "tandem_gauge",
        "tandem_times_seconds",
        "target_info",
    ] {
        assert!(families.contains(&family.to_owned()), "{family} in {text}");
    }
    assert!(
        text.contains(r#"tandem_odd="a \"quoted\"\nand \\ broken word""#),
        "{text}"
    );
}

#[test]
fn anything_but_reading_the_metrics_is_refused_with_what_to_do() {
    assert_eq!(asked("GET", "/").status(), StatusCode::NOT_FOUND);
    let posted = asked("POST", "/metrics");
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(posted.headers()[ALLOW], "GET, HEAD");
}

#[tokio::test]
async fn scrapers_that_say_nothing_or_do_not_read_do_not_keep_others_out_for_long() {
    let (_provider, registry) = figures();
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let serving = tokio::spawn(serve(listener, registry));
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS - 1 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut scraper = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    scraper.write_all(request).await.unwrap();
    let mut answered = String::new();
    timeout(REQUEST_TIME, scraper.read_to_string(&mut answered))
        .await
        .unwrap()
        .unwrap();
    assert!(
        answered.starts_with("HTTP/1.1 200") && answered.contains("tandem_counter_total"),
        "{answered}"
    );
    // Each is cut off by itself, without anything having been sent.
    let mut nothing = Vec::new();
    let cut_off = silent[0].read_to_end(&mut nothing);
    timeout(REQUEST_TIME * 2, cut_off).await.unwrap().unwrap();
    serving.abort();
}
