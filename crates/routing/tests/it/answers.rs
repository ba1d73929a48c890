//! Answers and notes, and what became of them.

use tandem_domain::routing::{AfterAnswer, Command, DeliveryOutcome, Rejection, RoutingEvent, UndeliveredReason};
use tandem_domain::{Channel, RoutingState, TicketId};

use crate::support::{IntakeBuilder, agent, answer_id, as_agent, desk, key, mail, seconds};
use crate::world::World;

const BOUNCED: DeliveryOutcome = DeliveryOutcome::Failed(UndeliveredReason::Bounced);

/// `ana` owns a mail's ticket; `bo` is there too.
fn owned() -> (World, TicketId) {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    world.take(ticket);
    (world, ticket)
}

fn write(ticket: TicketId, author: Option<&str>, visible: bool, then: AfterAnswer) -> Command {
    Command::Answer {
        ticket,
        message: answer_id(1),
        author: author.map(key),
        visible,
        then,
    }
}

#[test]
fn a_public_answer_ends_the_customers_waiting() {
    let (mut world, ticket) = owned();
    let opened_at = world.ticket(ticket).opened_at;
    assert_eq!(world.ticket(ticket).waiting_since, Some(opened_at));
    world.pass(seconds(30));
    world.answer(ticket, answer_id(1), Some("ana"));
    let answered = world.ticket(ticket);
    assert_eq!((answered.waiting_since, answered.answered_at), (None, Some(world.now)));
    assert_eq!(answered.state, RoutingState::Assigned);
}

#[test]
fn a_note_leaves_the_customer_waiting() {
    let (mut world, ticket) = owned();
    world.run(write(ticket, Some("bo"), false, AfterAnswer::Keep)).unwrap();
    let noted = world.ticket(ticket);
    assert_eq!((noted.waiting_since, noted.answered_at), (Some(noted.opened_at), None));
}

#[test]
fn the_oldest_unanswered_message_counts() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    world.pass(seconds(10));
    let first = world.now;
    world.intake(mail(2).in_conversation(1));
    world.pass(seconds(10));
    world.intake(mail(3).in_conversation(1));
    world.intake(mail(4).in_conversation(1).automatic());
    assert_eq!(world.ticket(ticket).waiting_since, Some(first));
}

#[test]
fn an_answer_can_set_the_ticket_aside_or_resolve_it_in_the_same_turn() {
    let (mut world, ticket) = owned();
    let seen = world.history.len();
    world
        .run(write(ticket, Some("ana"), true, AfterAnswer::AwaitCustomer))
        .unwrap();
    assert_eq!(world.state(ticket), RoutingState::OnHold);
    assert!(matches!(
        world.since(seen)[..],
        [RoutingEvent::AnswerAdded { .. }, RoutingEvent::TicketHeld { .. }]
    ));
    let resolving = Command::Answer {
        ticket,
        message: answer_id(2),
        author: Some(key("ana")),
        visible: true,
        then: AfterAnswer::Resolve,
    };
    world.run_as(as_agent("ana"), resolving).unwrap();
    assert_eq!(world.state(ticket), RoutingState::Done);
}

#[test]
fn a_ticket_that_nobody_works_on_cannot_await_the_customer() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    let refused = world.run(write(ticket, None, true, AfterAnswer::AwaitCustomer));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "ticket T1 is offered; `await the customer` needs assigned or on_hold"
    );
    assert_eq!(world.ticket(ticket).answered_at, None);
}

#[test]
fn an_agent_answers_only_what_is_his_or_hers_and_under_the_own_name() {
    let (mut world, ticket) = owned();
    let stranger = world.run_as(as_agent("bo"), write(ticket, Some("bo"), true, AfterAnswer::Keep));
    let for_another = world.run_as(as_agent("bo"), write(ticket, Some("ana"), true, AfterAnswer::Keep));
    let nameless = world.run_as(as_agent("bo"), write(ticket, None, true, AfterAnswer::Keep));
    let ending = world.run_as(as_agent("bo"), write(ticket, Some("bo"), false, AfterAnswer::Resolve));
    for refused in [stranger, for_another, nameless, ending] {
        let agent = key("bo");
        assert_eq!(refused, Err(Rejection::NotOwner { ticket, agent }));
    }
    let unknown = world.run(write(ticket, Some("bob"), false, AfterAnswer::Keep));
    assert!(matches!(unknown, Err(Rejection::Unknown { similar: Some(near), .. }) if near == "bo"));
}

#[test]
fn the_same_answer_again_changes_nothing() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    let seen = world.history.len();
    world
        .run(write(ticket, Some("ana"), true, AfterAnswer::Resolve))
        .unwrap();
    assert!(world.since(seen).is_empty());
    assert_eq!(world.state(ticket), RoutingState::Assigned);
}

#[test]
fn an_answer_that_failed_was_never_given() {
    let (mut world, ticket) = owned();
    let before = world.ticket(ticket);
    world.pass(seconds(5));
    world.answer(ticket, answer_id(1), Some("ana"));
    world.pass(seconds(5));
    world.report(ticket, answer_id(1), BOUNCED);
    let failed = world.ticket(ticket);
    assert_eq!((failed.waiting_since, failed.answered_at), (before.waiting_since, None));
    let [undelivered] = &failed.undelivered[..] else {
        panic!("{failed:?}")
    };
    assert_eq!(
        (undelivered.message, undelivered.reason, undelivered.at),
        (answer_id(1), UndeliveredReason::Bounced, world.now)
    );
}

#[test]
fn an_answer_that_failed_is_made_good_by_the_next() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    world.report(ticket, answer_id(1), BOUNCED);
    world.answer(ticket, answer_id(2), Some("ana"));
    assert_eq!(world.ticket(ticket).undelivered, []);
    assert_eq!(world.ticket(ticket).waiting_since, None);
}

#[test]
fn a_later_answer_stands_for_an_earlier_one_that_failed_until_it_fails_too() {
    let (mut world, ticket) = owned();
    let waited = world.ticket(ticket).waiting_since;
    world.answer(ticket, answer_id(1), Some("ana"));
    world.pass(seconds(5));
    world.intake(mail(2).in_conversation(1));
    world.answer(ticket, answer_id(2), Some("ana"));
    world.report(ticket, answer_id(1), BOUNCED);
    assert_eq!(world.ticket(ticket).waiting_since, None);
    world.report(ticket, answer_id(2), BOUNCED);
    assert_eq!(world.ticket(ticket).waiting_since, waited);
}

#[test]
fn a_delivered_answer_may_still_come_back_but_a_failed_one_stays_failed() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    world.report(ticket, answer_id(1), DeliveryOutcome::Delivered);
    assert_eq!(world.ticket(ticket).undelivered, []);
    world.report(ticket, answer_id(1), BOUNCED);
    let seen = world.history.len();
    for outcome in [
        DeliveryOutcome::Delivered,
        DeliveryOutcome::Failed(UndeliveredReason::Expired),
    ] {
        world.report(ticket, answer_id(1), outcome);
    }
    assert!(world.since(seen).is_empty());
    assert_eq!(world.ticket(ticket).undelivered.len(), 1);
}

#[test]
fn repeated_reports_change_nothing() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    world.report(ticket, answer_id(1), DeliveryOutcome::Delivered);
    let seen = world.history.len();
    world.report(ticket, answer_id(1), DeliveryOutcome::Delivered);
    assert!(world.since(seen).is_empty());
}

#[test]
fn only_public_answers_of_the_ticket_are_delivered() {
    let (mut world, ticket) = owned();
    world.run(write(ticket, None, false, AfterAnswer::Keep)).unwrap();
    for message in [answer_id(1), answer_id(9)] {
        let refused = world.run(Command::ReportDelivery {
            ticket,
            message,
            outcome: DeliveryOutcome::Delivered,
        });
        assert!(matches!(refused, Err(Rejection::Unknown { field, .. }) if field == "message_id"));
    }
}

#[test]
fn answers_travel_with_the_ticket_through_a_restart() {
    let (mut world, ticket) = owned();
    world.answer(ticket, answer_id(1), Some("ana"));
    world.answer(ticket, answer_id(2), Some("ana"));
    world.report(ticket, answer_id(1), BOUNCED);
    let before = world.ticket(ticket);
    world.restart();
    world.report(ticket, answer_id(2), BOUNCED);
    let after = world.ticket(ticket);
    assert_eq!(after.undelivered.len(), before.undelivered.len() + 1);
    assert_eq!(after.waiting_since, Some(after.opened_at));
}

#[test]
fn an_answer_brings_the_chats_listeners_news_and_a_note_does_not() {
    let mut world = World::staffed(desk([agent("ana")]));
    let chat = world.open(mail(1).by(Channel::Chat));
    world.take(chat);
    let chats_after = |world: &mut World, command| {
        let seen = world.history.len();
        world.run(command).unwrap();
        world.core.changed_chats(&world.history[seen..])
    };
    let note = write(chat, None, false, AfterAnswer::Keep);
    assert_eq!(chats_after(&mut world, note), []);
    let answer = Command::Answer {
        ticket: chat,
        message: answer_id(2),
        author: None,
        visible: true,
        then: AfterAnswer::Keep,
    };
    assert_eq!(chats_after(&mut world, answer), [mail(1).conversation]);
}
