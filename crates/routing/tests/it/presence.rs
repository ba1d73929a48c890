//! Agents come, go away, and are lost.

use tandem_domain::routing::{Command, Rejection, RevokeReason, RoutingEvent};
use tandem_domain::{Core, Presence, RoutingState};

use crate::support::{agent, desk, key, mail};
use crate::world::World;

/// A desk on which `ana` owns the first ticket, is offered the second, and `bo` comes later.
fn ana_with_work() -> World {
    let mut world = World::new(desk([agent("ana"), agent("bo")]));
    world.set_presence("ana", Presence::Online);
    let owned = world.open(mail(1));
    world.take(owned);
    world.open(mail(2));
    world.set_presence("bo", Presence::Online);
    world
}

#[test]
fn who_goes_away_keeps_the_work_and_loses_the_offers() {
    let mut world = ana_with_work();
    let [owned, offered] = world.agent("ana").tickets[..] else {
        panic!("two tickets")
    };
    world.set_presence("ana", Presence::Away);
    assert_eq!(world.owner(owned).as_deref(), Some("ana"));
    assert_eq!(world.offered_to(offered).as_deref(), Some("bo"));
    assert!(world.history.iter().any(|event| {
        matches!(
            event.body,
            RoutingEvent::OfferRevoked {
                reason: RevokeReason::AgentLeft,
                ..
            }
        )
    }));
    let third = world.open(mail(3));
    assert_eq!(world.offered_to(third).as_deref(), Some("bo"));
}

#[test]
fn a_lost_session_is_as_going_offline_and_happens_once() {
    let mut world = ana_with_work();
    let [owned, offered] = world.agent("ana").tickets[..] else {
        panic!("two tickets")
    };
    world.lose_session("ana");
    assert_eq!(world.agent("ana").presence, Presence::Offline);
    assert_eq!(world.state(owned), RoutingState::Assigned);
    assert_eq!(world.offered_to(offered).as_deref(), Some("bo"));
    let seen = world.history.len();
    world.lose_session("ana");
    world.lose_session("nobody");
    assert!(world.since(seen).is_empty());
}

#[test]
fn an_offer_that_was_taken_back_because_the_agent_left_may_come_back_at_once() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.set_presence("ana", Presence::Away);
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn saying_the_same_again_is_no_event() {
    let mut world = World::staffed(desk([agent("ana")]));
    let seen = world.history.len();
    world.set_presence("ana", Presence::Online);
    assert!(world.since(seen).is_empty());
}

#[test]
fn saying_online_again_forgives_missed_offers() {
    let mut world = World::staffed(desk([agent("ana")]));
    world.open(mail(1));
    world.pass(crate::support::seconds(300));
    assert_eq!(world.agent("ana").missed, 1);
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.agent("ana").missed, 0);
}

#[test]
fn not_responding_cannot_be_asked_for() {
    let mut world = World::new(desk([agent("ana")]));
    let command = Command::SetPresence {
        agent: key("ana"),
        presence: Presence::NotResponding,
    };
    assert_eq!(
        world.run(command),
        Err(Rejection::PresenceNotSettable(Presence::NotResponding))
    );
}

#[test]
fn sessions_are_those_of_everybody_who_is_not_offline() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo"), agent("cy")]));
    world.set_presence("bo", Presence::Away);
    world.set_presence("cy", Presence::Offline);
    assert_eq!(world.core.sessions(), [key("ana"), key("bo")]);
}

#[test]
fn a_work_list_grows_in_version_with_each_change_and_only_then() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let list = |world: &World, agent| world.work_list(agent).unwrap();
    let (ana, bo) = (list(&world, "ana").version, list(&world, "bo").version);
    let ticket = world.open(mail(1));
    let offered = list(&world, "ana");
    assert!(offered.version > ana);
    assert_eq!(offered.items.iter().map(|item| item.id).collect::<Vec<_>>(), [ticket]);
    assert_eq!(list(&world, "bo").version, bo);
    let mut follow_up = mail(2);
    follow_up.conversation = mail(1).conversation;
    world.intake(follow_up);
    let messaged = list(&world, "ana");
    assert!(messaged.version > offered.version, "the ticket in the list has changed");
    world.resolve(ticket);
    assert!(list(&world, "ana").version > messaged.version);
    assert!(list(&world, "ana").items.is_empty());
    assert!(world.work_list("nobody").is_none());
}

#[test]
fn a_work_list_has_the_oldest_first_whatever_happens_to_it() {
    let mut world = World::staffed(desk([agent("ana")]));
    let (first, second) = (world.open(mail(1)), world.open(mail(2)));
    world.take(second);
    world.take(first);
    world.hold(first);
    world.run(Command::Resume { ticket: first }).unwrap();
    let items: Vec<_> = world
        .work_list("ana")
        .unwrap()
        .items
        .iter()
        .map(|item| item.id)
        .collect();
    assert_eq!(items, [first, second]);
}
