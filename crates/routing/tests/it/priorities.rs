//! Tickets become more or less urgent.

use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{Presence, Priority, TicketId};

use crate::support::{IntakeBuilder, accountant, agent, as_agent, desk, mail};
use crate::world::World;

fn set(ticket: TicketId, priority: Priority) -> Command {
    Command::SetPriority {
        ticket,
        priority,
        seen: None,
    }
}

#[test]
fn a_more_urgent_ticket_is_served_before_those_that_came_earlier() {
    let mut world = World::new(desk([agent("ana").clone()]));
    let [first, second, third] = [1, 2, 3].map(|number| world.open(mail(number)));
    world.run(set(third, Priority::Urgent)).unwrap();
    world.run(set(first, Priority::Low)).unwrap();
    let places = [1, 2, 3].map(|number| world.standing(number).unwrap().position);
    assert_eq!(places, [Some(3), Some(2), Some(1)]);
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(third).as_deref(), Some("ana"));
    assert_eq!(world.offered_to(second).as_deref(), Some("ana"));
    assert_eq!(world.offered_to(first), None);
}

#[test]
fn in_a_queue_of_strict_priority_urgency_goes_before_age() {
    let mut world = World::new(desk([accountant()]));
    world.open(mail(1).to("billing").with(Priority::High));
    let late = world.open(mail(2).to("billing"));
    assert_eq!(world.standing(2).unwrap().position, Some(2));
    world.run(set(late, Priority::Urgent)).unwrap();
    assert_eq!(world.standing(2).unwrap().position, Some(1));
}

#[test]
fn the_priority_that_a_ticket_has_already_is_no_change() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    let seen = world.history.len();
    world.run(set(ticket, Priority::Normal)).unwrap();
    assert!(world.since(seen).is_empty());
    world.run(set(ticket, Priority::Low)).unwrap();
    assert!(matches!(
        world.since(seen)[..],
        [RoutingEvent::PriorityChanged {
            priority: Priority::Low,
            ..
        }]
    ));
    assert_eq!(world.ticket(ticket).priority, Priority::Low);
}

#[test]
fn an_agent_says_so_of_the_own_tickets_only() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.run_as(as_agent("ana"), set(ticket, Priority::High)).unwrap();
    let refused = world.run_as(as_agent("bo"), set(ticket, Priority::Low));
    assert!(matches!(refused, Err(Rejection::NotOwner { .. })));
}
