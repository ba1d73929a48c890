//! A process that is killed while it writes.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tandem_store::{Commit, JournalStore, SqliteStore};

use crate::support::{append, row, stream};

const DIRECTORY: &str = "TANDEM_TEST_CRASH_DIRECTORY";
const DESKS: [&str; 4] = ["north", "east", "south", "west"];

/// Writes without end on all desks and says what was acknowledged: `<desk> <seq>`.
#[tokio::test]
#[ignore = "this is the process that the other test kills"]
async fn the_writer() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&directory)).await.unwrap();
    let write = async |desk| {
        let stream = stream(desk);
        let mut seq = store.tail(&stream).await.unwrap().map_or(0, |tail| tail.seq);
        loop {
            seq += 1;
            let last = row(&stream, "last", seq.to_string().into_bytes());
            store
                .commit(Commit {
                    rows: vec![last],
                    ..append(&stream, seq)
                })
                .await
                .unwrap();
            println!("{desk} {seq}");
        }
    };
    futures::future::join_all(DESKS.map(write)).await;
}

/// Runs the writer, kills it after some acknowledgements, and adds all that it acknowledged.
fn write_and_kill(directory: &Path, after: usize, acknowledged: &mut HashMap<String, u64>) {
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer
        .args(["--exact", "crash::the_writer", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory);
    let mut writer = writer.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut note = |line: &str| {
        let Some((desk, seq)) = line.split_once(' ') else {
            return false;
        };
        let (true, Ok(seq)) = (DESKS.contains(&desk), seq.parse()) else {
            return false;
        };
        acknowledged.insert(desk.to_owned(), seq);
        true
    };
    let mut noted = 0;
    for line in lines.by_ref() {
        noted += usize::from(note(&line.unwrap()));
        if noted == after {
            writer.kill().unwrap();
            break;
        }
    }
    assert_eq!(noted, after, "the writer ended by itself");
    writer.wait().unwrap();
    // What it said before it died was acknowledged too.
    for line in lines.map_while(Result::ok) {
        note(&line);
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for round in 1..=12 {
        write_and_kill(directory.path(), round * 17, &mut acknowledged);
        let store = SqliteStore::open(directory.path()).await.unwrap();
        for desk in DESKS {
            let stream = stream(desk);
            let tail = store.tail(&stream).await.unwrap().map_or(0, |tail| tail.seq);
            let promised = acknowledged.get(desk).copied().unwrap_or(0);
            assert!(
                tail >= promised,
                "{desk} ends at {tail}, but {promised} was acknowledged"
            );
            let records = store.read(&stream, 1, usize::MAX).await.unwrap();
            assert_eq!(records.len() as u64, tail);
            let last = store.row(&stream.desk, "ticket", "last").await.unwrap();
            assert_eq!(
                last,
                (tail > 0).then(|| tail.to_string().into()),
                "record and row were committed together"
            );
        }
        store.close().await;
    }
    assert_eq!(acknowledged.len(), DESKS.len(), "every desk was written to");
}
