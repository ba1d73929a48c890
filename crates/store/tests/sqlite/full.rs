//! A full disk.

use futures::future::join;
use tandem_store::{Commit, JournalStore, SqliteStore, StoreError};
use tandem_test_support::disk::SmallDisk;

use crate::support::{append, row, stream};

fn heavy(seq: u64, bytes: usize) -> Commit {
    let acme = stream("acme");
    Commit {
        rows: vec![row(&acme, &format!("T{seq}"), vec![0xA5; bytes])],
        ..append(&acme, seq)
    }
}

async fn check(store: &SqliteStore, written: u64) {
    assert_eq!(
        store.tail(&stream("acme")).await.unwrap().map_or(0, |tail| tail.seq),
        written
    );
    let rows = store
        .rows(&stream("acme").desk, "ticket", "", None, 1000)
        .await
        .unwrap()
        .rows;
    assert_eq!(rows.len() as u64, written);
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let filler = disk.path().join("filler");
    std::fs::write(&filler, vec![0; 4 << 20]).unwrap();
    let directory = disk.path().join("data");
    let store = SqliteStore::open(&directory).await.unwrap();
    let mut written = 0;
    let full = loop {
        match store.commit(heavy(written + 1, 200 << 10)).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert!(written > 0);
    check(&store, written).await;

    std::fs::remove_file(filler).unwrap();
    store.commit(heavy(written + 1, 200 << 10)).await.unwrap();
    check(&store, written + 1).await;
    store.close().await;
    check(&SqliteStore::open(&directory).await.unwrap(), written + 1).await;
}

#[tokio::test]
async fn one_that_is_too_big_does_not_fail_those_that_fit() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let store = SqliteStore::open(disk.path()).await.unwrap();
    let (big, small) = join(
        store.commit(heavy(1, 12 << 20)),
        store.commit(append(&stream("other"), 1)),
    )
    .await;
    assert!(matches!(big, Err(StoreError::Full(_))), "{big:?}");
    small.unwrap();
    check(&store, 0).await;
}
