//! What the tests of PostgreSQL share.

use sqlx::{Connection, PgConnection};
use tandem_domain::{ConversationId, MessageId, Timestamp};
use tandem_store::conformance::eventually;
use tandem_store::{Append, Commit, NewDocument, NewRecord, Row, Stream, WithoutConversation};
use uuid::Uuid;

pub(crate) fn stream(desk: &str) -> Stream {
    Stream::new("router", desk.parse().expect("a key"))
}

/// A commit of one record and the row that says so.
pub(crate) fn append(stream: &Stream, seq: u64) -> Commit {
    let payload = bytes::Bytes::from(seq.to_string());
    let record = NewRecord {
        kind: "Opened".to_owned(),
        at: Timestamp::EPOCH,
        payload: payload.clone(),
    };
    let append = Append {
        stream: stream.clone(),
        first_seq: seq,
        incarnation: 1,
        records: vec![record],
    };
    let (desk, table, key) = (stream.desk.clone(), "ticket".to_owned(), "last".to_owned());
    let row = Row {
        desk,
        table,
        key,
        value: Some(payload),
    };
    Commit {
        append: Some(append),
        rows: vec![row],
        ..Commit::default()
    }
}

pub(crate) fn document(number: u128) -> NewDocument {
    NewDocument {
        desk: stream("acme").desk,
        id: MessageId(Uuid::from_u128(number)),
        dedupe_key: number.to_be_bytes().to_vec().into(),
        find_by: Vec::new(),
        known_as: Vec::new(),
        otherwise: WithoutConversation::Start(ConversationId(Uuid::from_u128(number))),
        body: "body".into(),
        raw: "raw".into(),
        outbox: "outbox".into(),
        received_at: Timestamp::EPOCH,
        trace: String::new(),
        claimed_for: std::time::Duration::ZERO,
    }
}

/// Somebody else in the same database, who can get in the way.
pub(crate) struct Intruder(PgConnection);

impl Intruder {
    pub(crate) async fn connect(url: &str) -> Self {
        Self(PgConnection::connect(url).await.unwrap())
    }

    /// Locks everybody out of a table until [`unlock`](Self::unlock).
    pub(crate) async fn lock(&mut self, table: &str) {
        let sql = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut self.0)
            .await
            .unwrap();
    }

    pub(crate) async fn unlock(&mut self) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.0).await.unwrap();
    }

    /// Waits until one of the store's statements waits for a lock.
    pub(crate) async fn see_it_wait(&mut self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'tandem' AND wait_event_type = 'Lock'";
        let connection = &mut self.0;
        eventually(async || {
            sqlx::query_scalar::<_, i64>(waiting)
                .fetch_one(&mut *connection)
                .await
                .unwrap()
                > 0
        })
        .await;
    }

    /// Ends all connections of the store.
    pub(crate) async fn terminate_the_store(&mut self) {
        let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE datname = current_database() AND application_name = 'tandem'";
        sqlx::query(terminate).execute(&mut self.0).await.unwrap();
    }

    /// The server's processes that serve the store.
    pub(crate) async fn server_processes(&mut self) -> Vec<i32> {
        let pids = "SELECT pid FROM pg_stat_activity \
                    WHERE datname = current_database() AND application_name = 'tandem'";
        sqlx::query_scalar(pids).fetch_all(&mut self.0).await.unwrap()
    }

    pub(crate) async fn execute(&mut self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.0).await.unwrap();
    }
}
