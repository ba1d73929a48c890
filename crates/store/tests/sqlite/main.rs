//! The SQLite store: the suite, and what only it promises.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod crash;
mod full;
mod grouping;
mod opening;
mod support;

use std::sync::Arc;

use tandem_store::conformance::Subject;
use tandem_store::{SqliteStore, conformance};

async fn start() -> Option<Subject> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Arc::new(SqliteStore::open(directory.path()).await.expect("a fresh store"));
    Some(Subject {
        store: store.clone(),
        other: store,
        keep: Box::new(directory),
    })
}

conformance!(crate::start);
