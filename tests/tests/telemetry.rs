//! Metrics as Prometheus scrapes them from a real process, and a collector that does it no good.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tandem_test_support::port::free_port;
use tandem_tests::mail::{Mail, deliver_surely, takes_mail_for};
use tandem_tests::process::Process;
use tandem_tests::programs::{program, text};
use tandem_tests::wait::eventually;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The address of `deploy/desks/small.yaml`.
const HELP: &str = "help@small.example";

/// A `tandem up` with the small desk.
struct Tandem {
    process: Process,
    smtp: SocketAddr,
    scraped: SocketAddr,
    _directory: TempDir,
}

impl Tandem {
    /// Starts it with a collector at `collector`.
    async fn start(collector: SocketAddr) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let loopback = || SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let (smtp, scraped) = (loopback(), loopback());
        let addresses = [("--grpc", loopback()), ("--smtp", smtp), ("--chat", loopback())];
        let (data, desk) = (directory.path().join("data"), root().join("deploy/desks/small.yaml"));
        let mut arguments = ["up", "--data-dir", text(&data), "--desk", text(&desk)]
            .map(ToOwned::to_owned)
            .to_vec();
        for (flag, address) in addresses {
            arguments.extend([flag.to_owned(), address.to_string()]);
        }
        let settings = [
            ("TANDEM_TELEMETRY__PROMETHEUS_LISTEN", scraped.to_string()),
            ("TANDEM_TELEMETRY__OTLP_ENDPOINT", format!("http://{collector}")),
            ("TANDEM_TELEMETRY__OTLP_METRICS_INTERVAL", "1s".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let process = Process::start(&program("tandem"), &arguments, &settings, &directory.path().join("log"));
        eventually("it takes mail", async || takes_mail_for(smtp, HELP).await.then_some(())).await;
        Self {
            process,
            smtp,
            scraped,
            _directory: directory,
        }
    }

    async fn send(&self, subject: &str) {
        let mut mail = Mail::new("small", subject);
        HELP.clone_into(&mut mail.to);
        deliver_surely(self.smtp, &mail).await;
    }

    async fn scrape(&self) -> String {
        let mut stream = TcpStream::connect(self.scraped).await.expect("it listens");
        let request = b"GET /metrics HTTP/1.1\r\nHost: tandem\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers with text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        body.to_owned()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A sample: its name, its labels and its value.
fn sample(line: &str) -> (&str, &str, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    match series.split_once('{') {
        Some((name, labels)) => (
            name,
            labels.strip_suffix('}').unwrap_or_else(|| panic!("open: {line}")),
            value,
        ),
        None => (series, "", value),
    }
}

fn samples(text: &str) -> impl Iterator<Item = (&str, &str, f64)> {
    text.lines().filter(|line| !line.starts_with('#')).map(sample)
}

/// The sum of the series of a name whose labels hold `label`.
fn total(text: &str, of: &str, label: &str) -> f64 {
    let fitting = samples(text).filter(|(name, labels, _)| *name == of && labels.contains(label));
    fitting.map(|(_, _, value)| value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_documented_and_none_names_a_desk_an_agent_or_a_person() {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let tandem = Tandem::start(nobody).await;
    tandem.send("a secret parcel").await;
    let text = eventually("the ticket is counted", async || {
        let text = tandem.scrape().await;
        (total(&text, "tandem_desk_events_total", "TicketOpened") >= 1.0).then_some(text)
    })
    .await;
    let documented = std::fs::read_to_string(root().join("docs/telemetry.md")).expect("the documentation is there");
    let families: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    for family in &families {
        let (name, _) = family.split_once(' ').expect("a name and a type");
        assert!(
            documented.contains(&format!("`{name}`")),
            "{name} is not in docs/telemetry.md"
        );
    }
    assert_eq!(families.len(), text.matches("# TYPE ").count(), "each comes once");
    for (name, labels, _) in samples(&text) {
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        let of_family =
            |known: &&str| known.starts_with(&format!("{family} ")) || known.starts_with(&format!("{name} "));
        assert!(families.iter().any(of_family), "{name} has no type");
        for word in ["small", "ana", "maria", "parcel", "example"] {
            assert!(!labels.contains(word), "{name}{{{labels}}} holds {word}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_takes_connections_and_never_answers_holds_nothing_up() {
    let collector = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let mut tandem = Tandem::start(collector.local_addr().expect("it is bound")).await;
    for number in 0..20 {
        tandem.send(&format!("question {number}")).await;
    }
    let text = eventually("the mails are counted", async || {
        let text = tandem.scrape().await;
        (total(&text, "tandem_ingest_messages_total", "taken") >= 20.0).then_some(text)
    })
    .await;
    let put_off = total(&text, "tandem_ingest_messages_total", "later");
    assert!(put_off < 1.0, "{put_off} were put off");
    let begun = Instant::now();
    tandem.process.signal("TERM");
    let status = tandem.process.end().await;
    assert_eq!(status.code(), Some(0), "{}", tandem.process.log());
    assert!(begun.elapsed() < Duration::from_secs(25), "it ends in time");
}
