//! Chats as they are kept: any replica goes on with one, and any ends it.
//!
//! Three tables, because rows have no owner and are put blindly: what a chat is (written once), when its visitor was
//! last there (put again and again by whoever holds a socket), and that it is over (put once, and stronger than the
//! others). A late mark of a chat that is over does no harm.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tandem_domain::{ConversationId, DeskId, LanguageTag, Timestamp, Trace};
use tandem_store::{Commit, NewJob, Row, Store, StoreError};

use super::contact::Contact;
use super::protocol::EndedBy;

/// What chats are, while they go on.
const CHATS: &str = "chat_session";
/// When their visitors were last there.
const SEEN: &str = "chat_seen";
/// That they are over.
const OVER: &str = "chat_over";
/// Jobs that tell the router that a visitor has left.
pub(super) const LEFT: &str = "chat-left";

/// A chat in which something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Who the visitor is, where the customer's site has said so.
    pub contact: Option<Contact>,
    /// The visitor's language, where the visitor's side has said so.
    pub language: Option<LanguageTag>,
}

/// How far a chat has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was said yet, so nothing is kept.
    Fresh,
    /// It goes on.
    Live(Session),
    /// It is over.
    Over(EndedBy),
}

#[derive(Serialize, Deserialize)]
struct Over {
    by: EndedBy,
    at: Timestamp,
}

/// The chats of all desks.
#[derive(Clone)]
pub(super) struct Sessions {
    store: Arc<dyn Store>,
}

impl Sessions {
    /// The chats in this store.
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The clock by which visitors are away.
    pub(super) async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store.now().await
    }

    /// How far a chat has come.
    pub(super) async fn phase(&self, desk: &DeskId, chat: ConversationId) -> Result<Phase, StoreError> {
        if let Some(over) = self.read::<Over>(desk, OVER, chat).await? {
            return Ok(Phase::Over(over.by));
        }
        let session = self.read(desk, CHATS, chat).await?;
        Ok(session.map_or(Phase::Fresh, Phase::Live))
    }

    /// Keeps a chat from now on.
    pub(super) async fn begin(&self, desk: &DeskId, chat: ConversationId, session: &Session) -> Result<(), StoreError> {
        let now = self.store.now().await?;
        let rows = vec![row(desk, CHATS, chat, session), row(desk, SEEN, chat, &now)];
        self.put(rows).await
    }

    /// Says that these chats' visitors are there.
    pub(super) async fn mark(&self, live: &[(DeskId, ConversationId)]) -> Result<(), StoreError> {
        if live.is_empty() {
            return Ok(());
        }
        let now = self.store.now().await?;
        self.put(live.iter().map(|(desk, chat)| row(desk, SEEN, *chat, &now)).collect())
            .await
    }

    /// Ends a chat; the router hears of it by a job of the same transaction.
    pub(super) async fn end(
        &self,
        desk: &DeskId,
        chat: ConversationId,
        by: EndedBy,
        trace: Trace,
    ) -> Result<(), StoreError> {
        let at = self.store.now().await?;
        let job = NewJob {
            queue: LEFT.to_owned(),
            desk: desk.clone(),
            id: chat.to_string(),
            body: bytes::Bytes::new(),
            due: at,
            trace: trace.0.to_string(),
        };
        let rows = vec![
            row(desk, OVER, chat, &Over { by, at }),
            deleted(desk, CHATS, chat.to_string()),
            deleted(desk, SEEN, chat.to_string()),
        ];
        let commit = Commit {
            rows,
            jobs: vec![job],
            ..Commit::default()
        };
        self.store.commit(commit).await
    }

    /// Up to `limit` chats after `after` whose visitors were last there before `before`, and where to go on.
    pub(super) async fn silent(
        &self,
        desk: &DeskId,
        before: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<ConversationId>, Option<String>), StoreError> {
        let page = self.store.rows(desk, SEEN, "", after, limit).await?;
        let silent = page.rows.into_iter().filter_map(|(key, value)| {
            let seen: Timestamp = serde_json::from_slice(&value).unwrap_or_default();
            let chat = key.parse().ok()?;
            (seen < before).then_some(chat)
        });
        Ok((silent.collect(), page.next_after))
    }

    /// Drops what was put too late, of a chat that is over already: also who the visitor is.
    pub(super) async fn unmark(&self, desk: &DeskId, chat: ConversationId) -> Result<(), StoreError> {
        let rows = [SEEN, CHATS].map(|table| deleted(desk, table, chat.to_string()));
        self.put(rows.into()).await
    }

    /// Forgets up to `limit` chats that were over before `before`. Ids grow with time, so the oldest come first.
    pub(super) async fn forget(&self, desk: &DeskId, before: Timestamp, limit: usize) -> Result<(), StoreError> {
        let page = self.store.rows(desk, OVER, "", None, limit).await?;
        let is_old = |value: &[u8]| serde_json::from_slice::<Over>(value).is_ok_and(|over| over.at < before);
        let old = page.rows.into_iter().filter(|(_, value)| is_old(value));
        let rows: Vec<_> = old.map(|(key, _)| deleted(desk, OVER, key)).collect();
        if rows.is_empty() { Ok(()) } else { self.put(rows).await }
    }

    async fn put(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        let commit = Commit {
            rows,
            ..Commit::default()
        };
        self.store.commit(commit).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        desk: &DeskId,
        table: &'static str,
        chat: ConversationId,
    ) -> Result<Option<T>, StoreError> {
        let Some(value) = self.store.row(desk, table, &chat.to_string()).await? else {
            return Ok(None);
        };
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            table,
            key: format!("{desk}/{chat}"),
            why: format!("{:?} error", error.classify()),
        };
        serde_json::from_slice(&value).map(Some).map_err(damaged)
    }
}

fn row(desk: &DeskId, table: &str, chat: ConversationId, value: &impl Serialize) -> Row {
    let value = serde_json::to_vec(value).expect("rows about chats are plain data");
    Row {
        desk: desk.clone(),
        table: table.to_owned(),
        key: chat.to_string(),
        value: Some(value.into()),
    }
}

fn deleted(desk: &DeskId, table: &str, key: String) -> Row {
    Row {
        desk: desk.clone(),
        table: table.to_owned(),
        key,
        value: None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tandem_store::{JobStore, MemoryStore};
    use uuid::Uuid;

    use super::*;

    fn chat(number: u128) -> ConversationId {
        ConversationId(Uuid::from_u128(number))
    }

    const ALICE: Session = Session {
        contact: None,
        language: None,
    };

    #[tokio::test]
    async fn over_is_stronger_than_whatever_comes_late() {
        let store = MemoryStore::new();
        let (sessions, desk) = (Sessions::new(Arc::new(store.clone())), "acme".parse().unwrap());
        assert_eq!(sessions.phase(&desk, chat(1)).await.unwrap(), Phase::Fresh);
        sessions.begin(&desk, chat(1), &ALICE).await.unwrap();
        assert_eq!(sessions.phase(&desk, chat(1)).await.unwrap(), Phase::Live(ALICE));
        for _ in 0..2 {
            sessions
                .end(&desk, chat(1), EndedBy::Visitor, Trace::default())
                .await
                .unwrap();
        }
        sessions.begin(&desk, chat(1), &ALICE).await.unwrap();
        sessions.mark(&[(desk.clone(), chat(1))]).await.unwrap();
        assert_eq!(
            sessions.phase(&desk, chat(1)).await.unwrap(),
            Phase::Over(EndedBy::Visitor)
        );
        let jobs = store.claim_jobs(LEFT, 10, Duration::from_secs(9)).await.unwrap();
        assert_eq!(jobs.len(), 1, "the router is told once");
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_chat_that_was_put_after_it_was_over() {
        let sessions = Sessions::new(Arc::new(MemoryStore::new()));
        let desk: DeskId = "acme".parse().unwrap();
        let (by, trace) = (EndedBy::Visitor, Trace::default());
        sessions.end(&desk, chat(1), by, trace).await.unwrap();
        sessions.begin(&desk, chat(1), &ALICE).await.unwrap();
        sessions.unmark(&desk, chat(1)).await.unwrap();
        let later = sessions.now().await.unwrap().plus(Duration::from_mins(1));
        assert_eq!(sessions.silent(&desk, later, None, 9).await.unwrap().0, []);
        sessions.forget(&desk, later, 9).await.unwrap();
        assert_eq!(sessions.phase(&desk, chat(1)).await.unwrap(), Phase::Fresh);
    }

    #[tokio::test]
    async fn the_silent_are_found_and_what_is_long_over_is_forgotten() {
        let sessions = Sessions::new(Arc::new(MemoryStore::new()));
        let desk: DeskId = "acme".parse().unwrap();
        for number in 1..=3 {
            sessions.begin(&desk, chat(number), &ALICE).await.unwrap();
        }
        let later = sessions.now().await.unwrap().plus(Duration::from_mins(1));
        let (silent, more) = sessions.silent(&desk, later, None, 2).await.unwrap();
        assert_eq!(silent, [chat(1), chat(2)]);
        assert_eq!(
            sessions.silent(&desk, later, more.as_deref(), 2).await.unwrap().0,
            [chat(3)]
        );
        assert_eq!(sessions.silent(&desk, Timestamp::EPOCH, None, 9).await.unwrap().0, []);
        sessions
            .end(&desk, chat(1), EndedBy::Timeout, Trace::default())
            .await
            .unwrap();
        sessions.forget(&desk, Timestamp::EPOCH, 9).await.unwrap();
        assert_eq!(
            sessions.phase(&desk, chat(1)).await.unwrap(),
            Phase::Over(EndedBy::Timeout)
        );
        sessions.forget(&desk, later, 9).await.unwrap();
        assert_eq!(sessions.phase(&desk, chat(1)).await.unwrap(), Phase::Fresh);
    }
}
