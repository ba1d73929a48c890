//! Availability windows: the hours in which an agent can be offered work.

use std::time::Duration;

use tandem_domain::explain::Lack;
use tandem_domain::routing::{Rejection, RoutingEvent};
use tandem_domain::sla::{Calendar, Window};
use tandem_domain::{CompiledDesk, Core, Presence, RoutingState, Timestamp};

use crate::support::*;
use crate::world::World;

/// The world begins on Friday, 15 January 2027, at 8:00 UTC. The shift is from 9:00 to 12:00 and from 13:00 to 17:00,
/// Monday to Friday.
fn shift() -> Calendar {
    let window = |from: u16, to: u16| Window {
        from_minute: from * 60,
        to_minute: to * 60,
    };
    Calendar {
        id: key("shift"),
        timezone: "UTC".to_owned(),
        hours: (1..=5).map(|day| (day, vec![window(9, 12), window(13, 17)])).collect(),
        holidays: Vec::new(),
    }
}

/// Ana works in shifts, bo at any time but on other tickets.
fn shifts() -> CompiledDesk {
    let mut desk = desk([agent("ana"), agent("bo").team("back")]);
    desk.sla.calendars = vec![shift()];
    desk.agents[0].available = Some(key("shift"));
    desk
}

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

fn changes(world: &World) -> Vec<bool> {
    let change = |event: &RoutingEvent| match event {
        RoutingEvent::AvailabilityChanged { available, .. } => Some(*available),
        _ => None,
    };
    world.history.iter().filter_map(|event| change(&event.body)).collect()
}

#[test]
fn outside_the_window_nothing_is_offered_and_the_reason_is_said() {
    let mut world = World::staffed(shifts());
    assert!(!world.agent("ana").available && world.agent("bo").available);
    let ticket = world.open(mail(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    let opens = world.now.plus(hours(1));
    let explanation = world.explain(ticket).unwrap();
    let ana = explanation
        .candidates
        .iter()
        .find(|candidate| candidate.agent.as_str() == "ana");
    assert_eq!(ana.unwrap().lacks, [Lack::OutOfHours { until: Some(opens) }]);
    assert_eq!(explanation.next_change, Some(opens));
    assert!(
        explanation.summary.contains("outside his or her hours until"),
        "{}",
        explanation.summary
    );
}

#[test]
fn when_the_window_opens_what_waits_is_offered() {
    let mut world = World::staffed(shifts());
    let ticket = world.open(mail(1));
    world.pass(hours(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
    assert_eq!(changes(&world), [false, true]);
}

#[test]
fn when_it_closes_open_offers_go_to_others_and_owned_tickets_stay() {
    let mut world = World::staffed(shifts());
    world.pass(hours(4).checked_sub(seconds(60)).unwrap());
    let (mine, offered) = (world.open(mail(1)), world.open(mail(2)));
    world.take(mine);
    world.pass(seconds(60));
    let ana = world.agent("ana");
    assert_eq!((ana.available, ana.missed, ana.tickets), (false, 0, vec![mine]));
    assert_eq!(world.state(offered), RoutingState::Queued);
}

#[test]
fn a_window_says_nothing_of_presence() {
    let mut world = World::new(shifts());
    let ticket = world.open(mail(1));
    world.pass(hours(2));
    assert_eq!(
        (world.agent("ana").available, world.state(ticket)),
        (true, RoutingState::Queued)
    );
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn nobody_is_given_a_ticket_by_hand_outside_the_window() {
    let mut world = World::staffed(shifts());
    let ticket = world.open(mail(1));
    let refused = world.transfer_to_agent(ticket, "ana").unwrap_err();
    assert!(matches!(refused, Rejection::AgentUnavailable { .. }), "{refused}");
}

#[test]
fn a_customer_who_answers_outside_the_window_is_served_by_an_owner_who_is_there() {
    let mut world = World::staffed(shifts());
    world.pass(hours(1));
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.hold(ticket);
    world.pass(hours(3));
    world.intake(mail(2).in_conversation(1));
    assert_eq!(
        (world.state(ticket), world.agent("ana").available),
        (RoutingState::Assigned, false)
    );
}

#[test]
fn a_new_desk_file_moves_the_window_at_once() {
    let mut world = World::staffed(shifts());
    let ticket = world.open(mail(1));
    let mut free = shifts();
    free.agents[0].available = None;
    world.activate(free).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
    world.activate(shifts()).unwrap();
    assert_eq!(
        (world.state(ticket), world.agent("ana").available),
        (RoutingState::Queued, false)
    );
    let mut without = shifts();
    without.sla.calendars.clear();
    world.activate(without).unwrap();
    assert!(
        world.agent("ana").available,
        "a calendar that the desk lacks closes nobody's window"
    );
    assert_eq!(changes(&world), [false, true, false, true]);
}

#[test]
fn who_leaves_the_desk_and_comes_back_begins_with_the_calendar() {
    let mut world = World::staffed(shifts());
    world.activate(desk([agent("bo")])).unwrap();
    world.pass(hours(30));
    world.activate(shifts()).unwrap();
    world.set_presence("ana", Presence::Online);
    assert!(!world.agent("ana").available, "it is Saturday");
    world.pass(hours(48));
    assert!(world.agent("ana").available, "it is Monday");
}

#[test]
fn windows_turn_in_a_restored_desk_as_in_any_other() {
    let mut world = World::staffed(shifts());
    let ticket = world.open(mail(1));
    world.restart();
    assert_eq!(world.core.next_wakeup(), Some(world.now.plus(hours(1))));
    world.pass(hours(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
    world.restart();
    world.pass(hours(72));
    world.restart();
    assert!(world.agent("ana").available, "it is Monday");
    crate::replay::replays(&world.history);
}

#[test]
fn a_window_that_opened_and_closed_unheard_is_waited_for_again() {
    let mut world = World::staffed(shifts());
    world.skip(hours(4).checked_add(seconds(1)).unwrap());
    world.pass(seconds(0));
    assert_eq!(
        (changes(&world), world.agent("ana").available),
        (vec![false, false], false)
    );
    let opens: Timestamp = world.now.plus(hours(1)).minus(seconds(1));
    assert_eq!(world.core.next_wakeup(), Some(opens));
}

#[test]
fn a_new_desk_file_moves_the_end_of_a_window_that_stays_open() {
    let mut world = World::staffed(shifts());
    world.pass(hours(2));
    assert_eq!(changes(&world), [false, true], "it is ten o'clock");
    let mut shorter = shifts();
    let window = Window {
        from_minute: 9 * 60,
        to_minute: 11 * 60,
    };
    shorter.sla.calendars[0].hours = (1..=5).map(|day| (day, vec![window])).collect();
    world.activate(shorter).unwrap();
    assert_eq!(changes(&world), [false, true]);
    world.pass(hours(1));
    assert_eq!(changes(&world), [false, true, false], "it is eleven o'clock");
}
