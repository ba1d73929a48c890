//! What an escalation asks for holds only as long as what it saw.

use tandem_domain::routing::{Command, Rejection, TransferTarget};
use tandem_domain::{Actor, ErrorCode, Priority, RoutingState, TicketId, core::Rejected};

use crate::support::{agent, desk, key, mail, seconds};
use crate::world::World;

fn one_agent() -> (World, TicketId) {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    (world, ticket)
}

fn raise(ticket: TicketId, priority: Priority, seen: u64) -> Command {
    Command::SetPriority {
        ticket,
        priority,
        seen: Some(seen),
    }
}

fn move_to(ticket: TicketId, queue: &str, seen: u64) -> Command {
    Command::Transfer {
        ticket,
        to: TransferTarget::Queue(key(queue)),
        seen: Some(seen),
    }
}

/// Asserts that nothing came of it, and why.
#[track_caller]
fn assert_stale(world: &mut World, command: Command, why: &str) {
    let refused = world.run(command).unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, Rejection::Stale { .. }), "{text}");
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    assert_eq!(refused.field(), Some("seen_version"));
    assert!(text.contains(why), "{text}");
}

#[test]
fn an_escalation_only_raises() {
    let (mut world, ticket) = one_agent();
    world.run(raise(ticket, Priority::High, 1)).unwrap();
    let seen = world.history.len();
    world.run(raise(ticket, Priority::Low, 9)).unwrap();
    world.run(raise(ticket, Priority::High, 9)).unwrap();
    assert!(world.since(seen).is_empty(), "it is as urgent as that already");
    assert_eq!(world.ticket(ticket).priority, Priority::High);
}

#[test]
fn a_priority_that_somebody_set_since_is_left_alone() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    world
        .run(Command::SetPriority {
            ticket,
            priority: Priority::Low,
            seen: None,
        })
        .unwrap();
    assert_stale(&mut world, raise(ticket, Priority::Urgent, saw), "priority changed");
    assert_eq!(world.ticket(ticket).priority, Priority::Low);
    let sees = world.ticket(ticket).version;
    world.run(raise(ticket, Priority::Urgent, sees)).unwrap();
    assert_eq!(world.ticket(ticket).priority, Priority::Urgent);
}

#[test]
fn a_ticket_that_was_accepted_since_is_not_moved() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    world.take(ticket);
    assert_stale(&mut world, move_to(ticket, "billing", saw), "accepted or moved");
    assert_eq!(world.owner(ticket).as_deref(), Some("ana"));
    let sees = world.ticket(ticket).version;
    world.run(move_to(ticket, "billing", sees)).unwrap();
    assert_eq!(world.state(ticket), RoutingState::Queued);
}

#[test]
fn a_ticket_that_was_moved_since_is_not_moved_again() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    world.transfer_to_queue(ticket, "billing").unwrap();
    assert_stale(&mut world, move_to(ticket, "support", saw), "accepted or moved");
}

#[test]
fn what_escalation_did_itself_outgrows_nothing_that_it_asks_for_next() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    let escalation = || Actor::service("escalation");
    for command in [
        raise(ticket, Priority::High, saw),
        move_to(ticket, "billing", saw),
        raise(ticket, Priority::Urgent, saw),
        move_to(ticket, "support", saw),
    ] {
        world.run_as(escalation(), command).unwrap();
    }
    let view = world.ticket(ticket);
    assert_eq!(
        (view.priority, view.requirement.queue.as_str()),
        (Priority::Urgent, "support")
    );
    world.transfer_to_queue(ticket, "billing").unwrap();
    let refused = world.run_as(escalation(), move_to(ticket, "support", saw));
    assert!(matches!(refused, Err(Rejection::Stale { .. })), "{refused:?}");
}

#[test]
fn offers_that_come_and_go_by_themselves_are_no_move() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    world.pass(seconds(400));
    assert!(world.ticket(ticket).version > saw);
    world.run(move_to(ticket, "billing", saw)).unwrap();
    assert_eq!(world.ticket(ticket).requirement.queue.as_str(), "billing");
}

#[test]
fn a_ticket_that_is_where_it_should_go_stays() {
    let (mut world, ticket) = one_agent();
    let seen = world.history.len();
    world.run(move_to(ticket, "support", 2)).unwrap();
    assert!(world.since(seen).is_empty());
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn nothing_is_asked_of_a_ticket_that_ended() {
    let (mut world, ticket) = one_agent();
    world.resolve(ticket);
    assert_stale(&mut world, raise(ticket, Priority::Urgent, 99), "ended");
    assert_stale(&mut world, move_to(ticket, "billing", 99), "ended");
    world.pass(seconds(73 * 3600));
    assert_stale(&mut world, raise(ticket, Priority::Urgent, 99), "ended");
    let never = raise(TicketId(7), Priority::Urgent, 99);
    assert!(matches!(world.run(never), Err(Rejection::Unknown { .. })));
}

#[test]
fn what_was_seen_is_judged_alike_after_a_restart() {
    let (mut world, ticket) = one_agent();
    let saw = world.ticket(ticket).version;
    world.take(ticket);
    world.restart();
    assert_stale(&mut world, move_to(ticket, "billing", saw), "accepted or moved");
    world.run(raise(ticket, Priority::High, saw)).unwrap();
}
