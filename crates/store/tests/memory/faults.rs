//! Each fault does what it says, and says how often it did.

use std::time::Duration;

use futures::future::join;
use tandem_domain::{Clock, DeskId, MessageId, Timestamp};
use tandem_store::memory::{Fault, Gate, Injected, Operation};
use tandem_store::{
    Append, Commit, DocumentStore, JournalStore, LeaseStore, MemoryStore, NewDocument, NewRecord, OutboxOutcome,
    StoreError, Stream, WithoutConversation,
};
use tokio::time::Instant;
use uuid::Uuid;

fn acme() -> Stream {
    Stream::new("router", "acme".parse().expect("a key"))
}

fn commit(first_seq: u64) -> Commit {
    let record = NewRecord {
        kind: "Opened".to_owned(),
        at: Timestamp::EPOCH,
        payload: "x".into(),
    };
    let append = Append {
        stream: acme(),
        first_seq,
        incarnation: 1,
        records: vec![record],
    };
    Commit {
        append: Some(append),
        ..Commit::default()
    }
}

fn document(number: u128) -> NewDocument {
    NewDocument {
        desk: acme().desk,
        id: MessageId(Uuid::from_u128(number)),
        dedupe_key: number.to_be_bytes().to_vec().into(),
        find_by: Vec::new(),
        known_as: Vec::new(),
        otherwise: WithoutConversation::Start(tandem_domain::ConversationId(Uuid::from_u128(number))),
        body: "body".into(),
        raw: "raw".into(),
        outbox: "outbox".into(),
        received_at: Timestamp::EPOCH,
        trace: String::new(),
        claimed_for: Duration::ZERO,
    }
}

async fn written(store: &MemoryStore) -> u64 {
    store.tail(&acme()).await.expect("reachable").map_or(0, |tail| tail.seq)
}

#[tokio::test]
async fn queued_faults_are_met_once_and_in_order() {
    let store = MemoryStore::new();
    for fault in [Fault::Fenced, Fault::Full, Fault::Unavailable] {
        store.faults().next(Operation::Commit, fault);
    }
    assert!(matches!(
        store.commit(commit(1)).await,
        Err(StoreError::Fenced { seq: 1, .. })
    ));
    assert!(matches!(store.commit(commit(1)).await, Err(StoreError::Full(_))));
    assert!(matches!(store.commit(commit(1)).await, Err(StoreError::Unavailable(_))));
    assert_eq!(written(&store).await, 0);
    store.commit(commit(1)).await.unwrap();
    let injected = Injected {
        fenced: 1,
        full: 1,
        unavailable: 1,
        ..Injected::default()
    };
    assert_eq!(store.faults().injected(), injected);
}

#[tokio::test]
async fn an_unknown_outcome_has_happened_or_not() {
    let store = MemoryStore::new();
    store
        .faults()
        .next(Operation::Commit, Fault::OutcomeUnknown { written: false });
    assert!(matches!(
        store.commit(commit(1)).await,
        Err(StoreError::OutcomeUnknown(_))
    ));
    assert_eq!(written(&store).await, 0);
    store
        .faults()
        .next(Operation::Commit, Fault::OutcomeUnknown { written: true });
    assert!(matches!(
        store.commit(commit(1)).await,
        Err(StoreError::OutcomeUnknown(_))
    ));
    assert_eq!(written(&store).await, 1);
    let injected = store.faults().injected();
    assert_eq!((injected.unknown_not_written, injected.unknown_written), (1, 1));
}

#[tokio::test]
async fn a_refused_write_stays_refused_when_its_outcome_would_be_unknown() {
    let store = MemoryStore::new();
    store.commit(commit(1)).await.unwrap();
    store
        .faults()
        .next(Operation::Commit, Fault::OutcomeUnknown { written: true });
    assert!(matches!(store.commit(commit(1)).await, Err(StoreError::Fenced { .. })));
}

#[tokio::test]
async fn every_nth_commit_fails_until_faults_are_cleared() {
    let store = MemoryStore::new();
    store.faults().every(3, Operation::Commit, Fault::Full);
    let mut failed = Vec::new();
    for attempt in 1..=9 {
        let seq = written(&store).await + 1;
        if store.commit(commit(seq)).await.is_err() {
            failed.push(attempt);
        }
    }
    assert_eq!(failed, [3, 6, 9]);
    store.faults().clear();
    for seq in 7..=12 {
        store.commit(commit(seq)).await.unwrap();
    }
}

async fn failures(seed: u64) -> Vec<bool> {
    let store = MemoryStore::new();
    let faults = vec![Fault::Full, Fault::Unavailable];
    store.faults().at_random(seed, 0.3, Operation::Commit, faults);
    let mut failures = Vec::new();
    for _ in 0..200 {
        let seq = written(&store).await + 1;
        failures.push(store.commit(commit(seq)).await.is_err());
    }
    let injected = store.faults().injected();
    assert!(injected.full > 0 && injected.unavailable > 0, "{injected:?}");
    failures
}

#[tokio::test]
async fn random_faults_are_the_same_for_the_same_seed() {
    let one = failures(1).await;
    assert_eq!(one, failures(1).await);
    assert_ne!(one, failures(2).await);
    assert!((20..100).contains(&one.iter().filter(|failed| **failed).count()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_commit_succeeds_later() {
    let store = MemoryStore::new();
    store
        .faults()
        .next(Operation::Commit, Fault::Slow(Duration::from_secs(3)));
    let begun = Instant::now();
    store.commit(commit(1)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(3));
}

#[tokio::test]
async fn a_held_commit_happens_when_the_gate_opens_even_if_nobody_waits() {
    let store = MemoryStore::new();
    let gate = Gate::new();
    store.faults().next(Operation::Commit, Fault::Held(gate.clone()));
    let held = tokio::spawn({
        let store = store.clone();
        async move { store.commit(commit(1)).await }
    });
    gate.reached().await;
    assert_eq!(written(&store).await, 0);
    held.abort();
    assert!(held.await.is_err(), "the caller is gone");
    gate.open();
    tandem_store::conformance::eventually(async || written(&store).await == 1).await;
}

#[tokio::test]
async fn one_held_commit_does_not_hold_the_next() {
    let store = MemoryStore::new();
    let gate = Gate::new();
    store.faults().next(Operation::Commit, Fault::Held(gate.clone()));
    let late = store.commit(commit(1));
    let winner = async {
        gate.reached().await;
        store.commit(commit(1)).await.unwrap();
        gate.open();
    };
    let (late, ()) = join(late, winner).await;
    assert!(
        matches!(late, Err(StoreError::Fenced { .. })),
        "the gate let a late writer in"
    );
}

#[tokio::test]
async fn an_unreachable_store_answers_nothing_to_anybody() {
    let store = MemoryStore::new();
    store.faults().set_unreachable(true);
    let unavailable = |error: StoreError| assert!(matches!(error, StoreError::Unavailable(_)));
    unavailable(store.commit(commit(1)).await.unwrap_err());
    unavailable(store.tail(&acme()).await.unwrap_err());
    unavailable(store.now().await.unwrap_err());
    unavailable(store.accept(vec![document(1)]).await.unwrap_err());
    unavailable(store.lease("a", "b", Duration::ZERO).await.unwrap_err());
    store.faults().set_unreachable(false);
    store.commit(commit(1)).await.unwrap();
}

#[tokio::test]
async fn documents_meet_their_own_faults() {
    let store = MemoryStore::new();
    store
        .faults()
        .next(Operation::Accept, Fault::OutcomeUnknown { written: true });
    store.faults().next(Operation::Accept, Fault::Fenced);
    store.faults().next(Operation::Settle, Fault::Full);
    assert!(matches!(
        store.accept(vec![document(1)]).await,
        Err(StoreError::OutcomeUnknown(_))
    ));
    assert!(matches!(
        store.accept(vec![document(1)]).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(store.accept(vec![document(1)]).await.unwrap()[0].duplicate);
    let desk: DeskId = acme().desk;
    let settle = || store.settle(vec![(desk.clone(), document(1).id, OutboxOutcome::OnTicket(1))]);
    assert!(matches!(settle().await, Err(StoreError::Full(_))));
    assert_eq!(store.outbox(&desk, false, None, 10).await.unwrap().len(), 1);
    settle().await.unwrap();
    assert_eq!(store.outbox(&desk, false, None, 10).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn the_clock_goes_where_it_is_set_and_on_from_there() {
    let store = MemoryStore::new();
    let other = store.clone();
    assert!(store.lease("desk", "one", Duration::from_mins(1)).await.unwrap());
    assert!(!other.lease("desk", "two", Duration::from_mins(1)).await.unwrap());
    store.clock().advance(Duration::from_mins(1));
    assert!(other.lease("desk", "two", Duration::from_mins(1)).await.unwrap());
    let later = Timestamp::from_micros(4_000_000_000_000_000);
    store.clock().set(later);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(other.now().await.unwrap().since(later).as_secs(), 5);
    assert_eq!(store.clock().now(), other.clock().now());
}
