//! Finish, then leave.

use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::{Channel, Presence, RoutingState};

use crate::support::*;
use crate::world::World;

fn one_agent() -> World {
    World::staffed(desk([agent("ana").capacity(6)]))
}

fn presence(world: &World) -> Presence {
    world.agent("ana").presence
}

#[test]
fn who_drains_keeps_the_work_at_hand_and_gets_nothing_new() {
    let mut world = one_agent();
    let (mine, offered) = (world.open(mail(1)), world.open(mail(2)));
    world.take(mine);
    world.set_presence("ana", Presence::Draining);
    assert_eq!(
        (presence(&world), world.owner(mine).as_deref()),
        (Presence::Draining, Some("ana"))
    );
    assert_eq!(
        world.state(offered),
        RoutingState::Queued,
        "what was only offered goes to others"
    );
    let later = world.open(mail(3));
    assert_eq!(world.state(later), RoutingState::Queued);
}

#[test]
fn who_drains_is_offline_once_nothing_is_at_hand_wrap_up_included() {
    let mut world = one_agent();
    let chat = world.open(mail(1).by(Channel::Chat));
    world.take(chat);
    world.set_presence("ana", Presence::Draining);
    world.resolve(chat);
    assert_eq!(presence(&world), Presence::Draining, "there is paperwork");
    world.pass(seconds(60));
    assert_eq!(presence(&world), Presence::Offline);
    let last = &world.last_turn().last().unwrap().body;
    assert!(matches!(
        last,
        RoutingEvent::PresenceChanged {
            presence: Presence::Offline,
            ..
        }
    ));
}

#[test]
fn who_has_nothing_at_hand_leaves_at_once() {
    let mut world = one_agent();
    world.set_presence("ana", Presence::Draining);
    let told: Vec<_> = world.last_turn().iter().map(|event| &event.body).collect();
    assert!(matches!(
        told[..],
        [
            RoutingEvent::PresenceChanged {
                presence: Presence::Draining,
                ..
            },
            RoutingEvent::PresenceChanged {
                presence: Presence::Offline,
                ..
            }
        ]
    ));
}

#[test]
fn what_waits_for_its_customer_keeps_nobody() {
    let mut world = one_agent();
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.hold(ticket);
    world.set_presence("ana", Presence::Draining);
    assert_eq!(
        (presence(&world), world.owner(ticket).as_deref()),
        (Presence::Offline, Some("ana"))
    );
}

#[test]
fn a_customer_who_answers_while_the_owner_drains_is_served_by_the_owner() {
    let mut world = one_agent();
    let (held, other) = (world.open(mail(1)), world.open(mail(2)));
    world.take(held);
    world.take(other);
    world.hold(held);
    world.set_presence("ana", Presence::Draining);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(held), RoutingState::Assigned);
    world.resolve(other);
    assert_eq!(presence(&world), Presence::Draining);
    world.resolve(held);
    assert_eq!(presence(&world), Presence::Offline);
}

#[test]
fn who_drains_may_change_his_or_her_mind() {
    let mut world = one_agent();
    let (mine, waiting) = (world.open(mail(1)), world.open(mail(2)));
    world.take(mine);
    world.set_presence("ana", Presence::Draining);
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(waiting).as_deref(), Some("ana"));
    world.resolve(mine);
    assert_eq!(presence(&world), Presence::Online);
}

#[test]
fn nothing_is_handed_to_who_drains() {
    let mut world = one_agent();
    let (mine, waiting) = (world.open(mail(1)), world.open(mail(2)));
    world.take(mine);
    world.set_presence("ana", Presence::Draining);
    let refused = world.transfer_to_agent(waiting, "ana").unwrap_err();
    assert!(matches!(refused, Rejection::AgentUnavailable { .. }), "{refused}");
    assert!(refused.to_string().ends_with("is draining"), "{refused}");
}

#[test]
fn a_ticket_that_is_taken_away_lets_its_owner_go() {
    let mut world = one_agent();
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.set_presence("ana", Presence::Draining);
    world.restart();
    world.run(Command::Requeue { ticket }).unwrap();
    assert_eq!(presence(&world), Presence::Offline);
}

#[test]
fn a_lost_session_ends_draining() {
    let mut world = one_agent();
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.set_presence("ana", Presence::Draining);
    world.lose_session("ana");
    assert_eq!(
        (presence(&world), world.owner(ticket).as_deref()),
        (Presence::Offline, Some("ana"))
    );
}
