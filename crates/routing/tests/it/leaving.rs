//! Customers who do not wait any longer.

use tandem_domain::routing::{Command, Reply, RevokeReason, RoutingEvent};
use tandem_domain::{Channel, Presence, RoutingState, TicketStatus};

use crate::support::{IntakeBuilder, agent, conversation_id, desk, mail};
use crate::world::World;

fn one_agent() -> World {
    World::staffed(desk([agent("ana")]))
}

#[test]
fn who_leaves_before_being_served_abandons() {
    let mut world = one_agent();
    world.set_presence("ana", Presence::Away);
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.leave(1);
    let abandoned = world.ticket(ticket);
    assert_eq!(
        (abandoned.state, abandoned.status, abandoned.owner),
        (RoutingState::Abandoned, TicketStatus::Closed, None)
    );
}

#[test]
fn an_offer_to_nobody_is_taken_back_in_the_same_turn_and_the_next_chat_gets_the_agent() {
    let mut world = one_agent();
    let first = world.open(mail(1).by(Channel::Chat));
    let second = world.open(mail(2).by(Channel::Chat));
    let seen = world.history.len();
    world.leave(1);
    assert!(matches!(
        world.since(seen)[..],
        [
            RoutingEvent::OfferRevoked {
                reason: RevokeReason::TicketMoved,
                ..
            },
            RoutingEvent::TicketAbandoned { .. },
            RoutingEvent::OfferIssued { .. },
        ]
    ));
    assert_eq!(world.state(first), RoutingState::Abandoned);
    assert_eq!(world.offered_to(second).as_deref(), Some("ana"));
}

#[test]
fn who_leaves_while_being_served_is_served() {
    let mut world = one_agent();
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.take(ticket);
    world.leave(1);
    assert_eq!(world.state(ticket), RoutingState::WrappingUp);
    let seen = world.history.len();
    world.leave(1);
    assert!(world.since(seen).is_empty(), "leaving twice changes nothing");
}

#[test]
fn of_whom_nothing_is_known_there_is_nothing_to_end() {
    let mut world = one_agent();
    let conversation = conversation_id(9);
    assert_eq!(world.run(Command::CustomerLeft { conversation }), Ok(Reply::Unrouted));
}

#[test]
fn who_comes_back_after_leaving_opens_a_new_ticket() {
    let mut world = one_agent();
    let first = world.open(mail(1).by(Channel::Chat));
    world.leave(1);
    let again = world.open(mail(2).by(Channel::Chat).in_conversation(1));
    assert_ne!(first, again);
    assert_eq!(world.standing(1).unwrap().ticket, again);
}

#[test]
fn an_abandoned_ticket_is_not_explained_any_more() {
    let mut world = one_agent();
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.leave(1);
    assert!(world.explain(ticket).is_none());
}
