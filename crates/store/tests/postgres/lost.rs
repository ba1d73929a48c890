//! Connections that are lost, servers that are killed, callers who stop waiting.

use std::process::Command;
use std::time::Duration;

use futures::future::{join, join3};
use tandem_store::conformance::eventually;
use tandem_store::{Accepted, DocumentStore, JournalStore, NewDocument, OutboxOutcome, PostgresStore, StoreError};
use tandem_test_support::postgres::Postgres;

use crate::support::{Intruder, append, document, stream};

#[tokio::test]
async fn a_connection_lost_during_a_commit_leaves_its_outcome_unknown() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    let store = PostgresStore::connect(&url, 3).await.unwrap();
    let acme = stream("acme");
    store.commit(append(&acme, 1)).await.unwrap();

    let mut intruder = Intruder::connect(&url).await;
    intruder.lock("read_row").await;
    let commit = store.commit(append(&acme, 2));
    let cut = async {
        intruder.see_it_wait().await;
        intruder.terminate_the_store().await;
        intruder.unlock().await;
    };
    let (lost, ()) = join(commit, cut).await;
    assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{lost:?}");

    // It did not happen, and the store goes on over new connections.
    eventually(async || {
        store
            .tail(&acme)
            .await
            .is_ok_and(|tail| tail.is_some_and(|tail| tail.seq == 1))
    })
    .await;
    store.commit(append(&acme, 2)).await.unwrap();
}

#[tokio::test]
async fn a_connection_lost_before_the_commit_means_that_nothing_happened() {
    // What is found by more than it is known by takes a whole transaction.
    let follow_up = NewDocument {
        find_by: vec!["of another".into()],
        ..document(1)
    };
    let Some((_server, store, lost)) = lost_while_storing(follow_up).await else {
        return;
    };
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(!store.accept(vec![document(1)]).await.unwrap()[0].duplicate);
}

#[tokio::test]
async fn a_connection_lost_during_a_transaction_of_one_statement_leaves_its_outcome_unknown() {
    let Some((_server, store, lost)) = lost_while_storing(document(1)).await else {
        return;
    };
    assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{lost:?}");
    assert!(!store.accept(vec![document(1)]).await.unwrap()[0].duplicate);
}

/// What the store says when its connection is cut while the document is stored, which does not happen; once it works again.
async fn lost_while_storing(
    given: NewDocument,
) -> Option<(Postgres, PostgresStore, Result<Vec<Accepted>, StoreError>)> {
    let server = Postgres::start().await?;
    let url = server.database();
    let store = PostgresStore::connect(&url, 3).await.unwrap();
    let mut intruder = Intruder::connect(&url).await;
    intruder.lock("message").await;
    let accept = store.accept(vec![given.clone()]);
    let cut = async {
        intruder.see_it_wait().await;
        intruder.terminate_the_store().await;
        intruder.unlock().await;
    };
    let (lost, ()) = join(accept, cut).await;
    eventually(async || {
        store
            .document(&given.desk, given.id)
            .await
            .is_ok_and(|found| found.is_none())
    })
    .await;
    Some((server, store, lost))
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_found_again() {
    let Some(mut server) = Postgres::start_private().await else {
        return;
    };
    let store = PostgresStore::connect(&server.database(), 3).await.unwrap();
    server.stop();
    assert!(matches!(
        store.tail(&stream("acme")).await,
        Err(StoreError::Unavailable(_))
    ));
    let lost = store.commit(append(&stream("acme"), 1)).await;
    assert!(
        matches!(lost, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))),
        "{lost:?}"
    );
    server.start_again().await;
    eventually(async || store.tail(&stream("acme")).await.is_ok()).await;
    store.commit(append(&stream("acme"), 1)).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_replaced() {
    let Some(server) = Postgres::start_private().await else {
        return;
    };
    let url = server.database();
    let store = PostgresStore::connect(&url, 2).await.unwrap();
    let acme = stream("acme");
    store.commit(append(&acme, 1)).await.unwrap();
    let mut intruder = Intruder::connect(&url).await;
    while intruder.server_processes().await.len() < 2 {
        // Where the first is answered at once, one connection does for both.
        let (one, two) = join(store.tail(&acme), store.tail(&acme)).await;
        assert!(one.is_ok() && two.is_ok());
    }

    let silent = Silenced::all(&mut intruder).await;
    let (commit, tail, one_too_many) = join3(
        store.commit(append(&acme, 2)),
        store.tail(&acme),
        store.position("metrics", &acme),
    )
    .await;
    assert!(matches!(commit, Err(StoreError::OutcomeUnknown(_))), "{commit:?}");
    assert!(matches!(tail, Err(StoreError::Unavailable(_))), "{tail:?}");
    assert!(
        matches!(one_too_many, Err(StoreError::Unavailable(_))),
        "{one_too_many:?}"
    );

    // They are silent still, but nobody waits for them any more.
    let (one, two) = join(store.tail(&acme), store.position("metrics", &acme)).await;
    assert!(one.is_ok() && two.is_ok(), "{one:?} and {two:?}");
    drop(silent);
}

/// Server processes that are stopped: their connections stay, and nobody answers. They go on when this is dropped.
struct Silenced(Vec<i32>);

impl Silenced {
    async fn all(intruder: &mut Intruder) -> Self {
        let silenced = Self(intruder.server_processes().await);
        assert_eq!(silenced.0.len(), 2, "each of the store's connections has its process");
        silenced.signal("-STOP");
        silenced
    }

    fn signal(&self, signal: &str) {
        for pid in &self.0 {
            let sent = Command::new("kill").arg(signal).arg(pid.to_string()).status();
            assert!(
                sent.is_ok_and(|status| status.success()),
                "process {pid} takes {signal}"
            );
        }
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test]
async fn a_claim_passes_over_rows_that_somebody_else_is_claiming() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    let store = PostgresStore::connect(&url, 2).await.unwrap();
    store.accept(vec![document(1), document(2)]).await.unwrap();
    let mut intruder = Intruder::connect(&url).await;
    intruder
        .execute("BEGIN; SELECT FROM outbox WHERE stored = 1 FOR UPDATE")
        .await;
    let claimed = store.claim(10, Duration::from_mins(1)).await.unwrap();
    assert_eq!(
        claimed.iter().map(|claimed| claimed.id).collect::<Vec<_>>(),
        [document(2).id]
    );
    intruder.unlock().await;
    assert_eq!(
        store.claim(10, Duration::from_mins(1)).await.unwrap()[0].id,
        document(1).id
    );
}

#[tokio::test]
async fn a_transaction_that_loses_a_deadlock_is_tried_again() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database();
    let store = PostgresStore::connect(&url, 2).await.unwrap();
    store.accept(vec![document(1), document(2)]).await.unwrap();
    let mut intruder = Intruder::connect(&url).await;
    // The intruder is the more patient one, so that the server breaks off the store's transaction.
    intruder
        .execute("SET deadlock_timeout = '30s'; BEGIN; SELECT FROM outbox WHERE stored = 2 FOR UPDATE")
        .await;
    let desk = document(1).desk;
    let outcomes = [1, 2].map(|number| (desk.clone(), document(number).id, OutboxOutcome::OnTicket(7)));
    let settle = store.settle(outcomes.to_vec());
    let cross = async {
        intruder.see_it_wait().await;
        intruder.execute("SELECT FROM outbox WHERE stored = 1 FOR UPDATE").await;
        intruder.unlock().await;
    };
    let (settled, ()) = join(settle, cross).await;
    settled.unwrap();
    assert_eq!(store.outbox(&desk, false, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_server() {
    let Some(mut server) = Postgres::start_private().await else {
        return;
    };
    let store = PostgresStore::connect(&server.database(), 4).await.unwrap();
    let acme = stream("acme");
    let mut acknowledged = 0;
    for round in 1..=4 {
        let writing = tokio::spawn(write_until_lost(store.clone(), acknowledged));
        eventually(async || {
            store
                .tail(&acme)
                .await
                .is_ok_and(|tail| tail.is_some_and(|tail| tail.seq >= round * 20))
        })
        .await;
        server.kill9();
        acknowledged = writing.await.unwrap();
        server.start_again().await;
        eventually(async || store.tail(&acme).await.is_ok()).await;

        let tail = store.tail(&acme).await.unwrap().map_or(0, |tail| tail.seq);
        assert!(
            tail >= acknowledged,
            "the journal ends at {tail}, but {acknowledged} was acknowledged"
        );
        let last = store.row(&acme.desk, "ticket", "last").await.unwrap();
        assert_eq!(
            last,
            Some(tail.to_string().into()),
            "record and row were committed together"
        );
        acknowledged = tail;
    }
}

/// Commits one record after the other; returns the last one that was acknowledged.
async fn write_until_lost(store: PostgresStore, mut acknowledged: u64) -> u64 {
    loop {
        match store.commit(append(&stream("acme"), acknowledged + 1)).await {
            Ok(()) => acknowledged += 1,
            Err(StoreError::OutcomeUnknown(_) | StoreError::Unavailable(_)) => return acknowledged,
            Err(other) => panic!("a lost server is no {other:?}"),
        }
    }
}

#[tokio::test]
async fn callers_who_stop_waiting_poison_no_connection() {
    let Some(server) = Postgres::start().await else { return };
    let store = PostgresStore::connect(&server.database(), 2).await.unwrap();
    for number in 1..=150_u128 {
        // Each is left at another point of its transaction.
        let patience = Duration::from_micros(u64::try_from(number).unwrap() * 40);
        let _ = tokio::time::timeout(patience, store.accept(vec![document(number)])).await;
        let _ = tokio::time::timeout(patience, store.tail(&stream("acme"))).await;
    }
    // All were finished, each in its own transaction, and the connections are as good as new.
    let all = async || {
        store
            .documents(&document(1).desk, None, None, 1000)
            .await
            .unwrap()
            .len()
    };
    eventually(async || all().await == 150).await;
    for seq in 1..=20 {
        store.commit(append(&stream("acme"), seq)).await.unwrap();
    }
}
