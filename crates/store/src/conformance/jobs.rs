//! Jobs: queued by commits, claimed, settled, retried.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tandem_domain::Timestamp;

use super::{Subject, append, desk, eventually, stream};
use crate::{ClaimedJob, Commit, JobEntry, JobOutcome, NewJob, Store, StoreError};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(150);
const QUEUE: &str = "deliveries";
/// Long past.
const DUE: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn job(id: &str) -> NewJob {
    NewJob {
        queue: QUEUE.to_owned(),
        desk: desk("acme"),
        id: id.to_owned(),
        body: format!("body {id}").into(),
        due: DUE,
        trace: format!("trace {id}"),
    }
}

async fn queue(subject: &Subject, jobs: Vec<NewJob>) {
    let commit = Commit {
        jobs,
        ..Commit::default()
    };
    subject.store.commit(commit).await.unwrap();
}

async fn queue_all(subject: &Subject, ids: &[&str]) {
    queue(subject, ids.iter().map(|id| job(id)).collect()).await;
}

async fn claim(store: &dyn Store, limit: usize) -> Vec<ClaimedJob> {
    store.claim_jobs(QUEUE, limit, LONG).await.unwrap()
}

fn ids(jobs: &[ClaimedJob]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

async fn settle(subject: &Subject, id: &str, outcome: JobOutcome) {
    let outcomes = vec![(desk("acme"), id.to_owned(), outcome)];
    subject.store.settle_jobs(QUEUE, outcomes).await.unwrap();
}

fn retry_at_once() -> JobOutcome {
    JobOutcome::Retry {
        after: Duration::ZERO,
        body: None,
    }
}

async fn listed(subject: &Subject) -> Vec<JobEntry> {
    let (queue, desk) = (QUEUE, desk("acme"));
    subject.other.jobs(queue, &desk, false, None, 100).await.unwrap()
}

pub async fn a_job_is_claimed_once_with_what_it_was_given(subject: &Subject) {
    let before = subject.store.now().await.unwrap();
    queue(subject, vec![job("a")]).await;
    let claimed = claim(&*subject.store, 10).await;
    assert_eq!(ids(&claimed), ["a"]);
    let expected = ClaimedJob {
        desk: desk("acme"),
        id: "a".to_owned(),
        body: "body a".into(),
        attempts: 1,
        trace: "trace a".to_owned(),
        created_at: claimed[0].created_at,
    };
    assert_eq!(claimed[0], expected);
    assert!(claimed[0].created_at >= before);
    assert_eq!(claim(&*subject.other, 10).await, []);
}

pub async fn jobs_are_claimed_when_due_and_the_longest_due_first(subject: &Subject) {
    let early = NewJob {
        due: Timestamp::from_micros(5),
        ..job("z")
    };
    let late = NewJob {
        due: subject.store.now().await.unwrap().plus(LONG),
        ..job("late")
    };
    queue(subject, vec![job("a"), late, early]).await;
    assert_eq!(ids(&claim(&*subject.store, 1).await), ["z"]);
    assert_eq!(ids(&claim(&*subject.store, 10).await), ["a"]);
    assert_eq!(claim(&*subject.store, 10).await, []);
}

pub async fn a_job_is_the_same_for_ever_even_when_it_is_done(subject: &Subject) {
    let other = NewJob {
        body: "other".into(),
        ..job("a")
    };
    queue(subject, vec![job("a"), other.clone()]).await;
    queue(subject, vec![other.clone()]).await;
    assert_eq!(claim(&*subject.store, 10).await[0].body, Bytes::from("body a"));
    settle(subject, "a", JobOutcome::Done).await;
    queue(subject, vec![other]).await;
    assert_eq!(claim(&*subject.store, 10).await, []);
    assert_eq!(listed(subject).await, []);
}

pub async fn queues_and_desks_are_apart(subject: &Subject) {
    let elsewhere = NewJob {
        desk: desk("other"),
        ..job("a")
    };
    let another_queue = NewJob {
        queue: "notifications".to_owned(),
        ..job("a")
    };
    queue(subject, vec![job("a"), elsewhere, another_queue]).await;
    let claimed = claim(&*subject.store, 10).await;
    let desks: BTreeSet<&str> = claimed.iter().map(|job| job.desk.as_str()).collect();
    assert_eq!(desks, BTreeSet::from(["acme", "other"]));
    settle(subject, "a", JobOutcome::Done).await;
    assert_eq!(listed(subject).await, []);
    let others = subject.store.jobs(QUEUE, &desk("other"), false, None, 10).await;
    assert_eq!(others.unwrap().len(), 1);
    let claimed = subject.store.claim_jobs("notifications", 10, LONG).await.unwrap();
    assert_eq!(ids(&claimed), ["a"]);
}

pub async fn jobs_are_queued_with_their_commit_or_not_at_all(subject: &Subject) {
    let acme = stream("acme");
    subject.store.commit(append(&acme, 1, &["one"])).await.unwrap();
    let fenced = Commit {
        jobs: vec![job("a")],
        ..append(&acme, 1, &["again"])
    };
    assert!(matches!(
        subject.other.commit(fenced).await,
        Err(StoreError::Fenced { .. })
    ));
    assert_eq!(listed(subject).await, []);
    let good = Commit {
        jobs: vec![job("a")],
        ..append(&acme, 2, &["two"])
    };
    subject.other.commit(good).await.unwrap();
    assert_eq!(listed(subject).await.len(), 1);
}

pub async fn a_claimed_job_whose_worker_is_gone_is_claimed_again(subject: &Subject) {
    queue(subject, vec![job("a")]).await;
    assert_eq!(subject.store.claim_jobs(QUEUE, 10, SHORT).await.unwrap().len(), 1);
    let mut again = Vec::new();
    eventually(async || {
        again = subject.other.claim_jobs(QUEUE, 10, LONG).await.unwrap();
        !again.is_empty()
    })
    .await;
    assert_eq!((ids(&again), again[0].attempts), (vec!["a"], 2));
}

pub async fn concurrent_claims_never_share_a_job(subject: &Subject) {
    let names: Vec<String> = (0..60).map(|number| format!("job {number}")).collect();
    queue(subject, names.iter().map(|name| job(name)).collect()).await;
    let claims = (0..12).map(|nth| async move {
        let store = if nth % 2 == 0 { &subject.store } else { &subject.other };
        claim(&**store, 7).await
    });
    let mut claimed: Vec<String> = join_all(claims).await.into_iter().flatten().map(|job| job.id).collect();
    claimed.extend(claim(&*subject.store, 100).await.into_iter().map(|job| job.id));
    let distinct: BTreeSet<&String> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
}

pub async fn a_retry_waits_until_it_is_due_and_may_change_the_job(subject: &Subject) {
    queue_all(subject, &["a", "b"]).await;
    claim(&*subject.store, 10).await;
    settle(subject, "a", retry_at_once()).await;
    let later = JobOutcome::Retry {
        after: SHORT,
        body: Some("changed".into()),
    };
    settle(subject, "b", later).await;
    let again = claim(&*subject.store, 10).await;
    assert_eq!((ids(&again), &*again[0].body), (vec!["a"], &b"body a"[..]));
    let mut changed = Vec::new();
    eventually(async || {
        changed = claim(&*subject.store, 10).await;
        !changed.is_empty()
    })
    .await;
    assert_eq!(
        (ids(&changed), &*changed[0].body, changed[0].attempts),
        (vec!["b"], &b"changed"[..], 2)
    );
}

pub async fn a_failed_job_waits_for_a_hand(subject: &Subject) {
    queue_all(subject, &["a", "b"]).await;
    claim(&*subject.store, 10).await;
    settle(subject, "a", JobOutcome::Failed("refused: \0".to_owned())).await;
    settle(subject, "b", retry_at_once()).await;
    assert_eq!(ids(&claim(&*subject.store, 10).await), ["b"]);
    let failed = subject.other.jobs(QUEUE, &desk("acme"), true, None, 10).await.unwrap();
    let expected = JobEntry {
        id: "a".to_owned(),
        body: "body a".into(),
        attempts: 1,
        created_at: failed[0].created_at,
        due_at: DUE,
        failed: Some("refused: \0".to_owned()),
    };
    assert_eq!(failed, [expected]);
    let retry = async |on: &str, id| subject.other.retry_job(QUEUE, &desk(on), id).await.unwrap();
    assert!(!retry("acme", "c").await, "there is no such job");
    assert!(!retry("other", "a").await, "it is another desk's");
    assert!(retry("acme", "a").await);
    assert_eq!(ids(&claim(&*subject.store, 10).await), ["a"]);
    settle(subject, "a", JobOutcome::Done).await;
    assert!(!retry("acme", "a").await, "it is done");
}

pub async fn a_job_that_waits_can_be_made_due_but_not_one_that_is_worked_on(subject: &Subject) {
    queue_all(subject, &["a", "b"]).await;
    claim(&*subject.store, 10).await;
    let later = JobOutcome::Retry {
        after: LONG,
        body: None,
    };
    settle(subject, "a", later).await;
    for id in ["a", "b"] {
        assert!(subject.store.retry_job(QUEUE, &desk("acme"), id).await.unwrap());
    }
    assert_eq!(ids(&claim(&*subject.store, 10).await), ["a"]);
}

pub async fn what_is_done_stays_done(subject: &Subject) {
    queue_all(subject, &["a"]).await;
    claim(&*subject.store, 10).await;
    settle(subject, "a", JobOutcome::Done).await;
    for late in [retry_at_once(), JobOutcome::Failed("late".to_owned()), JobOutcome::Done] {
        settle(subject, "a", late).await;
    }
    settle(subject, "unknown", JobOutcome::Done).await;
    assert_eq!(listed(subject).await, []);
    assert_eq!(claim(&*subject.store, 10).await, []);
}

pub async fn jobs_are_listed_in_pages_by_id(subject: &Subject) {
    queue_all(subject, &["b", "é", "a", "c"]).await;
    settle(subject, "c", JobOutcome::Failed("no".to_owned())).await;
    let page = async |failed_only, after, limit| {
        let desk = desk("acme");
        let found = subject.other.jobs(QUEUE, &desk, failed_only, after, limit).await;
        found.unwrap().into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(page(false, None, 2).await, ["a", "b"]);
    assert_eq!(page(false, Some("b"), 5).await, ["c", "é"]);
    assert_eq!(page(true, None, 5).await, ["c"]);
    assert_eq!(page(false, Some("é"), 5).await, [""; 0]);
}
