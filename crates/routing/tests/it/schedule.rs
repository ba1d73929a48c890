//! Tickets that wait for a time.

use std::time::Duration;

use tandem_domain::routing::{Command, Intake, Rejection, RequeueReason, RoutingEvent};
use tandem_domain::{Presence, RoutingState, TicketId, TicketStatus, Timestamp};

use crate::support::{IntakeBuilder, agent, answer_id, desk, mail, seconds};
use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);

fn schedule(ticket: TicketId, until: Timestamp) -> Command {
    Command::Schedule { ticket, until }
}

fn callback(number: u128, due_at: Timestamp) -> Intake {
    Intake {
        due_at: Some(due_at),
        ..mail(number)
    }
}

#[test]
fn a_scheduled_ticket_enters_its_queue_with_its_age_when_it_is_due() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    let opened_at = world.ticket(ticket).opened_at;
    let until = world.now.plus(HOUR);
    world.run(schedule(ticket, until)).unwrap();
    let view = world.ticket(ticket);
    assert_eq!(
        (view.state, view.status),
        (RoutingState::Scheduled, TicketStatus::Pending)
    );
    assert_eq!((view.owner, view.scheduled_until), (None, Some(until)));
    assert!(world.agent("ana").tickets.is_empty());
    world.pass(HOUR.checked_sub(seconds(1)).unwrap());
    assert_eq!(world.state(ticket), RoutingState::Scheduled);
    world.pass(seconds(1));
    let view = world.ticket(ticket);
    assert_eq!((view.state, view.opened_at), (RoutingState::Offered, opened_at));
    let due = world.history.iter().any(|event| {
        matches!(
            event.body,
            RoutingEvent::TicketRequeued {
                reason: RequeueReason::Due,
                ..
            }
        )
    });
    assert!(due);
}

#[test]
fn a_callback_waits_for_its_appointment_and_is_older_than_what_came_later() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.set_presence("ana", Presence::Away);
    let callback = world.open(callback(1, world.now.plus(HOUR)));
    assert_eq!(world.state(callback), RoutingState::Scheduled);
    world.pass(seconds(60));
    let later = world.open(mail(2).at(world.now));
    world.pass(HOUR);
    world.set_presence("ana", Presence::Online);
    world.take(callback);
    assert_eq!(world.state(callback), RoutingState::Assigned);
    assert_ne!(world.state(later), RoutingState::Assigned);
}

#[test]
fn an_appointment_that_is_over_is_served_at_once() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(callback(1, world.now.minus(seconds(1))));
    assert_eq!(world.state(ticket), RoutingState::Offered);
}

#[test]
fn a_customer_who_writes_meanwhile_is_served_at_once() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(callback(1, world.now.plus(HOUR)));
    world
        .run(Command::Intake(Box::new(mail(2).in_conversation(1).automatic())))
        .unwrap();
    assert_eq!(world.state(ticket), RoutingState::Scheduled);
    world
        .run(Command::Intake(Box::new(mail(3).in_conversation(1))))
        .unwrap();
    assert_eq!(world.state(ticket), RoutingState::Offered);
    world.pass(HOUR);
    assert_eq!(world.ticket(ticket).scheduled_until, None);
}

#[test]
fn a_visitor_who_leaves_keeps_the_appointment() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(callback(1, world.now.plus(HOUR)));
    world.leave(1);
    assert_eq!(world.state(ticket), RoutingState::Scheduled);
}

#[test]
fn a_time_is_in_the_future_and_within_a_year() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    for until in [world.now, world.now.plus(Duration::from_hours(24 * 400))] {
        let refused = world.run(schedule(ticket, until));
        assert!(matches!(refused, Err(Rejection::TimeOutOfRange { field, .. }) if field == "until"));
    }
    assert_eq!(world.state(ticket), RoutingState::Offered);
}

#[test]
fn another_time_takes_the_place_of_the_first() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.run(schedule(ticket, world.now.plus(HOUR))).unwrap();
    world.run(schedule(ticket, world.now.plus(HOUR * 3))).unwrap();
    world.pass(HOUR * 2);
    assert_eq!(world.state(ticket), RoutingState::Scheduled);
    world.pass(HOUR);
    assert_eq!(world.state(ticket), RoutingState::Offered);
}

#[test]
fn a_scheduled_ticket_can_be_answered_by_a_supervisor_and_resolved() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.run(schedule(ticket, world.now.plus(HOUR))).unwrap();
    world.answer(ticket, answer_id(1), None);
    world.run(Command::Resolve { ticket }).unwrap();
    assert_eq!(world.state(ticket), RoutingState::Done);
    world.pass(HOUR * 2);
    assert_eq!(world.state(ticket), RoutingState::Done);
}
