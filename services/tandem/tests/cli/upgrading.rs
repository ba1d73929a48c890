//! Data that an older version has left.

use std::fs;

use crate::support::{Server, eventually, run};

/// Written by the version that had ingest and router only: three mails, of which Ana served one and set one aside.
const SPINE: &[u8] = include_bytes!("data/spine.sqlite");

#[test]
fn data_from_before_answers_clocks_and_measures_is_taken_over() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path().join("data");
    fs::create_dir(&data).expect("made");
    fs::write(data.join("tandem.sqlite"), SPINE).expect("written");
    let server = Server::on(&data);
    let states: Vec<_> = server.tickets().iter().map(|ticket| ticket["state"].clone()).collect();
    assert_eq!(states, ["done", "on_hold", "queued"]);
    let read = server.ask(&["read", "T2"]).well();
    assert!(read.contains("Rechnung doppelt"), "{read}");
    eventually("what happened then is measured, too", || {
        let rows = server.json(&[
            "metrics",
            "--from",
            "2026-11-20T00:00:00Z",
            "--to",
            "2026-11-27T00:00:00Z",
        ]);
        Some(rows).filter(|rows| rows[0]["received"] == 3)
    });
    server.ask(&["reply", "T3", "It goes out tomorrow."]).well();
    assert_eq!(server.ticket("another").len(), 4);
    server.stop();
    let audited = run(&[
        "audit",
        "--metrics",
        "--data-dir",
        data.to_str().expect("a path in UTF-8"),
    ])
    .well();
    assert!(audited.contains("nothing found"), "{audited}");
    let again = Server::on(&data);
    assert_eq!(again.json(&["read", "T3"]).as_array().map(Vec::len), Some(2));
}
