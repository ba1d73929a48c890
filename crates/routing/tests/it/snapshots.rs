//! Snapshots: that a restored state goes on exactly as the live one is checked by `histories`.

use tandem_domain::routing::{Answer, Command, Query};
use tandem_domain::{Channel, Core, Presence, Priority, Proficiency, RestoreError, RoutingState, TicketId};
use tandem_routing::RoutingCore;

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, mail, seconds};
use crate::world::{World, desk_id};

const GOLDEN: &str = include_str!("../golden/snapshot-v1.json");

/// A desk on which everything is that a snapshot can hold.
fn everything() -> World {
    let profiles = [
        agent("ana")
            .capacity(9)
            .speaks("de-CH", Proficiency::C2)
            .skill("vip", 3)
            .at_most(2, Channel::Chat),
        agent("bo").team("back").skill("billing", 4),
        agent("gone"),
    ];
    let mut world = World::new(desk(profiles.clone()));
    world.set_presence("gone", Presence::Online);
    let handed_on = world.open(mail(1).needs("vip", 2).in_language("de"));
    let by_gone = world.open(mail(2));
    world.take(by_gone);
    world.resolve(by_gone);
    world.activate(desk(profiles.into_iter().take(2))).unwrap();
    world.set_presence("ana", Presence::Online);
    let [assigned, held, wrapping, cancelled] = [3, 4, 5, 6].map(|number| world.open(mail(number).by(Channel::Chat)));
    for ticket in [assigned, held] {
        world.take(ticket);
    }
    world.hold(held);
    world.take(wrapping);
    world.resolve(wrapping);
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    world.refuse(handed_on);
    world.set_presence("bo", Presence::Online);
    let offered = world.open(mail(7).to("billing").with(Priority::Urgent));
    assert!(world.offered_to(offered).is_some());
    world.pass(seconds(20));
    world
}

#[test]
fn the_golden_snapshot_of_format_1_still_loads_and_means_the_same() {
    let core = RoutingCore::restore(&desk_id(), 1, GOLDEN.as_bytes()).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&core.snapshot()).unwrap();
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(written, golden);
    let world = everything();
    let state = |ticket: u64| match core.query(&Query::Explain(TicketId(ticket)), world.now) {
        Answer::Explain(explanation) => explanation.map(|explanation| explanation.ticket.state),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [1, 2, 3, 4, 5, 6, 7].map(state),
        [
            Some(RoutingState::Queued),
            Some(RoutingState::Done),
            Some(RoutingState::Assigned),
            Some(RoutingState::OnHold),
            Some(RoutingState::WrappingUp),
            None,
            Some(RoutingState::Offered),
        ]
    );
    assert_eq!(core.next_wakeup(), world.core.next_wakeup());
}

#[test]
fn the_same_history_still_writes_the_golden_snapshot() {
    let written: serde_json::Value = serde_json::from_slice(&everything().core.snapshot()).unwrap();
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(written, golden);
}

#[test]
fn a_desk_without_a_file_has_a_snapshot_too() {
    let bytes = World::empty().core.snapshot();
    let core = RoutingCore::restore(&desk_id(), RoutingCore::SNAPSHOT_FORMAT, &bytes).unwrap();
    assert_eq!(core.snapshot(), bytes);
}

#[test]
fn an_unknown_format_or_damaged_bytes_are_refused() {
    let restore = |format, bytes: &[u8]| RoutingCore::restore(&desk_id(), format, bytes).unwrap_err();
    assert_eq!(restore(2, GOLDEN.as_bytes()), RestoreError::UnknownFormat(2));
    assert!(matches!(restore(1, b"{}"), RestoreError::Damaged(_)));
    assert!(matches!(
        restore(1, &GOLDEN.as_bytes()[..GOLDEN.len() / 2]),
        RestoreError::Damaged(_)
    ));
    let extended = GOLDEN.replacen('{', "{\"later\": 1,", 1);
    assert!(matches!(restore(1, extended.as_bytes()), RestoreError::Damaged(_)));
}

#[test]
fn a_restored_desk_goes_on_where_it_was() {
    let mut world = everything();
    world.restart();
    world.pass(seconds(72 * 3600));
    assert_eq!(world.state(TicketId(5)), RoutingState::Done);
}
