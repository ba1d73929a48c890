//! The PostgreSQL store: the suite, and what only it promises.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod lost;
mod schema;
mod support;

use std::sync::Arc;

use tandem_store::conformance::Subject;
use tandem_store::{PostgresStore, conformance};
use tandem_test_support::postgres::Postgres;

async fn start() -> Option<Subject> {
    let server = Postgres::start().await?;
    let url = server.database();
    let store = PostgresStore::connect(&url, 4).await.expect("a fresh database");
    let other = PostgresStore::connect(&url, 4).await.expect("the same database");
    Some(Subject {
        store: Arc::new(store),
        other: Arc::new(other),
        keep: Box::new(server),
    })
}

conformance!(crate::start);
