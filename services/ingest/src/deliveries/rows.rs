//! Rows about answers: which there are, and what was said of their fates.

use tandem_domain::{AccountId, ConversationId, DeskId, MessageId};
use tandem_store::{Row, Store, StoreError};

use super::Callback;

/// Public answers by conversation, in the router's order.
pub(super) const ANSWERS: &str = "answer";
/// What was said of answers' fates.
const SAID: &str = "answer_said";
/// Answers that wait for submitting systems, by account, in the router's order.
pub(super) const CALLBACKS: &str = "callback";

/// What somebody said of an answer; the first one here counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// The customer's side has it.
    Delivered,
    /// The submitting system will not take it.
    Declined,
    /// The chat was over.
    Left,
}

impl Said {
    const ALL: [Self; 3] = [Self::Delivered, Self::Declined, Self::Left];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Declined => "declined",
            Self::Left => "left",
        }
    }
}

/// The public answers of a conversation after `after`: the router's number of each, and its message.
///
/// # Errors
/// When they cannot be read.
pub(crate) async fn answer_rows(
    store: &dyn Store,
    desk: &DeskId,
    conversation: ConversationId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, MessageId)>, StoreError> {
    let prefix = format!("{conversation}/");
    numbered(store, desk, ANSWERS, &prefix, after, limit).await
}

pub(super) async fn callbacks(
    store: &dyn Store,
    desk: &DeskId,
    account: &AccountId,
    limit: usize,
) -> Result<Vec<Callback>, StoreError> {
    let rows = numbered(store, desk, CALLBACKS, &format!("{account}/"), 0, limit).await?;
    let callback = |(seq, message)| Callback {
        account: account.clone(),
        seq,
        message,
    };
    Ok(rows.into_iter().map(callback).collect())
}

async fn numbered(
    store: &dyn Store,
    desk: &DeskId,
    table: &'static str,
    prefix: &str,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, MessageId)>, StoreError> {
    let after = numbered_key(prefix, after);
    let page = store.rows(desk, table, prefix, Some(&after), limit).await?;
    let read = |(key, value): (String, bytes::Bytes)| {
        let damaged = || StoreError::Damaged {
            table,
            key: key.clone(),
            why: "it names no answer".to_owned(),
        };
        let seq = key.strip_prefix(prefix).and_then(|seq| seq.parse().ok());
        let message = std::str::from_utf8(&value).ok().and_then(|id| id.parse().ok());
        Ok((seq.ok_or_else(damaged)?, message.ok_or_else(damaged)?))
    };
    page.rows.into_iter().map(read).collect()
}

/// What was said of an answer.
pub(super) async fn said(store: &dyn Store, desk: &DeskId, message: MessageId) -> Result<Vec<Said>, StoreError> {
    words(store, desk, &format!("{message}/")).await
}

/// Whether the chat is over.
pub(super) async fn has_left(store: &dyn Store, desk: &DeskId, chat: ConversationId) -> Result<bool, StoreError> {
    Ok(!words(store, desk, &format!("{chat}/")).await?.is_empty())
}

async fn words(store: &dyn Store, desk: &DeskId, prefix: &str) -> Result<Vec<Said>, StoreError> {
    let page = store.rows(desk, SAID, prefix, None, Said::ALL.len()).await?;
    let word = |(key, _): (String, bytes::Bytes)| Said::ALL.into_iter().find(|said| key.ends_with(said.as_str()));
    let mut said: Vec<Said> = page.rows.into_iter().filter_map(word).collect();
    said.sort_unstable();
    Ok(said)
}

pub(super) fn said_row(desk: &DeskId, message: MessageId, said: Said) -> Row {
    row(desk, SAID, format!("{message}/{}", said.as_str()), Some(String::new()))
}

pub(super) fn left(desk: &DeskId, chat: ConversationId) -> Row {
    row(
        desk,
        SAID,
        format!("{chat}/{}", Said::Left.as_str()),
        Some(String::new()),
    )
}

pub(super) fn answer(desk: &DeskId, conversation: ConversationId, seq: u64, message: MessageId) -> Row {
    let key = numbered_key(&format!("{conversation}/"), seq);
    row(desk, ANSWERS, key, Some(message.to_string()))
}

pub(super) fn callback(desk: &DeskId, callback: &Callback) -> Row {
    let key = numbered_key(&format!("{}/", callback.account), callback.seq);
    row(desk, CALLBACKS, key, Some(callback.message.to_string()))
}

pub(super) fn callback_done(desk: &DeskId, account: &AccountId, seq: u64) -> Row {
    row(desk, CALLBACKS, numbered_key(&format!("{account}/"), seq), None)
}

/// The row under `key` of `table` is to be deleted.
pub(super) fn deleted(desk: &DeskId, table: &str, key: String) -> Row {
    row(desk, table, key, None)
}

/// Twenty digits hold every number, and order them as text.
fn numbered_key(prefix: &str, seq: u64) -> String {
    format!("{prefix}{seq:020}")
}

fn row(desk: &DeskId, table: &str, key: String, value: Option<String>) -> Row {
    Row {
        desk: desk.clone(),
        table: table.to_owned(),
        key,
        value: value.map(Into::into),
    }
}
