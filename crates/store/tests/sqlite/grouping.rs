//! What waits at the same time is committed together, and apart.

use futures::future::join_all;
use tandem_store::{Commit, JournalStore, Position, PositionUpdate, SqliteStore, StoreError};

use crate::support::{append, open, stream};

/// Runs the commits at once, so that all of them wait before the writer takes the first.
async fn together(store: &SqliteStore, commits: Vec<Commit>) -> (Vec<Result<(), StoreError>>, u64) {
    let before = store.transactions();
    let answers = join_all(commits.into_iter().map(|commit| store.commit(commit))).await;
    (answers, store.transactions() - before)
}

#[tokio::test]
async fn commits_of_many_desks_share_transactions() {
    let (store, _directory) = open().await;
    let streams: Vec<_> = (0..100).map(|desk| stream(&format!("desk{desk}"))).collect();
    for seq in 1..=3 {
        let (answers, transactions) =
            together(&store, streams.iter().map(|stream| append(stream, seq)).collect()).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(transactions <= 3, "100 commits took {transactions} transactions");
    }
    for stream in &streams {
        assert_eq!(store.tail(stream).await.unwrap().map(|tail| tail.seq), Some(3));
    }
}

#[tokio::test]
async fn a_refused_commit_does_not_harm_its_neighbours() {
    let (store, _directory) = open().await;
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
        append(&stream("first"), 1),
        append(&stream("taken"), 1),
        moved,
        append(&stream("last"), 1),
    ];
    let (answers, transactions) = together(&store, commits).await;
    assert_eq!(transactions, 1);
    assert!(answers[0].is_ok() && answers[3].is_ok());
    assert!(matches!(answers[1], Err(StoreError::Fenced { .. })));
    assert!(matches!(answers[2], Err(StoreError::PositionMoved { .. })));
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
        let (answers, transactions) = together(&store, vec![append(&stream("acme"), seq)]).await;
        assert!(answers[0].is_ok());
        assert_eq!(transactions, 1);
    }
}
