//! Leases.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::time::Duration;

use futures::future::join;

use super::{Subject, eventually};
use crate::{Lease, Store};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(150);

async fn take(store: &dyn Store, name: &str, owner: &str, ttl: Duration) -> bool {
    store.lease(name, owner, ttl).await.unwrap()
}

async fn only(store: &dyn Store, name: &str) -> Lease {
    let mut leases = store.leases(name).await.unwrap();
    assert_eq!(leases.len(), 1);
    leases.remove(0)
}

pub async fn a_lease_is_taken_and_renewed(subject: &Subject) {
    let before = subject.store.now().await.unwrap();
    assert!(take(&*subject.store, "router.acme", "one", SHORT).await);
    let taken = only(&*subject.other, "router.acme").await;
    assert_eq!(taken.owner, "one");
    assert!(taken.expires_at.since(before) >= SHORT);
    assert!(take(&*subject.store, "router.acme", "one", LONG).await);
    assert!(only(&*subject.other, "router.acme").await.expires_at.since(before) >= LONG);
}

pub async fn nobody_else_gets_a_lease_before_it_expires(subject: &Subject) {
    assert!(take(&*subject.store, "router.acme", "one", LONG).await);
    assert!(!take(&*subject.other, "router.acme", "two", LONG).await);
    assert_eq!(only(&*subject.store, "router.acme").await.owner, "one");
}

pub async fn an_expired_lease_is_taken_over(subject: &Subject) {
    assert!(take(&*subject.store, "router.acme", "one", SHORT).await);
    let expires_at = only(&*subject.store, "router.acme").await.expires_at;
    eventually(async || take(&*subject.other, "router.acme", "two", LONG).await).await;
    assert!(subject.store.now().await.unwrap() >= expires_at);
    assert!(!take(&*subject.store, "router.acme", "one", LONG).await);
    assert_eq!(only(&*subject.store, "router.acme").await.owner, "two");
}

pub async fn a_lease_is_given_back_only_by_its_owner(subject: &Subject) {
    assert!(take(&*subject.store, "router.acme", "one", LONG).await);
    subject.other.release("router.acme", "two").await.unwrap();
    assert!(!take(&*subject.other, "router.acme", "two", LONG).await);
    subject.store.release("router.acme", "one").await.unwrap();
    subject.store.release("router.acme", "one").await.unwrap();
    assert!(take(&*subject.other, "router.acme", "two", LONG).await);
}

pub async fn leases_are_listed_by_prefix_with_expired_ones(subject: &Subject) {
    for name in [
        "router.b",
        "router.a",
        "router_a",
        "escalation.a",
        "röuter",
        "router.a\0",
    ] {
        assert!(take(&*subject.store, name, "one", Duration::ZERO).await);
    }
    let names = async |prefix| {
        let leases = subject.store.leases(prefix).await.unwrap();
        leases.into_iter().map(|lease| lease.name).collect::<Vec<_>>()
    };
    assert_eq!(names("router.").await, ["router.a", "router.a\0", "router.b"]);
    assert_eq!(names("router_").await, ["router_a"]);
    assert_eq!(names("%").await, [""; 0]);
    assert_eq!(names("").await.len(), 6);
}

pub async fn of_two_owners_exactly_one_gets_a_lease(subject: &Subject) {
    for round in 0..25 {
        let name = format!("router.desk{round}");
        let one = take(&*subject.store, &name, "one", LONG);
        let two = take(&*subject.other, &name, "two", LONG);
        let (one, two) = join(one, two).await;
        assert!(one != two, "round {round}: both got {one}");
    }
}
