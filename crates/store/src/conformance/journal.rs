//! The journal, and commits as a whole.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::time::Duration;

use bytes::Bytes;
use futures::future::join;
use tandem_domain::Timestamp;

use super::{Subject, append, desk, eventually, record, row, rows, stream};
use crate::{
    Append, Commit, NewRecord, Position, PositionUpdate, RequestKey, RequestRecord, Store, StoreError, Stream,
};

pub async fn what_was_appended_is_read_back_in_order(subject: &Subject) {
    let records = vec![
        NewRecord {
            kind: "Opened".to_owned(),
            at: Timestamp::from_micros(-1),
            payload: Bytes::new(),
        },
        NewRecord {
            kind: "Größe".to_owned(),
            at: Timestamp::from_micros(i64::MAX),
            payload: vec![0, 255, 0].into(),
        },
    ];
    let append = Append {
        stream: stream("acme"),
        first_seq: 1,
        incarnation: u64::MAX,
        records: records.clone(),
    };
    subject
        .store
        .commit(Commit {
            append: Some(append),
            ..Commit::default()
        })
        .await
        .unwrap();

    let read = subject.other.read(&stream("acme"), 1, 10).await.unwrap();
    for ((read, written), seq) in read.iter().zip(&records).zip(1..) {
        assert_eq!((read.seq, read.incarnation), (seq, u64::MAX));
        assert_eq!(
            (&read.kind, read.at, &read.payload),
            (&written.kind, written.at, &written.payload)
        );
    }
    assert_eq!(read.len(), 2);
}

pub async fn reading_starts_at_a_seq_and_ends_at_a_limit(subject: &Subject) {
    let acme = stream("acme");
    subject
        .store
        .commit(append(&acme, 1, &["1", "2", "3", "4", "5"]))
        .await
        .unwrap();
    let seqs = async |from, limit| {
        let records = subject.store.read(&acme, from, limit).await.unwrap();
        records.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(2, 2).await, [2, 3]);
    assert_eq!(seqs(0, 100).await, [1, 2, 3, 4, 5]);
    assert_eq!(seqs(5, usize::MAX).await, [5]);
    assert_eq!(seqs(6, 10).await, [0; 0]);
    assert_eq!(seqs(u64::MAX, 10).await, [0; 0]);
    assert_eq!(seqs(1, 0).await, [0; 0]);
}

pub async fn a_stream_without_records_has_no_tail(subject: &Subject) {
    assert_eq!(subject.store.tail(&stream("acme")).await.unwrap(), None);
    assert_eq!(subject.store.read(&stream("acme"), 1, 10).await.unwrap(), []);
    assert_eq!(subject.store.streams("router").await.unwrap(), []);
}

pub async fn the_tail_is_the_last_record(subject: &Subject) {
    let acme = stream("acme");
    subject.store.commit(append(&acme, 1, &["1", "2"])).await.unwrap();
    let reopened = Append {
        stream: acme.clone(),
        first_seq: 3,
        incarnation: 8,
        records: vec![record("3")],
    };
    subject
        .store
        .commit(Commit {
            append: Some(reopened),
            ..Commit::default()
        })
        .await
        .unwrap();
    let tail = subject.other.tail(&acme).await.unwrap();
    assert_eq!(tail, Some(Position { seq: 3, incarnation: 8 }));
}

pub async fn streams_are_listed_by_desk_and_service(subject: &Subject) {
    for name in ["zeta", "acme", "acme-2", "acme_2"] {
        subject
            .store
            .commit(append(&stream(name), 1, &["1", "2"]))
            .await
            .unwrap();
    }
    subject
        .store
        .commit(append(&Stream::new("escalation", desk("other")), 1, &["1"]))
        .await
        .unwrap();
    let streams = subject.store.streams("router").await.unwrap();
    assert_eq!(streams, ["acme", "acme-2", "acme_2", "zeta"].map(stream));
}

pub async fn a_seq_is_written_once(subject: &Subject) {
    let acme = stream("acme");
    subject
        .store
        .commit(append(&acme, 1, &["first", "second"]))
        .await
        .unwrap();
    let late = subject.other.commit(append(&acme, 2, &["late", "later"])).await;
    assert!(matches!(late, Err(StoreError::Fenced { stream, seq: 2 }) if stream == acme));
    let payloads: Vec<_> = subject
        .store
        .read(&acme, 1, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|r| r.payload)
        .collect();
    assert_eq!(payloads, ["first", "second"]);
}

pub async fn a_gap_is_fenced(subject: &Subject) {
    let acme = stream("acme");
    for first_seq in [0, 2] {
        let gap = subject.store.commit(append(&acme, first_seq, &["x"])).await;
        assert!(matches!(gap, Err(StoreError::Fenced { seq, .. }) if seq == first_seq));
    }
    subject.store.commit(append(&acme, 1, &["1"])).await.unwrap();
    assert!(matches!(
        subject.store.commit(append(&acme, 3, &["3"])).await,
        Err(StoreError::Fenced { .. })
    ));
    assert_eq!(subject.store.read(&acme, 1, 10).await.unwrap().len(), 1);
}

pub async fn of_two_writers_on_one_seq_exactly_one_wins(subject: &Subject) {
    let acme = stream("acme");
    for seq in 1..=25 {
        let one = subject.store.commit(append(&acme, seq, &["one"]));
        let two = subject.other.commit(append(&acme, seq, &["two"]));
        let (one, two) = join(one, two).await;
        assert!(one.is_ok() != two.is_ok(), "seq {seq}: {one:?} and {two:?}");
        let lost = if one.is_ok() { two } else { one };
        assert!(matches!(lost, Err(StoreError::Fenced { .. })), "{lost:?}");
    }
    assert_eq!(subject.store.tail(&acme).await.unwrap().unwrap().seq, 25);
}

pub async fn a_fenced_commit_leaves_nothing(subject: &Subject) {
    let acme = stream("acme");
    subject.store.commit(append(&acme, 1, &["1"])).await.unwrap();
    let key = RequestKey {
        desk: desk("acme"),
        caller: "ana".to_owned(),
        method: "Accept".to_owned(),
        id: "r1".to_owned(),
    };
    let request = RequestRecord {
        key: key.clone(),
        hash: [1; 32],
        reply: Bytes::new(),
        expires_at: None,
    };
    let to = Position { seq: 4, incarnation: 9 };
    let position = PositionUpdate {
        consumer: "metrics".to_owned(),
        stream: acme.clone(),
        from: None,
        to,
    };
    let commit = Commit {
        rows: vec![row(&desk("acme"), "T1", "one")],
        requests: vec![request],
        positions: vec![position],
        ..append(&acme, 1, &["again"])
    };
    assert!(matches!(
        subject.store.commit(commit).await,
        Err(StoreError::Fenced { .. })
    ));
    assert_eq!(subject.store.row(&desk("acme"), "ticket", "T1").await.unwrap(), None);
    assert_eq!(subject.store.requests(&[key]).await.unwrap(), []);
    assert_eq!(subject.store.position("metrics", &acme).await.unwrap(), None);
}

pub async fn desks_and_services_do_not_fence_each_other(subject: &Subject) {
    for stream in [stream("acme"), stream("other"), Stream::new("escalation", desk("acme"))] {
        subject.store.commit(append(&stream, 1, &["1"])).await.unwrap();
        assert_eq!(subject.store.read(&stream, 1, 10).await.unwrap().len(), 1);
    }
}

pub async fn an_empty_commit_changes_nothing(subject: &Subject) {
    subject.store.commit(Commit::default()).await.unwrap();
    // Without records there is nothing to fence.
    subject.store.commit(append(&stream("acme"), 9, &[])).await.unwrap();
    assert_eq!(subject.store.tail(&stream("acme")).await.unwrap(), None);
    assert_eq!(subject.store.requests(&[]).await.unwrap(), []);
}

pub async fn a_commit_is_finished_even_if_nobody_waits(subject: &Subject) {
    let acme = stream("acme");
    {
        let mut commit = subject.store.commit(append(&acme, 1, &["1"]));
        let _begun = futures::poll!(&mut commit);
    }
    eventually(async || subject.store.tail(&acme).await.unwrap().is_some()).await;
}

pub async fn a_reader_never_sees_half_a_commit(subject: &Subject) {
    let acme = desk("acme");
    let write = async {
        for round in 0..60 {
            let value = round.to_string();
            let both = rows(vec![row(&acme, "first", &value), row(&acme, "second", &value)]);
            subject.store.commit(both).await.unwrap();
        }
    };
    let read = async {
        loop {
            let page = subject.other.rows(&acme, "ticket", "", None, 10).await.unwrap().rows;
            let values: Vec<_> = page.into_iter().map(|(_, value)| value).collect();
            assert!(
                values.is_empty() || values.len() == 2 && values[0] == values[1],
                "{values:?}"
            );
            if values.first().is_some_and(|value| value == "59") {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    join(write, read).await;
}

pub async fn a_large_batch_is_one_commit(subject: &Subject) {
    let acme = stream("acme");
    let payloads: Vec<String> = (0..5000).map(|number| format!("event {number}")).collect();
    let commit = Commit {
        rows: (0..5000)
            .map(|number| row(&desk("acme"), &format!("T{number}"), "open"))
            .collect(),
        ..append(&acme, 1, &payloads.iter().map(String::as_str).collect::<Vec<_>>())
    };
    subject.store.commit(commit).await.unwrap();
    let read = subject.store.read(&acme, 1, 10_000).await.unwrap();
    assert!(read.iter().map(|record| &record.payload).eq(payloads.iter()));
    assert_eq!(
        subject
            .store
            .rows(&desk("acme"), "ticket", "", None, 10_000)
            .await
            .unwrap()
            .rows
            .len(),
        5000
    );
}

pub async fn the_clock_goes_on(subject: &Subject) {
    let now = async |store: &dyn Store| store.now().await.unwrap();
    let before = now(&*subject.store).await;
    eventually(async || now(&*subject.other).await > before).await;
    assert!(now(&*subject.other).await.since(before) < Duration::from_mins(1));
}
