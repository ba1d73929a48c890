//! Opening, closing, and who else may.

use std::time::Duration;

use sqlx::Connection;
use tandem_domain::{ConversationId, MessageId, Timestamp};
use tandem_store::{
    Commit, DocumentStore, JobStore, JournalStore, NewDocument, NewJob, OutboxOutcome, SqliteStore, StoreError,
    WithoutConversation,
};

use crate::support::{append, open, stream};

#[tokio::test]
async fn a_second_opener_is_told_that_it_is_in_use() {
    let (store, directory) = open().await;
    let second = SqliteStore::open(directory.path()).await;
    assert!(matches!(second, Err(StoreError::InUse(path)) if path.contains(directory.path().to_str().unwrap())));
    store.commit(append(&stream("acme"), 1)).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_can_be_opened_again_and_holds_everything() {
    let (store, directory) = open().await;
    store.commit(append(&stream("acme"), 1)).await.unwrap();
    store.close().await;
    let again = SqliteStore::open(directory.path()).await.unwrap();
    assert_eq!(again.read(&stream("acme"), 1, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_waits_is_written_before_the_store_closes() {
    let (store, directory) = open().await;
    let commits = (1..=50).map(|seq| store.commit(append(&stream("acme"), seq)));
    let (answers, ()) = futures::future::join(futures::future::join_all(commits), store.close()).await;
    assert!(answers.iter().all(Result::is_ok));
    let again = SqliteStore::open(directory.path()).await.unwrap();
    assert_eq!(
        again.tail(&stream("acme")).await.unwrap().map(|tail| tail.seq),
        Some(50)
    );
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let (store, _directory) = open().await;
    store.close().await;
    store.close().await;
    assert!(matches!(
        store.commit(append(&stream("acme"), 1)).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        store.tail(&stream("acme")).await,
        Err(StoreError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_newer_schema_is_not_touched() {
    let (store, directory) = open().await;
    store.close().await;
    let url = format!("sqlite://{}/tandem.sqlite", directory.path().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations SELECT 999, 'newer', installed_on, success, checksum, execution_time \
                 FROM _sqlx_migrations WHERE version = 1";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(
        SqliteStore::open(directory.path()).await,
        Err(StoreError::NewerSchema(_))
    ));
}

#[tokio::test]
async fn what_is_no_directory_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(
        SqliteStore::open(&file).await,
        Err(StoreError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("tandem.sqlite"), vec![0x5A; 8192]).unwrap();
    assert!(matches!(
        SqliteStore::open(directory.path()).await,
        Err(StoreError::Damaged { .. })
    ));
}

#[tokio::test]
async fn what_was_claimed_by_a_process_that_is_gone_is_free_when_the_store_is_opened() {
    let (store, directory) = open().await;
    let id = MessageId(uuid::Uuid::from_u128(1));
    let desk = stream("acme").desk;
    let document = NewDocument {
        desk: desk.clone(),
        id,
        dedupe_key: "key".into(),
        find_by: Vec::new(),
        known_as: Vec::new(),
        otherwise: WithoutConversation::Start(ConversationId(id.0)),
        body: "body".into(),
        raw: "raw".into(),
        outbox: "outbox".into(),
        received_at: Timestamp::EPOCH,
        trace: String::new(),
        claimed_for: Duration::ZERO,
    };
    store.accept(vec![document]).await.unwrap();
    let job = NewJob {
        queue: "deliveries".to_owned(),
        desk: desk.clone(),
        id: "job".to_owned(),
        body: "body".into(),
        due: Timestamp::EPOCH,
        trace: String::new(),
    };
    let commit = Commit {
        jobs: vec![job],
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
    let hour = Duration::from_hours(1);
    assert_eq!(store.claim(10, hour).await.unwrap().len(), 1);
    assert_eq!(store.claim_jobs("deliveries", 10, hour).await.unwrap().len(), 1);
    store.close().await;

    let store = SqliteStore::open(directory.path()).await.unwrap();
    assert_eq!(store.claim(10, hour).await.unwrap()[0].attempts, 2);
    assert_eq!(store.claim_jobs("deliveries", 10, hour).await.unwrap()[0].attempts, 2);
    // What waits for a hand goes on waiting.
    let parked = OutboxOutcome::Park("no".to_owned());
    store.settle(vec![(desk, id, parked)]).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(directory.path()).await.unwrap();
    assert_eq!(store.claim(10, hour).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let (store, directory) = open().await;
    store.commit(append(&stream("acme"), 1)).await.unwrap();
    store.close().await;
    let url = format!("sqlite://{}/tandem.sqlite", directory.path().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let back = "DROP TABLE draft; DROP TABLE job; DROP INDEX message_by_conversation; \
                DELETE FROM _sqlx_migrations WHERE version > 1";
    sqlx::raw_sql(back).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = SqliteStore::open(directory.path()).await.unwrap();
    assert_eq!(store.read(&stream("acme"), 1, 10).await.unwrap().len(), 1);
    let jobs = store.claim_jobs("deliveries", 10, Duration::from_secs(1)).await;
    assert_eq!(jobs.unwrap(), []);
}
