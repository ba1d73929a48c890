//! Snapshots.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use bytes::Bytes;

use super::{Subject, stream};
use crate::Snapshot;

fn snapshot(seq: u64, state: &'static str) -> Snapshot {
    Snapshot {
        seq,
        incarnation: u64::MAX - seq,
        format: 2,
        bytes: Bytes::from_static(state.as_bytes()),
    }
}

pub async fn the_newest_snapshot_is_kept(subject: &Subject) {
    let acme = stream("acme");
    assert_eq!(subject.store.snapshot(&acme).await.unwrap(), None);
    subject.store.save_snapshot(&acme, snapshot(5, "five")).await.unwrap();
    subject.store.save_snapshot(&acme, snapshot(9, "nine")).await.unwrap();
    assert_eq!(subject.other.snapshot(&acme).await.unwrap(), Some(snapshot(9, "nine")));
    assert_eq!(subject.other.snapshot(&stream("other")).await.unwrap(), None);
}

pub async fn a_snapshot_never_goes_back(subject: &Subject) {
    let acme = stream("acme");
    subject.store.save_snapshot(&acme, snapshot(9, "nine")).await.unwrap();
    subject.other.save_snapshot(&acme, snapshot(8, "eight")).await.unwrap();
    assert_eq!(subject.store.snapshot(&acme).await.unwrap(), Some(snapshot(9, "nine")));
}

pub async fn a_dropped_snapshot_is_gone(subject: &Subject) {
    let acme = stream("acme");
    subject.store.save_snapshot(&acme, snapshot(9, "nine")).await.unwrap();
    subject
        .store
        .save_snapshot(&stream("other"), snapshot(3, "three"))
        .await
        .unwrap();
    subject.store.drop_snapshot(&acme).await.unwrap();
    subject.store.drop_snapshot(&acme).await.unwrap();
    assert_eq!(subject.store.snapshot(&acme).await.unwrap(), None);
    assert!(subject.store.snapshot(&stream("other")).await.unwrap().is_some());
    subject.store.save_snapshot(&acme, snapshot(2, "two")).await.unwrap();
    assert_eq!(subject.store.snapshot(&acme).await.unwrap(), Some(snapshot(2, "two")));
}

pub async fn a_large_snapshot_is_kept(subject: &Subject) {
    let large = Snapshot {
        bytes: vec![0x5A; 20 << 20].into(),
        ..snapshot(1, "")
    };
    subject
        .store
        .save_snapshot(&stream("acme"), large.clone())
        .await
        .unwrap();
    assert!(subject.store.snapshot(&stream("acme")).await.unwrap() == Some(large));
}
