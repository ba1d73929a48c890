//! One ticket becomes two.

use tandem_domain::routing::{Command, Rejection, Reply, RoutingEvent};
use tandem_domain::{Channel, MessageId, RoutingState, TicketId};

use crate::support::{IntakeBuilder, agent, answer_id, as_agent, desk, mail, seconds};
use crate::world::World;

fn split(ticket: TicketId, messages: &[u128], conversation: u128) -> Command {
    Command::Split {
        ticket,
        messages: messages.iter().map(|number| mail(*number).message).collect(),
        conversation: mail(conversation).conversation,
    }
}

/// A ticket of `ana`'s with messages 1, 2 and 3, a minute apart.
fn three() -> (World, TicketId) {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).at(world.now));
    world.take(ticket);
    for number in [2, 3] {
        world.pass(seconds(60));
        world
            .run(Command::Intake(Box::new(mail(number).in_conversation(1).at(world.now))))
            .unwrap();
    }
    (world, ticket)
}

fn split_off(world: &mut World, command: Command) -> TicketId {
    match world.run(command).unwrap() {
        Reply::Ticket(view) => view.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_move_to_a_ticket_of_their_own_with_their_age() {
    let (mut world, ticket) = three();
    let new = split_off(&mut world, split(ticket, &[3, 2], 77));
    let (old, view) = (world.ticket(ticket), world.ticket(new));
    assert_eq!((old.state, old.messages), (RoutingState::Assigned, 1));
    assert_eq!(view.messages, 2);
    assert_eq!(view.opened_at, old.opened_at.plus(seconds(60)));
    assert_eq!(
        (view.requirement.queue, view.priority),
        (old.requirement.queue, old.priority)
    );
    let Some(RoutingEvent::TicketSplit { messages, from, .. }) = world.last_turn().first().map(|event| &event.body)
    else {
        panic!("{:?}", world.last_turn());
    };
    assert_eq!(
        (*from, messages.as_slice()),
        (ticket, &[mail(2).message, mail(3).message][..])
    );
}

#[test]
fn each_conversation_leads_to_its_own_ticket() {
    let (mut world, ticket) = three();
    let new = split_off(&mut world, split(ticket, &[2], 77));
    for (conversation, expected) in [(1, ticket), (77, new)] {
        let joined = world.run(Command::Intake(Box::new(
            mail(100 + conversation).in_conversation(conversation),
        )));
        assert!(matches!(joined, Ok(Reply::OnTicket { ticket, opened: false }) if ticket == expected));
    }
}

#[test]
fn at_least_one_message_moves_and_one_stays() {
    let (mut world, ticket) = three();
    for messages in [&[][..], &[1, 2, 3]] {
        let refused = world.run(split(ticket, messages, 77));
        assert_eq!(refused, Err(Rejection::NothingToSplit { ticket, messages: 3 }));
    }
}

#[test]
fn only_the_tickets_own_messages_move_and_only_to_a_new_conversation() {
    let (mut world, ticket) = three();
    let unknown = world.run(split(ticket, &[2, 99], 77));
    assert!(matches!(unknown, Err(Rejection::Unknown { field, .. }) if field == "message_ids"));
    let taken = world.run(split(ticket, &[2], 1));
    assert!(matches!(taken, Err(Rejection::ConversationTaken { .. })), "{taken:?}");
    let stranger = world.run_as(as_agent("ana"), split(ticket, &[2], 77));
    assert!(stranger.is_ok(), "an owner may: {stranger:?}");
}

#[test]
fn what_the_customer_waits_for_goes_with_the_messages() {
    let (mut world, ticket) = three();
    world.answer(ticket, answer_id(1), None);
    world.pass(seconds(60));
    let asked_again = world.now;
    world
        .run(Command::Intake(Box::new(mail(4).in_conversation(1).at(asked_again))))
        .unwrap();
    assert_eq!(world.ticket(ticket).waiting_since, Some(asked_again));
    let new = split_off(&mut world, split(ticket, &[4], 77));
    assert_eq!(world.ticket(ticket).waiting_since, None);
    assert_eq!(world.ticket(new).waiting_since, Some(asked_again));
}

#[test]
fn a_chat_is_one_conversation() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world
        .run(Command::Intake(Box::new(mail(2).in_conversation(1))))
        .unwrap();
    assert_eq!(
        world.run(split(ticket, &[2], 77)),
        Err(Rejection::OneConversation { ticket })
    );
}

#[test]
fn what_was_split_off_can_be_merged_again() {
    let (mut world, ticket) = three();
    let new = split_off(&mut world, split(ticket, &[2], 77));
    world
        .run(Command::Merge {
            ticket: new,
            into: ticket,
        })
        .unwrap();
    assert_eq!(world.ticket(ticket).messages, 3);
    let back: MessageId = mail(2).message;
    let again = split_off(&mut world, split(ticket, &[2], 78));
    assert_eq!(world.ticket(again).messages, 1);
    assert!(matches!(
        &world.last_turn()[0].body,
        RoutingEvent::TicketSplit { messages, .. } if messages == &[back]
    ));
}

#[test]
fn both_tickets_are_other_ones_after_a_split_and_after_a_merge() {
    let (mut world, ticket) = three();
    let before = world.ticket(ticket).version;
    let new = split_off(&mut world, split(ticket, &[2], 77));
    assert_eq!(world.ticket(ticket).version, before + 1);
    world
        .run(Command::Merge {
            ticket: new,
            into: ticket,
        })
        .unwrap();
    assert_eq!(world.ticket(ticket).version, before + 2);
}

#[test]
fn what_is_left_unanswered_is_said_in_the_event() {
    let (mut world, ticket) = three();
    let asked_at = world.ticket(ticket).waiting_since.unwrap();
    for (moved, conversation, left) in [(3, 77, Some(asked_at)), (1, 78, Some(asked_at.plus(seconds(60))))] {
        split_off(&mut world, split(ticket, &[moved], conversation));
        assert!(matches!(
            &world.last_turn()[0].body,
            RoutingEvent::TicketSplit { still_waiting_since, .. } if *still_waiting_since == left
        ));
        assert_eq!(world.ticket(ticket).waiting_since, left);
    }
}
