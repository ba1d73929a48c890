//! Whether an audit finds what is wrong, all of it, and nothing else.

mod forge;
mod measures;
mod planted;
mod random;
mod rungs;
pub(super) mod story;

use tandem_store::{Store, StoreError};

use super::finding::{Finding, Kind};
use super::{RoutingCore, audit};
use tandem_desk::Journaled;

/// What an audit of all desks finds.
async fn find(store: &dyn Store) -> Result<Vec<Finding>, StoreError> {
    let streams = store.streams(RoutingCore::SERVICE).await?;
    Ok(audit(store, &streams, true).await?.findings)
}

/// The kinds of what an audit finds; all of it must be about the desk on which the fault was planted.
async fn kinds(store: &dyn Store) -> Vec<Kind> {
    let findings = find(store).await.expect("a store in memory can be read");
    for finding in &findings {
        assert_eq!(finding.desk, story::acme(), "{finding}");
    }
    findings.iter().map(|finding| finding.kind).collect()
}
