//! Consumers' positions.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use futures::future::join;

use super::{Subject, append, desk, row, stream};
use crate::{Commit, Position, PositionUpdate, Store, StoreError};

fn at(seq: u64) -> Position {
    Position {
        seq,
        incarnation: u64::MAX,
    }
}

fn moving(from: Option<Position>, to: Position) -> PositionUpdate {
    PositionUpdate {
        consumer: "metrics".to_owned(),
        stream: stream("acme"),
        from,
        to,
    }
}

async fn apply(store: &dyn Store, positions: Vec<PositionUpdate>) -> Result<(), StoreError> {
    store
        .commit(Commit {
            positions,
            ..Commit::default()
        })
        .await
}

async fn position(store: &dyn Store) -> Option<Position> {
    store.position("metrics", &stream("acme")).await.unwrap()
}

pub async fn a_position_moves_from_where_it_is(subject: &Subject) {
    assert_eq!(position(&*subject.store).await, None);
    apply(&*subject.store, vec![moving(None, at(3))]).await.unwrap();
    apply(&*subject.store, vec![moving(Some(at(3)), at(9))]).await.unwrap();
    assert_eq!(position(&*subject.other).await, Some(at(9)));
    assert_eq!(subject.store.position("ingest", &stream("acme")).await.unwrap(), None);
    assert_eq!(subject.store.position("metrics", &stream("other")).await.unwrap(), None);
}

pub async fn a_position_that_moved_refuses_the_whole_commit(subject: &Subject) {
    apply(&*subject.store, vec![moving(None, at(3))]).await.unwrap();
    let elsewhere = Position {
        incarnation: 1,
        ..at(3)
    };
    for from in [None, Some(at(2)), Some(at(4)), Some(elsewhere)] {
        let other = PositionUpdate {
            consumer: "ingest".to_owned(),
            ..moving(None, at(1))
        };
        let commit = Commit {
            rows: vec![row(&desk("acme"), "T1", "one")],
            positions: vec![other, moving(from, at(9))],
            ..append(&stream("acme"), 1, &["1"])
        };
        let refused = subject.store.commit(commit).await;
        let Err(StoreError::PositionMoved { consumer, .. }) = refused else {
            panic!("{from:?}: {refused:?}")
        };
        assert_eq!(consumer, "metrics");
    }
    assert_eq!(position(&*subject.store).await, Some(at(3)));
    assert_eq!(subject.store.position("ingest", &stream("acme")).await.unwrap(), None);
    assert_eq!(subject.store.tail(&stream("acme")).await.unwrap(), None);
    assert_eq!(subject.store.row(&desk("acme"), "ticket", "T1").await.unwrap(), None);
}

pub async fn a_position_goes_back_only_in_another_history(subject: &Subject) {
    apply(&*subject.store, vec![moving(None, at(9))]).await.unwrap();
    let back = apply(&*subject.store, vec![moving(Some(at(9)), at(8))]).await;
    assert!(matches!(back, Err(StoreError::PositionMoved { .. })));
    let rewritten = Position { seq: 2, incarnation: 1 };
    apply(&*subject.store, vec![moving(Some(at(9)), rewritten)])
        .await
        .unwrap();
    assert_eq!(position(&*subject.store).await, Some(rewritten));
}

pub async fn of_two_replicas_one_moves_a_position(subject: &Subject) {
    let mut from = None;
    for seq in 1..=25 {
        let one = apply(&*subject.store, vec![moving(from, at(seq))]);
        let two = apply(&*subject.other, vec![moving(from, at(seq))]);
        let (one, two) = join(one, two).await;
        assert!(one.is_ok() != two.is_ok(), "{one:?} and {two:?}");
        let lost = if one.is_ok() { two } else { one };
        assert!(matches!(lost, Err(StoreError::PositionMoved { .. })), "{lost:?}");
        from = Some(at(seq));
    }
}

pub async fn a_position_can_move_twice_in_a_commit(subject: &Subject) {
    apply(&*subject.store, vec![moving(None, at(1)), moving(Some(at(1)), at(2))])
        .await
        .unwrap();
    assert_eq!(position(&*subject.store).await, Some(at(2)));
    let twice_from_one_place = vec![moving(Some(at(2)), at(3)), moving(Some(at(2)), at(4))];
    assert!(apply(&*subject.store, twice_from_one_place).await.is_err());
    assert_eq!(position(&*subject.store).await, Some(at(2)));
}
