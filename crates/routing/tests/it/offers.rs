//! Offers: time to live, answers, expiry, and who is asked next.

use tandem_domain::routing::{Command, DeclineReason, Rejection, RoutingEvent};
use tandem_domain::{Channel, Core, OfferId, Presence, RoutingState};

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, mail, seconds};
use crate::world::World;

fn over(offer: OfferId, why: &str) -> Rejection {
    Rejection::OfferOver {
        offer,
        why: why.to_owned(),
    }
}

#[test]
fn an_offer_stands_as_long_as_its_channel_says() {
    let mut world = World::staffed(desk([agent("ana").capacity(3)]));
    let (email, chat) = (world.open(mail(1)), world.open(mail(2).by(Channel::Chat)));
    let expires_at = |world: &World, ticket| world.ticket(ticket).offer.unwrap().expires_at;
    assert_eq!(expires_at(&world, email), world.now.plus(seconds(300)));
    assert_eq!(expires_at(&world, chat), world.now.plus(seconds(30)));
}

#[test]
fn an_accepted_offer_makes_an_owner() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    assert_eq!(world.state(ticket), RoutingState::Assigned);
    assert_eq!(world.owner(ticket).as_deref(), Some("ana"));
    world.pass(seconds(3600));
    assert_eq!(world.state(ticket), RoutingState::Assigned);
}

#[test]
fn a_declined_ticket_goes_to_the_next_at_once_and_comes_back_after_the_pause() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.refuse(ticket);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
    world.refuse(ticket);
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.pass(seconds(59));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.pass(seconds(1));
    assert_eq!(
        world.offered_to(ticket).as_deref(),
        Some("ana"),
        "nobody is passed over for ever"
    );
}

#[test]
fn a_missed_ticket_goes_to_the_next_at_once() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.pass(seconds(300));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
    assert_eq!(world.agent("ana").missed, 1);
}

#[test]
fn an_answer_at_the_moment_of_expiry_is_late_even_before_the_tick() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    let offer = world.offer_of(ticket);
    world.skip(seconds(300));
    assert_eq!(world.accept("ana", offer), Err(over(offer, "expired")));
    assert_eq!(world.decline("ana", offer), Err(over(offer, "expired")));
    assert_eq!(world.state(ticket), RoutingState::Offered, "a refusal changes nothing");
    let seen = world.history.len();
    world.pass(seconds(0));
    assert!(matches!(world.since(seen)[0], RoutingEvent::OfferExpired { .. }));
    assert_eq!(world.accept("ana", offer), Err(over(offer, "expired")));
}

#[test]
fn an_answer_just_before_expiry_is_in_time() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.skip(seconds(299));
    world.take(ticket);
    assert_eq!(world.state(ticket), RoutingState::Assigned);
}

#[test]
fn a_late_answer_is_told_what_became_of_the_offer() {
    let mut world = World::staffed(desk([agent("ana").capacity(9)]));
    let tickets = [1, 2, 3].map(|number| world.open(mail(number)));
    let offers = tickets.map(|ticket| world.offer_of(ticket));
    world.accept("ana", offers[0]).unwrap();
    world.decline("ana", offers[1]).unwrap();
    world.run(Command::Cancel { ticket: tickets[2] }).unwrap();
    assert_eq!(world.accept("ana", offers[0]), Err(over(offers[0], "accepted")));
    assert_eq!(world.accept("ana", offers[1]), Err(over(offers[1], "declined")));
    assert_eq!(world.accept("ana", offers[2]), Err(over(offers[2], "revoked")));
    assert_eq!(
        world.accept("ana", OfferId(99)),
        Err(over(OfferId(99), "it was never issued"))
    );
    assert_eq!(
        world.accept("ana", OfferId(0)),
        Err(over(OfferId(0), "it was never issued"))
    );
}

#[test]
fn only_so_many_ended_offers_are_remembered() {
    let mut short = desk([agent("ana").capacity(1)]);
    short.queues[0].decline_pause = seconds(0);
    let mut world = World::staffed(short);
    let ticket = world.open(mail(1));
    let first = world.offer_of(ticket);
    for _ in 0..1001 {
        world.refuse(ticket);
    }
    assert_eq!(world.accept("ana", first), Err(over(first, "it ended long ago")));
}

#[test]
fn an_offer_is_answered_by_whom_it_was_made_to() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let offer = world.offer_of(ticket);
    let foreign = Rejection::ForeignOffer {
        offer,
        agent: key("bo"),
    };
    assert_eq!(world.accept("bo", offer), Err(foreign.clone()));
    let in_anothers_name = Command::Accept {
        agent: key("ana"),
        offer,
    };
    assert_eq!(world.run_as(as_agent("bo"), in_anothers_name), Err(foreign.clone()));
    world.take(ticket);
    assert_eq!(world.accept("bo", offer), Err(foreign));
}

#[test]
fn an_answer_of_an_unknown_agent_names_the_nearest() {
    let mut world = World::staffed(desk([agent("anabel"), agent("bo")]));
    world.open(mail(1));
    let refused = world.accept("anabell", OfferId(1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no agent `anabell` on this desk; did you mean `anabel`?"
    );
}

#[test]
fn three_misses_in_a_row_make_an_agent_not_responding() {
    let mut world = World::staffed(desk([agent("ana").capacity(9)]));
    let tickets = [1, 2, 3, 4].map(|number| world.open(mail(number)));
    world.skip(seconds(1));
    world.open(mail(5));
    world.pass(seconds(299));
    let ana = world.agent("ana");
    assert_eq!((ana.presence, ana.tickets.len()), (Presence::NotResponding, 0));
    assert!(
        tickets
            .iter()
            .all(|ticket| world.state(*ticket) == RoutingState::Queued)
    );
    let revoked = world
        .history
        .iter()
        .filter(|event| matches!(event.body, RoutingEvent::OfferRevoked { .. }))
        .count();
    assert_eq!(
        revoked, 2,
        "the fourth and fifth offer went back before they were missed"
    );
    world.set_presence("ana", Presence::Online);
    assert_eq!(
        (world.agent("ana").presence, world.agent("ana").missed),
        (Presence::Online, 0)
    );
}

#[test]
fn an_answer_in_between_starts_the_count_anew() {
    let mut world = World::staffed(desk([agent("ana").capacity(1)]));
    for number in [1, 2] {
        world.open(mail(number));
    }
    world.pass(seconds(600));
    assert_eq!(world.agent("ana").missed, 2);
    let ticket = world.agent("ana").tickets[0];
    let seen = world.history.len();
    world
        .run(Command::Decline {
            agent: key("ana"),
            offer: world.offer_of(ticket),
            reason: DeclineReason::WrongSkill,
        })
        .unwrap();
    assert!(matches!(
        world.since(seen)[0],
        RoutingEvent::OfferDeclined {
            reason: DeclineReason::WrongSkill,
            ..
        }
    ));
    assert_eq!(world.agent("ana").missed, 0);
}

#[test]
fn without_a_limit_nobody_stops_responding() {
    let mut patient = desk([agent("ana").capacity(1)]);
    patient.queues[0].max_missed = 0;
    let mut world = World::staffed(patient);
    world.open(mail(1));
    world.pass(seconds(3600 * 5));
    assert_eq!(world.agent("ana").presence, Presence::Online);
    assert!(world.agent("ana").missed > 10);
}

#[test]
fn a_pause_ends_unnoticed_when_its_ticket_is_gone() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.pass(seconds(300));
    world.transfer_to_agent(ticket, "ana").unwrap();
    world.run(Command::Cancel { ticket }).unwrap();
    world.pass(seconds(3600));
    assert_eq!(world.core.next_wakeup(), None);
}
