//! Tickets that supervisors give to agents, and owners who stay away.

use std::time::Duration;

use tandem_domain::routing::{Command, OwnerChange, Rejection, RequeueReason, RoutingEvent};
use tandem_domain::{Channel, CompiledDesk, Presence, RoutingState, TicketId};

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, mail, seconds};
use crate::world::World;

fn pull(ticket: TicketId, to: &str) -> Command {
    Command::Pull { ticket, to: key(to) }
}

#[test]
fn a_supervisor_gives_a_waiting_ticket_to_somebody_who_does_not_even_fit() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back")]));
    let ticket = world.open(mail(1).needs("vip", 3));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.run(pull(ticket, "bo")).unwrap();
    let view = world.ticket(ticket);
    assert_eq!((view.state, view.owner), (RoutingState::Assigned, Some(key("bo"))));
    let pulled = RoutingEvent::OwnerChanged {
        ticket,
        from: None,
        to: key("bo"),
        why: OwnerChange::Pulled,
    };
    assert_eq!(world.last_turn().last().map(|event| &event.body), Some(&pulled));
}

#[test]
fn an_offered_ticket_is_taken_from_whom_it_was_offered_to() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let offered = world.offered_to(ticket).unwrap();
    let other = if offered == "ana" { "bo" } else { "ana" };
    world.run(pull(ticket, other)).unwrap();
    assert_eq!(world.ticket(ticket).owner, Some(key(other)));
    assert!(world.agent(&offered).tickets.is_empty());
}

#[test]
fn a_ticket_is_pulled_from_its_owner() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    let owner = world.ticket(ticket).owner.unwrap();
    let other = if owner == key("ana") { "bo" } else { "ana" };
    world.run(pull(ticket, other)).unwrap();
    assert_eq!(world.ticket(ticket).owner, Some(key(other)));
    assert!(world.agent(owner.as_str()).tickets.is_empty());
    let again = world.run(pull(ticket, other));
    assert!(matches!(again, Err(Rejection::AgentUnavailable { why, .. }) if why.contains("already")));
}

#[test]
fn nobody_is_given_a_ticket_who_is_offline_or_has_no_room() {
    let mut world = World::staffed(desk([agent("ana").capacity(4), agent("bo").capacity(1)]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    let full = world.run(pull(ticket, "bo"));
    assert!(matches!(full, Err(Rejection::AgentUnavailable { why, .. }) if why.contains("no room")));
    world.set_presence("ana", Presence::Offline);
    let offline = world.run(pull(ticket, "ana"));
    assert!(matches!(offline, Err(Rejection::AgentUnavailable { why, .. }) if why.contains("offline")));
    let agents = world.run_as(as_agent("bo"), pull(ticket, "bo"));
    assert!(matches!(agents, Err(Rejection::NotSupervisor { .. })), "{agents:?}");
}

const ABSENCE: Duration = Duration::from_mins(15);

fn minding_absence() -> CompiledDesk {
    let mut desk = desk([agent("ana"), agent("bo")]);
    desk.queues[0].absence = Some(ABSENCE);
    desk
}

/// A ticket of somebody who has just gone offline, and who that is.
fn left_behind(world: &mut World) -> (TicketId, String) {
    let ticket = world.open(mail(1));
    world.take(ticket);
    let owner = world.ticket(ticket).owner.unwrap().to_string();
    world.set_presence(&owner, Presence::Offline);
    (ticket, owner)
}

#[test]
fn a_ticket_whose_owner_stays_away_goes_to_somebody_else() {
    let mut world = World::staffed(minding_absence());
    let (ticket, owner) = left_behind(&mut world);
    world.pass(ABSENCE.checked_sub(seconds(1)).unwrap());
    assert_eq!(world.ticket(ticket).owner, Some(key(&owner)));
    world.pass(seconds(1));
    let reason = world.history.iter().find_map(|event| match &event.body {
        RoutingEvent::TicketRequeued { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, Some(RequeueReason::OwnerAbsent));
    let other = world.offered_to(ticket).unwrap();
    assert_ne!(other, owner);
}

#[test]
fn an_owner_who_comes_back_in_time_keeps_the_ticket() {
    let mut world = World::staffed(minding_absence());
    let (ticket, owner) = left_behind(&mut world);
    world.pass(ABSENCE / 2);
    world.set_presence(&owner, Presence::Online);
    world.pass(ABSENCE * 2);
    assert_eq!(world.ticket(ticket).owner, Some(key(&owner)));
}

#[test]
fn an_absence_is_counted_from_its_own_beginning() {
    let mut world = World::staffed(minding_absence());
    let (ticket, owner) = left_behind(&mut world);
    world.pass(ABSENCE / 2);
    world.set_presence(&owner, Presence::Away);
    world.set_presence(&owner, Presence::Offline);
    world.pass(ABSENCE.checked_sub(seconds(1)).unwrap());
    assert_eq!(world.ticket(ticket).owner, Some(key(&owner)));
    world.pass(seconds(1));
    assert_ne!(world.ticket(ticket).owner, Some(key(&owner)));
}

#[test]
fn a_desk_that_does_not_mind_lets_tickets_wait_for_their_owners() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let (ticket, owner) = left_behind(&mut world);
    world.pass(Duration::from_hours(24 * 30));
    assert_eq!(world.ticket(ticket).owner, Some(key(&owner)));
}

#[test]
fn a_new_desk_file_changes_for_how_long_owners_may_stay_away() {
    let mut world = World::staffed(minding_absence());
    let (ticket, owner) = left_behind(&mut world);
    let mut patient = minding_absence();
    patient.queues[0].absence = Some(ABSENCE * 4);
    world.activate(patient).unwrap();
    world.pass(ABSENCE * 2);
    assert_eq!(world.ticket(ticket).owner, Some(key(&owner)));
    world.pass(ABSENCE * 2);
    assert_ne!(world.ticket(ticket).owner, Some(key(&owner)));
}
