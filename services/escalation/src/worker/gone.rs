//! Webhooks that answered 410: they want no more calls. That holds for the address, so another one in the desk file is
//! called again; and until somebody retries a notification by hand.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tandem_domain::{ContactId, DeskId};
use tandem_store::{Commit, Row, Store, StoreError};
use url::Url;

/// The table, by contact.
const TABLE: &str = "escalation_webhook_gone";

/// An address that wants no more. Only its digest is kept: there may be a password in it.
#[derive(Serialize, Deserialize)]
struct Gone {
    sha256: String,
}

/// Whether the contact's webhook wants no more calls.
///
/// # Errors
/// The store's.
pub(super) async fn is_gone(
    store: &dyn Store,
    desk: &DeskId,
    contact: &ContactId,
    url: &Url,
) -> Result<bool, StoreError> {
    let row = store.row(desk, TABLE, contact.as_str()).await?;
    let gone = row.and_then(|value| serde_json::from_slice::<Gone>(&value).ok());
    Ok(gone.is_some_and(|gone| gone.sha256 == digest(url)))
}

/// Notes that it wants no more.
///
/// # Errors
/// The store's.
pub(super) async fn remember(
    store: &dyn Store,
    desk: &DeskId,
    contact: &ContactId,
    url: &Url,
) -> Result<(), StoreError> {
    let gone = Gone { sha256: digest(url) };
    let value = serde_json::to_vec(&gone).expect("plain data");
    put(store, desk, contact, Some(value.into())).await
}

/// Lets it be called again.
///
/// # Errors
/// The store's.
pub(crate) async fn forget(store: &dyn Store, desk: &DeskId, contact: &ContactId) -> Result<(), StoreError> {
    put(store, desk, contact, None).await
}

async fn put(
    store: &dyn Store,
    desk: &DeskId,
    contact: &ContactId,
    value: Option<bytes::Bytes>,
) -> Result<(), StoreError> {
    let row = Row {
        desk: desk.clone(),
        table: TABLE.to_owned(),
        key: contact.to_string(),
        value,
    };
    let commit = Commit {
        rows: vec![row],
        ..Commit::default()
    };
    store.commit(commit).await
}

fn digest(url: &Url) -> String {
    hex::encode(Sha256::digest(url.as_str()))
}
