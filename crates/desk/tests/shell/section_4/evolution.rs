//! Evolution: journal levels, unknown kinds, snapshot formats.

use tandem_desk::{DeskError, DeskState, Recorded, ShellEvent, decode_record};
use tandem_store::{Append, Commit, JournalStore};

use crate::support::ledger::{Answer, Command, Ledger};
use crate::support::{World, acme, add, ana, desk, state, stream, total, until, write};

fn rename(id: &str) -> tandem_desk::Submission<Command> {
    write(id, Command::Rename("b".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_new_kind_of_event_is_refused_until_the_journal_level_is_raised_on_purpose() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    let refused = desks.submit(&acme(), rename("2")).await;
    assert_eq!(
        refused,
        Err(DeskError::JournalLevel {
            needs: 2,
            has: 1,
            knows: 2
        })
    );
    assert_eq!(world.kinds().await, ["Added"], "refused before the commit");
    assert_eq!(total(&desks).await, Ok(Answer::Total(1)), "and the desk goes on");

    assert_eq!(desks.raise_level(&acme(), 2, ana()).await, Ok(2));
    assert_eq!(desks.submit(&acme(), rename("2")).await, Ok(1));
    assert_eq!(world.kinds().await, ["Added", "LevelRaised", "Renamed"]);
    let journal = world.journal(&acme()).await;
    let raised = journal.iter().find(|record| record.kind == "LevelRaised").unwrap();
    let raised = decode_record::<Ledger>(raised).unwrap();
    assert_eq!(
        raised,
        Recorded::Shell(ShellEvent::LevelRaised { level: 2, actor: ana() }),
        "and it says who"
    );
}

#[tokio::test(start_paused = true)]
async fn a_raised_level_outlives_its_owner_and_the_snapshot() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(desks.raise_level(&acme(), 2, ana()).await, Ok(2));
    desks.shutdown().await;
    let desks = world.owner().await;
    assert_eq!(desks.submit(&acme(), rename("1")).await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_level_is_never_lowered_nor_raised_above_what_the_program_knows() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(desks.raise_level(&acme(), 1, ana()).await, Ok(1), "it is 1 already");
    assert!(world.kinds().await.is_empty());
    let too_high = desks.raise_level(&acme(), 3, ana()).await;
    assert_eq!(
        too_high,
        Err(DeskError::JournalLevel {
            needs: 3,
            has: 1,
            knows: 2
        })
    );
    assert_eq!(desks.raise_level(&acme(), 2, ana()).await, Ok(2));
    assert_eq!(
        desks.raise_level(&acme(), 1, ana()).await,
        Err(DeskError::JournalLevel {
            needs: 1,
            has: 2,
            knows: 2
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_journal_above_the_programs_level_refuses_the_desk() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(desks.raise_level(&acme(), 2, ana()).await, Ok(2));
    desks.shutdown().await;
    let mut raised = world
        .journal(&acme())
        .await
        .into_iter()
        .find(|record| record.kind == "LevelRaised")
        .unwrap();
    // Field 1, the level, as protobuf: 3 instead of 2.
    let mut payload = raised.payload.to_vec();
    assert_eq!(payload[..2], [8, 2]);
    payload[1] = 3;
    raised.payload = payload.into();
    let tail = world.store.tail(&stream(&acme())).await.unwrap().unwrap();
    let record = tandem_store::NewRecord {
        kind: raised.kind,
        at: raised.at,
        payload: raised.payload,
    };
    let append = Append {
        stream: stream(&acme()),
        first_seq: tail.seq + 1,
        incarnation: tail.incarnation,
        records: vec![record],
    };
    world
        .store
        .commit(Commit {
            append: Some(append),
            ..Commit::default()
        })
        .await
        .unwrap();

    let desks = world.process();
    desks.create(&desk("bravo")).await.unwrap();
    until(async || matches!(state(&desks, &acme()), Some(DeskState::Failed(_)))).await;
    let Some(DeskState::Failed(reason)) = state(&desks, &acme()) else {
        panic!()
    };
    assert!(reason.contains("level 3"), "{reason}");
}
