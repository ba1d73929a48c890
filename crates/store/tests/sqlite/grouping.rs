//! What waits at the same time is committed together, and apart.

use std::path::Path;

use futures::future::join_all;
use sqlx::{Connection, SqliteConnection};
use tandem_store::{Commit, JournalStore, Position, PositionUpdate, SqliteStore, StoreError};

use crate::support::{append, open, stream};

/// Runs the commits at once while another program holds the file's lock: at most the first is on its way before all of them wait.
async fn together(store: &SqliteStore, directory: &Path, commits: Vec<Commit>) -> (Vec<Result<(), StoreError>>, u64) {
    let url = format!("sqlite://{}", directory.join("tandem.sqlite").display());
    let mut other = SqliteConnection::connect(&url).await.expect("the store's file");
    let lock = other.begin_with("BEGIN IMMEDIATE").await.expect("nobody writes");
    let before = store.transactions();
    // In this order: each commit is handed to the writer when it is polled first.
    let commits = join_all(commits.into_iter().map(|commit| store.commit(commit)));
    let (answers, released) = futures::join!(commits, lock.rollback());
    released.expect("the lock is given back");
    (answers, store.transactions() - before)
}

#[tokio::test]
async fn commits_of_many_desks_share_transactions() {
    let (store, directory) = open().await;
    let streams: Vec<_> = (0..100).map(|desk| stream(&format!("desk{desk}"))).collect();
    for seq in 1..=3 {
        let commits = streams.iter().map(|stream| append(stream, seq)).collect();
        let (answers, transactions) = together(&store, directory.path(), commits).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(transactions <= 3, "100 commits took {transactions} transactions");
    }
    for stream in &streams {
        assert_eq!(store.tail(stream).await.unwrap().map(|tail| tail.seq), Some(3));
    }
}

#[tokio::test]
async fn a_refused_commit_does_not_harm_its_neighbours() {
    let (store, directory) = open().await;
    store.commit(append(&stream("taken"), 1)).await.unwrap();
    let moved = PositionUpdate {
        consumer: "metrics".to_owned(),
        stream: stream("taken"),
        from: Some(Position { seq: 1, incarnation: 1 }),
        to: Position { seq: 2, incarnation: 1 },
    };
    let moved = Commit {
        positions: vec![moved],
        ..append(&stream("third"), 1)
    };
    let commits = vec![
        append(&stream("before"), 1),
        append(&stream("first"), 1),
        append(&stream("taken"), 1),
        moved,
        append(&stream("last"), 1),
    ];
    let (answers, transactions) = together(&store, directory.path(), commits).await;
    assert!(transactions <= 2, "5 commits took {transactions} transactions");
    assert!(
        answers[0].is_ok() && answers[1].is_ok() && answers[4].is_ok(),
        "{answers:?}"
    );
    assert!(matches!(answers[2], Err(StoreError::Fenced { .. })));
    assert!(matches!(answers[3], Err(StoreError::PositionMoved { .. })));
    assert_eq!(
        store.tail(&stream("taken")).await.unwrap().map(|tail| tail.seq),
        Some(1)
    );
    assert_eq!(store.tail(&stream("third")).await.unwrap(), None);
}

#[tokio::test]
async fn a_lone_commit_is_a_transaction_of_its_own() {
    let (store, _directory) = open().await;
    for seq in 1..=3 {
        let before = store.transactions();
        store.commit(append(&stream("acme"), seq)).await.unwrap();
        assert_eq!(store.transactions() - before, 1);
    }
}
