//! The memory store: the suite, and the faults that it injects.

mod faults;

use std::sync::Arc;

use tandem_store::conformance::Subject;
use tandem_store::{MemoryStore, conformance};

#[expect(
    clippy::unused_async,
    reason = "the suite awaits it, as other stores take time to start"
)]
async fn start() -> Option<Subject> {
    let store = MemoryStore::new();
    Some(Subject {
        store: Arc::new(store.clone()),
        other: Arc::new(store),
        keep: Box::new(()),
    })
}

conformance!(crate::start);
