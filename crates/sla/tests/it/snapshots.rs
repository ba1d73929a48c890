//! Snapshots: read back as they were written, in this version and in later ones.

use std::fs;
use std::path::PathBuf;

use tandem_domain::sla::{Action, Recipient, RungAt};
use tandem_domain::{ClockKind, Core, Priority, RestoreError, SlaPlan};
use tandem_sla::SlaCore;

use crate::support::{accepted, answered, at, calendar, closed, desk, held, key, ladder, opened, policy, rung, wrote};
use crate::world::World;

/// A little of everything that a snapshot holds.
fn story() -> World {
    let kinds = [ClockKind::Accept, ClockKind::FirstResponse, ClockKind::NextResponse];
    let mut promised = policy("all", &kinds.map(|kind| (kind, 60)));
    promised.calendar = Some(key("office"));
    promised.ladders = [(ClockKind::Accept, key("up"))].into();
    let tell = Action::Tell(vec![Recipient::Contact(key("boss"))]);
    let plan = SlaPlan {
        calendars: vec![calendar("office", "Europe/Berlin", 1..=5, "09:00-17:00")],
        policies: vec![promised],
        ladders: vec![ladder("up", vec![rung(RungAt::Share(50), vec![tell])])],
        roles: [(key("lead"), vec![key("boss")])].into(),
        contacts: vec![key("boss")],
    };
    let mut world = World::with(desk(plan));
    for ticket in 1..=3 {
        world.happens(at(0), opened(ticket, "support", Priority::Normal, at(0)));
    }
    world.happens(at(10), accepted(1, "ana"));
    world.happens(at(20), answered(1, 1));
    world.happens(at(25), wrote(1, at(25)));
    world.happens(at(26), held(1));
    world.happens(at(27), closed(3));
    world.advance(at(35));
    world.acknowledge(at(36), 1).unwrap();
    world.advance(at(70));
    world
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/snapshot-v1.json")
}

#[test]
fn a_restored_core_goes_on_as_if_nothing_had_happened() {
    let mut world = story();
    world.check();
    let mut other = story();
    other.core = SlaCore::restore(&key("acme"), SlaCore::SNAPSHOT_FORMAT, &world.core.snapshot()).unwrap();
    for world in [&mut world, &mut other] {
        world.happens(at(80), answered(1, 2));
        world.happens(at(81), answered(2, 3));
        world.advance(at(10_000));
    }
    assert_eq!(other.events, world.events);
    assert_eq!(other.core.snapshot(), world.core.snapshot());
}

#[test]
fn a_snapshot_of_format_1_is_read_for_ever() {
    let stored = fs::read(golden()).expect("the golden file lies beside the tests");
    let core = SlaCore::restore(&key("acme"), 1, &stored).unwrap();
    let same: serde_json::Value = serde_json::from_slice(&core.snapshot()).unwrap();
    assert_eq!(same, serde_json::from_slice::<serde_json::Value>(&stored).unwrap());
}

#[test]
fn what_cannot_be_read_is_said() {
    let restore = |format, bytes: &[u8]| SlaCore::restore(&key("acme"), format, bytes).map(drop);
    assert_eq!(restore(99, b"{}"), Err(RestoreError::UnknownFormat(99)));
    assert!(matches!(restore(1, b"{"), Err(RestoreError::Damaged(_))));
    let text = String::from_utf8(story().core.snapshot()).unwrap();
    let orphaned = text.replacen("\"ticket\":2", "\"ticket\":77", 1);
    assert!(matches!(restore(1, orphaned.as_bytes()), Err(RestoreError::Damaged(why)) if why.contains("T77")));
}

/// Writes the file of a new format: `cargo test -p tandem-sla -- --ignored`.
#[test]
#[ignore = "writes a golden file, once per format"]
fn write_the_golden_file_of_a_new_format() {
    assert!(!golden().exists(), "a released format's file is never changed");
    fs::write(golden(), story().core.snapshot()).expect("the golden file can be written");
}
