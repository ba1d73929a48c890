//! Migrations, and a disk that is full.

use futures::future::join_all;
use tandem_store::{JobStore, JournalStore, PostgresStore, StoreError};
use tandem_test_support::disk::SmallDisk;
use tandem_test_support::postgres::Postgres;

use crate::support::{Intruder, append, stream};

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    let stores = join_all((0..6).map(|_| PostgresStore::connect(&url, 1))).await;
    for (store, seq) in stores.into_iter().zip(1..) {
        store.unwrap().commit(append(&stream("acme"), seq)).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_not_touched() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    PostgresStore::connect(&url, 1).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 999, 'newer', installed_on, success, checksum, execution_time \
                 FROM _sqlx_migrations WHERE version = 1";
    Intruder::connect(&url).await.execute(newer).await;
    assert!(matches!(
        PostgresStore::connect(&url, 1).await,
        Err(StoreError::NewerSchema(_))
    ));
}

#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    let store = PostgresStore::connect(&url, 1).await.unwrap();
    store.commit(append(&stream("acme"), 1)).await.unwrap();
    store.close().await;
    let back = "DROP TABLE draft; DROP TABLE job; DROP INDEX message_by_conversation; \
                DELETE FROM _sqlx_migrations WHERE version > 1";
    Intruder::connect(&url).await.execute(back).await;
    let store = PostgresStore::connect(&url, 1).await.unwrap();
    assert_eq!(store.read(&stream("acme"), 1, 10).await.unwrap().len(), 1);
    let jobs = store
        .claim_jobs("deliveries", 10, std::time::Duration::from_secs(1))
        .await;
    assert_eq!(jobs.unwrap(), []);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unavailable() {
    let port = tandem_test_support::port::free_port();
    for url in [
        format!("postgres://postgres@127.0.0.1:{port}/nothing"),
        "no address".to_owned(),
    ] {
        assert!(matches!(
            PostgresStore::connect(&url, 1).await,
            Err(StoreError::Unavailable(_))
        ));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_the_commit_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let Some(server) = Postgres::start_private().await else {
        return;
    };
    server.own(disk.path());
    server.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()));
    let url = server.database_in("small");
    let store = PostgresStore::connect(&url, 1).await.unwrap();
    let acme = stream("acme");
    let mut written = 0;
    let full = loop {
        let mut commit = append(&acme, written + 1);
        let heavy = incompressible(300 << 10, written);
        commit.rows.push(tandem_store::Row {
            key: format!("T{written}"),
            value: Some(heavy),
            ..commit.rows[0].clone()
        });
        match store.commit(commit).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert!(written > 0);
    assert_eq!(store.tail(&acme).await.unwrap().map(|tail| tail.seq), Some(written));
    let last = store.row(&acme.desk, "ticket", "last").await.unwrap();
    assert_eq!(last, Some(written.to_string().into()));
}

/// Bytes that the server cannot make smaller.
fn incompressible(bytes: usize, seed: u64) -> bytes::Bytes {
    use rand::{RngExt, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    (0..bytes).map(|_| random.random::<u8>()).collect()
}
