//! Snapshots: they save time and are never the truth.

use std::time::Duration;

use tandem_store::{JournalStore, Snapshot};

use crate::support::ledger::{Answer, Command, Query};
use crate::support::{World, acme, add, stream, total, until, write};

async fn snapshot(world: &World) -> Option<Snapshot> {
    world.store.snapshot(&stream(&acme())).await.unwrap()
}

/// A desk with marks 1 to 5, shut down; its last snapshot.
async fn marked(world: &World) -> Snapshot {
    let desks = world.owner().await;
    for n in 1..=5 {
        desks
            .submit(&acme(), write(&n.to_string(), Command::Mark(n)))
            .await
            .unwrap();
    }
    desks.shutdown().await;
    snapshot(world).await.unwrap()
}

async fn marks(world: &World) -> usize {
    let desks = world.owner().await;
    let Ok(Answer::Marks(marks)) = desks.query(&acme(), Query::Marks).await else {
        panic!("no answer")
    };
    marks.len()
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_saved_every_so_many_events_without_stopping_the_desk() {
    let mut world = World::new();
    world.settings.snapshot_every = 10;
    let desks = world.owner().await;
    for n in 0..12 {
        assert_eq!(add(&desks, &n.to_string(), 1).await, Ok(n + 1));
    }
    until(async || snapshot(&world).await.is_some()).await;
    let first = snapshot(&world).await.unwrap().seq;
    assert!(first >= 10);
    for n in 12..40 {
        assert_eq!(add(&desks, &n.to_string(), 1).await, Ok(n + 1));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    until(async || snapshot(&world).await.unwrap().seq > first).await;
}

#[tokio::test(start_paused = true)]
async fn a_desk_is_loaded_from_its_last_snapshot_and_the_tail_behind_it() {
    let world = World::new();
    let saved = marked(&world).await;
    assert_eq!(
        saved.seq,
        world.journal(&acme()).await.len() as u64,
        "saved at the shutdown"
    );
    world
        .store
        .save_snapshot(&stream(&acme()), forged(&saved))
        .await
        .unwrap();
    let desks = world.owner().await;
    assert_eq!(
        total(&desks).await,
        Ok(Answer::Total(7)),
        "what the snapshot says is what is so"
    );
    assert_eq!(add(&desks, "next", 1).await, Ok(8));
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[tokio::test(start_paused = true)]
async fn snapshots_of_the_two_formats_before_are_loaded() {
    for (format, known_marks) in [(3, 5), (2, 5), (1, 0)] {
        let world = World::new();
        let saved = marked(&world).await;
        world
            .store
            .save_snapshot(&stream(&acme()), Snapshot { format, ..saved })
            .await
            .unwrap();
        assert_eq!(
            marks(&world).await,
            known_marks,
            "format {format} had no marks: the snapshot was used"
        );
    }
}

/// The same snapshot with another total: if it is used, it shows.
fn forged(saved: &Snapshot) -> Snapshot {
    Snapshot {
        bytes: replace(&saved.bytes, b"\"total\":5", b"\"total\":7").into(),
        ..saved.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_cannot_be_loaded_is_dropped_and_the_journal_replayed() {
    let unusable: [fn(Snapshot) -> Snapshot; 4] = [
        |saved| Snapshot { format: 4, ..saved },
        |saved| Snapshot {
            bytes: "damaged".into(),
            ..saved
        },
        |saved| Snapshot {
            incarnation: saved.incarnation ^ 1,
            ..saved
        },
        |saved| Snapshot {
            seq: saved.seq + 1000,
            ..saved
        },
    ];
    for spoil in unusable {
        let world = World::new();
        let saved = marked(&world).await;
        world.store.drop_snapshot(&stream(&acme())).await.unwrap();
        world
            .store
            .save_snapshot(&stream(&acme()), spoil(forged(&saved)))
            .await
            .unwrap();
        let desks = world.owner().await;
        assert_eq!(
            total(&desks).await,
            Ok(Answer::Total(5)),
            "everything is in the journal"
        );
        assert_eq!(snapshot(&world).await, None, "it is not tried again");
    }
}
