//! Clients that are not ours: Python's `smtplib` and `swaks`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tandem_ingest::smtp::Limits;
use tokio::process::Command;

use crate::bench::Bench;

/// Sends every file below a folder in one session, with the line ends of mail; prints how many were taken and how
/// many refused.
const SEND_ALL: &str = r#"
import os, re, smtplib, sys
port, corpus = int(sys.argv[1]), sys.argv[2]
taken = refused = 0
with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30) as smtp:
    for folder, _, files in sorted(os.walk(corpus)):
        for name in sorted(files):
            if name.endswith((".json", ".zip")):
                continue
            raw = open(os.path.join(folder, name), "rb").read()
            raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
            try:
                smtp.sendmail("ann@customer.example", ["support@acme.example"], raw, ["BODY=8BITMIME"])
                taken += 1
            except smtplib.SMTPDataError as refusal:
                assert refusal.smtp_code in (552, 554), refusal
                refused += 1
print(taken, refused)
"#;

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("TANDEM_CORPUS")
        .map_or(default, PathBuf::from)
        .join("email");
    corpus.is_dir().then_some(corpus)
}

async fn run(command: &mut Command) -> Option<(bool, String)> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

#[tokio::test]
async fn python_sends_the_whole_corpus() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let bench = Bench::start(Limits::default()).await;
    let port = bench.address.port().to_string();
    let Some((success, output)) = run(Command::new("python3").args(["-c", SEND_ALL, &port]).arg(&corpus)).await else {
        println!("skipped: no python3");
        return;
    };
    assert!(success, "{output}");
    let counts: Vec<usize> = output.split_whitespace().map(|count| count.parse().unwrap()).collect();
    assert!(counts[0] > 100, "{output}");
    assert_eq!(bench.sink.delivered().len(), counts[0], "each 250 is one message");
}

#[tokio::test]
async fn swaks_sends_in_groups_and_over_tls() {
    let bench = Bench::start_with_tls(Limits::default()).await;
    let server = bench.address.to_string();
    for option in ["--pipeline", "--tls"] {
        let mut swaks = Command::new("swaks");
        swaks.args([
            "--server",
            &server,
            "--from",
            "ann@customer.example",
            "--to",
            "support@acme.example",
        ]);
        let Some((success, output)) = run(swaks.args(["--ehlo", "client.example", option])).await else {
            println!("skipped: no swaks");
            return;
        };
        assert!(success, "{output}");
    }
    let encrypted: Vec<_> = bench
        .sink
        .delivered()
        .iter()
        .map(|(envelope, _)| envelope.tls)
        .collect();
    assert_eq!(encrypted, [false, true]);
}
