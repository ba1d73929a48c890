//! Where a conversation's ticket stands, as its customer may know it.

use tandem_domain::routing::{Command, Unservable};
use tandem_domain::{Channel, Presence, Proficiency, RoutingState};

use crate::support::{
    AgentBuilder, IntakeBuilder, accountant, agent, answer_id, conversation_id, desk, key, mail, seconds,
};
use crate::world::World;

fn chat(number: u128) -> tandem_domain::routing::Intake {
    mail(number).by(Channel::Chat)
}

#[test]
fn who_waits_knows_the_place_in_the_queue_whatever_the_others_ask_for() {
    let mut world = World::new(desk([agent("ana").speaks("de", Proficiency::C1), accountant()]));
    world.open(chat(1));
    world.open(chat(2).in_language("de"));
    world.open(mail(3));
    world.open(chat(4));
    world.open(chat(5).to("billing"));
    let places = [1, 2, 3, 4, 5].map(|number| world.standing(number).unwrap().position);
    assert_eq!(places, [Some(1), Some(2), Some(3), Some(4), Some(1)]);
}

#[test]
fn an_offer_is_not_yet_an_agent() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(chat(1));
    let offered = world.standing(1).unwrap();
    assert_eq!(
        (offered.state, offered.position, offered.agent),
        (RoutingState::Offered, Some(1), None)
    );
    world.take(ticket);
    let served = world.standing(1).unwrap();
    assert_eq!((served.position, served.agent), (None, Some(key("ana"))));
    assert_eq!(served.language, Some(key("en")));
    assert!(!served.ended);
}

#[test]
fn public_answers_are_counted_and_failed_ones_are_not() {
    use tandem_domain::routing::{DeliveryOutcome, UndeliveredReason};
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(chat(1));
    world.answer(ticket, answer_id(1), None);
    world.answer(ticket, answer_id(2), None);
    assert_eq!(world.standing(1).unwrap().answers, 2);
    let failed = DeliveryOutcome::Failed(UndeliveredReason::VisitorLeft);
    world.report(ticket, answer_id(1), failed);
    assert_eq!(world.standing(1).unwrap().answers, 1);
}

#[test]
fn it_is_over_for_the_customer_when_wrap_up_begins_and_stays_known_for_a_while() {
    let mut world = World::staffed(desk([agent("ana").capacity(4)]));
    let ticket = world.open(chat(1));
    world.take(ticket);
    world.answer(ticket, answer_id(1), None);
    world.resolve(ticket);
    let over = world.standing(1).unwrap();
    assert_eq!(
        (over.state, over.ended, over.agent),
        (RoutingState::WrappingUp, true, None)
    );
    let cancelled = world.open(chat(2));
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    let gone = world.standing(2).unwrap();
    assert_eq!((gone.state, gone.ended), (RoutingState::Cancelled, true));
    world.pass(seconds(3600));
    world.set_presence("ana", Presence::Away);
    assert_eq!(world.standing(2), None, "forgotten, as if it had never been");
}

#[test]
fn of_a_conversation_without_a_ticket_there_is_nothing_to_say() {
    assert_eq!(World::new(desk([])).standing(1), None);
}

#[test]
fn the_wait_is_estimated_from_the_last_accepts() {
    let mut world = World::staffed(desk([agent("ana").capacity(9)]));
    for number in 1..=3 {
        let ticket = world.open(mail(number));
        world.pass(seconds(20));
        world.take(ticket);
    }
    world.set_presence("ana", Presence::Away);
    world.open(chat(4));
    world.open(chat(5));
    let waits = |world: &World| [4, 5].map(|number| world.standing(number).unwrap().estimated_wait);
    assert_eq!(waits(&world), [Some(seconds(20)), Some(seconds(40))]);
    world.restart();
    assert_eq!(waits(&world), [Some(seconds(20)), Some(seconds(40))]);
    world.pass(seconds(3600));
    assert_eq!(
        waits(&world),
        [None, None],
        "what was an hour ago says nothing about now"
    );
}

#[test]
fn one_accept_says_nothing_about_the_pace() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.set_presence("ana", Presence::Away);
    world.open(chat(2));
    assert_eq!(world.standing(2).unwrap().estimated_wait, None);
}

#[test]
fn listeners_of_chats_hear_of_every_move_and_of_mails_nothing() {
    let mut world = World::staffed(desk([agent("ana").capacity(9)]));
    let heard = |world: &World, seen: usize| world.core.changed_chats(&world.history[seen..]);
    let seen = world.history.len();
    world.open(mail(1));
    let ticket = world.open(chat(2));
    assert_eq!(heard(&world, seen), [conversation_id(2)]);
    let seen = world.history.len();
    world.take(ticket);
    assert_eq!(heard(&world, seen), [conversation_id(2)]);
    let seen = world.history.len();
    world.run(Command::Cancel { ticket }).unwrap();
    assert_eq!(heard(&world, seen), [conversation_id(2)], "closed just now");
    let seen = world.history.len();
    world.set_presence("ana", Presence::Away);
    assert_eq!(heard(&world, seen), []);
}

/// Ten agents of whom two speak German; ten English mails were accepted, one every ten seconds.
fn ten_of_whom_two_speak_german() -> World {
    let agent = |number: usize| {
        let agent = agent(&format!("agent-{number}")).capacity(1);
        if number < 2 {
            agent.speaks("de", Proficiency::C1)
        } else {
            agent
        }
    };
    let mut world = World::staffed(desk((0..10).map(agent)));
    for number in 1..=10 {
        let ticket = world.open(mail(number));
        world.pass(seconds(10));
        world.take(ticket);
    }
    world
}

#[test]
fn who_can_be_served_by_few_waits_for_these() {
    let mut world = ten_of_whom_two_speak_german();
    let wait = |world: &World, number: u128| world.standing(number).unwrap().estimated_wait;
    world.open(mail(11));
    assert_eq!(
        wait(&world, 11),
        Some(seconds(10)),
        "every ten seconds one of ten is served"
    );
    world.open(mail(12).in_language("de"));
    // All ten could take the first, so a fifth of it is for the two; they serve one in fifty seconds.
    assert_eq!(wait(&world, 12), Some(seconds(60)));
    world.open(mail(13).in_language("de"));
    assert_eq!(wait(&world, 13), Some(seconds(110)));
    world.open(mail(14));
    // Whoever takes a German one could have taken this one too.
    assert_eq!(wait(&world, 14), Some(seconds(40)));
}

#[test]
fn who_is_there_counts() {
    let mut world = ten_of_whom_two_speak_german();
    world.open(mail(11).in_language("de"));
    world.set_presence("agent-0", Presence::Away);
    let wait = |world: &World| world.standing(11).unwrap().estimated_wait;
    assert_eq!(wait(&world), Some(seconds(90)), "one of nine");
    world.set_presence("agent-1", Presence::Away);
    assert_eq!(wait(&world), Some(seconds(50)), "nobody is there: as if all were");
    world.open(mail(12).in_language("fr"));
    assert_eq!(world.standing(12).unwrap().estimated_wait, None, "nobody speaks it");
}

#[test]
fn who_can_never_be_served_is_told_so_and_why_instead_of_a_place() {
    let mut world = World::staffed(desk([agent("ana")]));
    let told = |world: &World, number: u128| {
        let standing = world.standing(number).unwrap();
        (standing.position, standing.estimated_wait, standing.unservable)
    };
    world.open(chat(1).in_language("fr"));
    assert_eq!(told(&world, 1), (None, None, Some(Unservable::Language)));
    world.open(chat(2).needs("vip", 3));
    assert_eq!(told(&world, 2), (None, None, Some(Unservable::Other)));
    world
        .activate(desk([agent("ana"), agent("fleur").speaks("fr", Proficiency::C2)]))
        .unwrap();
    assert_eq!(
        told(&world, 1),
        (Some(1), None, None),
        "somebody speaks it who is not there"
    );
    assert_eq!(told(&world, 2), (None, None, Some(Unservable::Other)));
}

#[test]
fn who_can_never_be_served_is_before_nobody() {
    let mut world = World::staffed(desk([agent("ana")]));
    let place = |world: &World, number: u128| world.standing(number).unwrap().position;
    world.set_presence("ana", Presence::Away);
    world.open(chat(1).in_language("fr"));
    world.open(chat(2).needs("vip", 3));
    world.open(chat(3));
    world.open(chat(4));
    assert_eq!((place(&world, 3), place(&world, 4)), (Some(1), Some(2)));
    world
        .activate(desk([agent("ana"), agent("fleur").speaks("fr", Proficiency::C2)]))
        .unwrap();
    assert_eq!((place(&world, 3), place(&world, 4)), (Some(2), Some(3)));
}

#[test]
fn how_a_conversation_ended_can_be_asked_for_ten_minutes() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(chat(1).in_language("de"));
    world.run(Command::Cancel { ticket }).unwrap();
    let ended = world.standing(1).unwrap();
    assert_eq!(
        (ended.ticket, ended.state, ended.ended),
        (ticket, RoutingState::Cancelled, true)
    );
    assert_eq!((ended.language, ended.agent), (Some("de".parse().unwrap()), None));
    for (wait, is_known) in [(30, true), (560, true), (20, false)] {
        world.skip(seconds(wait));
        world.set_presence("ana", Presence::Away);
        world.set_presence("ana", Presence::Online);
        assert_eq!(world.standing(1).is_some(), is_known);
    }
}
