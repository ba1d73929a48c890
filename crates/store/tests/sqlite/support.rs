//! What the tests of SQLite share.

use tandem_domain::Timestamp;
use tandem_store::{Append, Commit, NewRecord, Row, SqliteStore, Stream};
use tempfile::TempDir;

/// A fresh store; its directory is to be kept.
pub(crate) async fn open() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = SqliteStore::open(directory.path()).await.expect("a fresh store");
    (store, directory)
}

pub(crate) fn stream(desk: &str) -> Stream {
    Stream::new("router", desk.parse().expect("a key"))
}

/// A commit of one record.
pub(crate) fn append(stream: &Stream, seq: u64) -> Commit {
    let record = NewRecord {
        kind: "Opened".to_owned(),
        at: Timestamp::EPOCH,
        payload: seq.to_string().into(),
    };
    let append = Append {
        stream: stream.clone(),
        first_seq: seq,
        incarnation: 1,
        records: vec![record],
    };
    Commit {
        append: Some(append),
        ..Commit::default()
    }
}

/// A row that a commit may carry.
pub(crate) fn row(stream: &Stream, key: &str, value: Vec<u8>) -> Row {
    Row {
        desk: stream.desk.clone(),
        table: "ticket".to_owned(),
        key: key.to_owned(),
        value: Some(value.into()),
    }
}
