//! Snapshots: that a restored state goes on exactly as the live one is checked by `histories`.

use tandem_domain::routing::{AfterAnswer, Answer, Command, DeliveryOutcome, Query, TicketView, UndeliveredReason};
use tandem_domain::{Channel, Core, Presence, Priority, Proficiency, RestoreError, RoutingState, TicketId};
use tandem_routing::RoutingCore;

use crate::support::{AgentBuilder, IntakeBuilder, agent, answer_id, desk, mail, seconds};
use crate::world::{World, desk_id};

const GOLDEN_V1: &str = include_str!("../golden/snapshot-v1.json");
const GOLDEN_V2: &str = include_str!("../golden/snapshot-v2.json");
const GOLDEN: &[u8] = include_bytes!("../golden/snapshot-v3.bin");

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
    world.answer(held, answer_id(1), None);
    world.answer(assigned, answer_id(2), Some("ana"));
    world.answer(assigned, answer_id(3), Some("ana"));
    world.report(held, answer_id(1), DeliveryOutcome::Delivered);
    let bounced = DeliveryOutcome::Failed(UndeliveredReason::Bounced);
    world.report(assigned, answer_id(2), bounced);
    world.run(note(offered)).unwrap();
    world.run(urgent(handed_on)).unwrap();
    world.pass(seconds(20));
    world
}

fn note(ticket: TicketId) -> Command {
    Command::Answer {
        ticket,
        message: answer_id(4),
        author: None,
        visible: false,
        then: AfterAnswer::Keep,
    }
}

fn urgent(ticket: TicketId) -> Command {
    Command::SetPriority {
        ticket,
        priority: Priority::Urgent,
        seen: None,
    }
}

/// The states of the tickets of `everything`.
fn states(core: &RoutingCore, world: &World) -> [Option<RoutingState>; 7] {
    let state = |ticket: u64| match core.query(&Query::Explain(TicketId(ticket)), world.now) {
        Answer::Explain(explanation) => explanation.map(|explanation| explanation.ticket.state),
        other => panic!("{other:?}"),
    };
    [1, 2, 3, 4, 5, 6, 7].map(state)
}

const STATES: [Option<RoutingState>; 7] = [
    Some(RoutingState::Queued),
    Some(RoutingState::Done),
    Some(RoutingState::Assigned),
    Some(RoutingState::OnHold),
    Some(RoutingState::WrappingUp),
    None,
    Some(RoutingState::Offered),
];

/// A ticket as the core knows it.
fn ticket(core: &RoutingCore, world: &World, number: u64) -> Option<TicketView> {
    match core.query(&Query::Explain(TicketId(number)), world.now) {
        Answer::Explain(explanation) => explanation.map(|explanation| explanation.ticket),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_snapshot_of_format_2_still_loads_and_means_the_same() {
    let core = RoutingCore::restore(&desk_id(), 2, GOLDEN_V2.as_bytes()).unwrap();
    let world = everything();
    for number in 1..=7 {
        let (restored, live) = (ticket(&core, &world, number), ticket(&world.core, &world, number));
        assert_eq!(restored, live);
    }
    assert_eq!(core.next_wakeup(), world.core.next_wakeup());
    assert!(!core.is_complete(), "it did not know which messages are on a ticket");
}

#[test]
fn the_golden_snapshot_of_format_3_still_loads_and_means_the_same() {
    let core = RoutingCore::restore(&desk_id(), 3, GOLDEN).unwrap();
    let world = everything();
    assert_eq!(states(&core, &world), STATES);
    assert_eq!(core.next_wakeup(), world.core.next_wakeup());
}

#[test]
fn a_snapshot_of_format_1_loads_as_a_desk_that_has_answered_nobody() {
    let core = RoutingCore::restore(&desk_id(), 1, GOLDEN_V1.as_bytes()).unwrap();
    let world = everything();
    assert_eq!(states(&core, &world), STATES);
    assert_eq!(core.next_wakeup(), world.core.next_wakeup());
    let desk = match core.query(&Query::Desk, world.now) {
        Answer::Desk(desk) => desk.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!((desk.timezone.as_str(), desk.queues[0].tier), ("UTC", 1));
    for number in [1, 2, 3, 4, 5, 7] {
        let ticket = match core.query(&Query::Explain(TicketId(number)), world.now) {
            Answer::Explain(explanation) => explanation.unwrap().ticket,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (ticket.waiting_since, ticket.answered_at, ticket.undelivered.len()),
            (Some(ticket.opened_at), None, 0)
        );
    }
}

/// With `TANDEM_WRITE_GOLDEN` set it is written anew: only before a format is released.
#[test]
fn the_same_history_still_writes_the_golden_snapshot() {
    let written = everything().core.snapshot();
    if std::env::var_os("TANDEM_WRITE_GOLDEN").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/snapshot-v3.bin");
        std::fs::write(file, &written).unwrap();
        return;
    }
    // Past owners and queues were still in the golden one.
    let golden = RoutingCore::restore(&desk_id(), 3, GOLDEN).unwrap().snapshot();
    assert!(written == golden, "the format or what it holds has changed");
    let again = RoutingCore::restore(&desk_id(), 3, &written).unwrap().snapshot();
    assert!(again == written);
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
    assert_eq!(restore(4, GOLDEN), RestoreError::UnknownFormat(4));
    for (format, golden) in [(1, GOLDEN_V1), (2, GOLDEN_V2)] {
        assert!(matches!(restore(format, b"{}"), RestoreError::Damaged(_)));
        assert!(matches!(
            restore(format, &golden.as_bytes()[..golden.len() / 2]),
            RestoreError::Damaged(_)
        ));
        let extended = golden.replacen('{', "{\"later\": 1,", 1);
        assert!(matches!(restore(format, extended.as_bytes()), RestoreError::Damaged(_)));
    }
    for length in 0..GOLDEN.len() {
        assert!(matches!(restore(3, &GOLDEN[..length]), RestoreError::Damaged(_)));
    }
}

#[test]
fn half_a_ticket_is_damage() {
    let mut golden: serde_json::Value = serde_json::from_str(GOLDEN_V2).unwrap();
    let halves = golden["tickets"].as_object_mut().unwrap();
    let half = halves.remove("1").unwrap();
    let restore = |golden: &serde_json::Value| RoutingCore::restore(&desk_id(), 2, golden.to_string().as_bytes());
    assert!(matches!(restore(&golden), Err(RestoreError::Damaged(_))));
    let halves = golden["tickets"].as_object_mut().unwrap();
    halves.insert("1".to_owned(), half.clone());
    halves.insert("99".to_owned(), half);
    assert!(matches!(restore(&golden), Err(RestoreError::Damaged(_))));
}

#[test]
fn a_ticket_with_a_number_that_was_never_handed_out_is_damage() {
    let mut golden: serde_json::Value = serde_json::from_str(GOLDEN_V2).unwrap();
    golden["v1"]["tickets"][0]["id"] = (1_u64 << 60).into();
    let restored = RoutingCore::restore(&desk_id(), 2, golden.to_string().as_bytes());
    assert!(matches!(restored, Err(RestoreError::Damaged(_))));
}

#[test]
fn a_restored_desk_goes_on_where_it_was() {
    let mut world = everything();
    world.restart();
    world.pass(seconds(72 * 3600));
    assert_eq!(world.state(TicketId(5)), RoutingState::Done);
}
