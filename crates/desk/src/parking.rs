//! Where things are kept that could not be done, until somebody looks at them and retries them by hand.
//! They are rows of the desk, so nothing behind them waits for them.

use std::collections::HashMap;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tandem_domain::{DeskId, Timestamp};
use tandem_store::{JournalStore, RequestKey, Row, StoreError};

pub(crate) const TABLE: &str = "parked";
const PAGE: usize = 500;

/// Something that could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedItem {
    /// Under this it is retried.
    pub id: String,
    /// What it is, such as a command's method or an event's kind and number. No customer's words.
    pub what: String,
    /// Why it could not be done.
    pub reason: String,
    /// Since when it is parked.
    pub at: Timestamp,
}

/// One page of what is parked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParkedPage {
    /// The items, by id.
    pub items: Vec<ParkedItem>,
    /// Where the next page starts, exclusively; none: this was the last.
    pub next_after: Option<String>,
}

/// A parked row's value: what is shown, and what is needed to try again.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored<T> {
    pub(crate) item: ParkedItem,
    pub(crate) body: T,
}

impl<T: Serialize> Stored<T> {
    pub(crate) fn row(&self, desk: &DeskId) -> Row {
        let value = serde_json::to_vec(self).expect("parked items are plain data");
        row(desk, &self.item.id, Some(value.into()))
    }
}

fn row(desk: &DeskId, id: &str, value: Option<Bytes>) -> Row {
    Row {
        desk: desk.clone(),
        table: TABLE.to_owned(),
        key: id.to_owned(),
        value,
    }
}

/// The change that takes an item out.
pub(crate) fn removal(desk: &DeskId, id: &str) -> Row {
    row(desk, id, None)
}

/// A command's id: the same request is parked once, however often it is sent.
pub(crate) fn command_id(service: &str, key: &RequestKey) -> String {
    let mut hash = Sha256::new();
    for part in [&key.caller, &key.method, &key.id] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let short = hash
        .finalize()
        .iter()
        .take(16)
        .fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
    format!("{}{short}", command_prefix(service))
}

pub(crate) fn command_prefix(service: &str) -> String {
    format!("{service}:command:")
}

pub(crate) fn effect_id(service: &str, seq: u64) -> String {
    format!("{}{seq:020}", effect_prefix(service))
}

pub(crate) fn effect_prefix(service: &str) -> String {
    format!("{service}:effect:")
}

pub(crate) fn event_id(consumer: &str, service: &str, seq: u64) -> String {
    format!("{consumer}:event:{service}:{seq:020}")
}

/// One parked item with its body.
pub(crate) async fn load<T: DeserializeOwned>(
    store: &(impl JournalStore + ?Sized),
    desk: &DeskId,
    id: &str,
) -> Result<Option<Stored<T>>, StoreError> {
    let value = store.row(desk, TABLE, id).await?;
    value.map(|value| read(id, &value)).transpose()
}

fn read<T: DeserializeOwned>(id: &str, value: &[u8]) -> Result<T, StoreError> {
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        table: TABLE,
        key: id.to_owned(),
        why: error.to_string(),
    };
    serde_json::from_slice(value).map_err(damaged)
}

/// A page of what `service` has parked on `desk`.
pub(crate) async fn list(
    store: &(impl JournalStore + ?Sized),
    desk: &DeskId,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<ParkedPage, StoreError> {
    #[derive(Deserialize)]
    struct Shown {
        item: ParkedItem,
    }
    let page = store.rows(desk, TABLE, prefix, after, limit).await?;
    let items = page
        .rows
        .iter()
        .map(|(id, value)| read::<Shown>(id, value).map(|shown| shown.item));
    Ok(ParkedPage {
        items: items.collect::<Result<_, _>>()?,
        next_after: page.next_after,
    })
}

/// The commands that are parked on a desk, with their reasons: repeated, they are refused at once.
pub(crate) async fn commands(
    store: &(impl JournalStore + ?Sized),
    desk: &DeskId,
    service: &str,
) -> Result<HashMap<String, String>, StoreError> {
    let (mut reasons, mut after) = (HashMap::new(), None);
    loop {
        let page = list(store, desk, &command_prefix(service), after.as_deref(), PAGE).await?;
        reasons.extend(page.items.into_iter().map(|item| (item.id, item.reason)));
        after = page.next_after;
        if after.is_none() {
            return Ok(reasons);
        }
    }
}
