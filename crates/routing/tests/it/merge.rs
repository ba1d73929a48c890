//! Two tickets become one.

use tandem_domain::routing::{Command, DeliveryOutcome, Intake, Rejection, Reply};
use tandem_domain::{Channel, CustomerId, RoutingState, TicketId};
use uuid::Uuid;

use crate::support::{IntakeBuilder, agent, answer_id, as_agent, desk, mail, seconds};
use crate::world::World;

fn merge(ticket: TicketId, into: TicketId) -> Command {
    Command::Merge { ticket, into }
}

/// Two tickets: `ana` owns the first, the second waits.
fn two() -> (World, TicketId, TicketId) {
    let mut world = World::staffed(desk([agent("ana")]));
    let kept = world.open(mail(1));
    world.take(kept);
    let merged = world.open(mail(2).needs("vip", 5));
    (world, kept, merged)
}

#[test]
fn everything_of_a_merged_ticket_goes_on_with_the_other() {
    let (mut world, kept, merged) = two();
    world.run(merge(merged, kept)).unwrap();
    let view = world.ticket(merged);
    assert_eq!((view.state, view.merged_into), (RoutingState::Merged, Some(kept)));
    assert_eq!(world.ticket(kept).messages, 2);
    let later = world.run(Command::Intake(Box::new(mail(3).in_conversation(2))));
    let joined = Reply::OnTicket {
        ticket: kept,
        opened: false,
    };
    assert_eq!(later, Ok(joined));
    assert_eq!(world.ticket(kept).messages, 3);
}

#[test]
fn commands_on_a_merged_ticket_are_told_where_it_goes_on() {
    let (mut world, kept, merged) = two();
    world.run(merge(merged, kept)).unwrap();
    for command in [
        Command::Hold { ticket: merged },
        merge(merged, kept),
        merge(kept, merged),
        Command::Resolve { ticket: merged },
    ] {
        let refused = world.run(command);
        assert_eq!(
            why(&refused),
            &Rejection::MergedInto {
                ticket: merged,
                into: kept
            }
        );
        assert!(refused.unwrap_err().to_string().contains("is merged into"));
    }
}

#[test]
fn tickets_merge_in_chains_and_never_in_circles() {
    let (mut world, first, second) = two();
    let third = world.open(mail(3).needs("vip", 5));
    world.run(merge(second, third)).unwrap();
    world.run(merge(third, first)).unwrap();
    assert_eq!(
        world.run(merge(first, first)),
        Err(Rejection::SameTicket { ticket: first })
    );
    for gone in [second, third] {
        let told = world.run(merge(first, gone));
        assert_eq!(
            why(&told),
            &Rejection::MergedInto {
                ticket: gone,
                into: first
            }
        );
    }
    for (number, conversation) in [(10, 2), (11, 3)] {
        let told = world.run(Command::Intake(Box::new(mail(number).in_conversation(conversation))));
        assert!(matches!(told, Ok(Reply::OnTicket { ticket, opened: false }) if ticket == first));
    }
    assert_eq!(world.ticket(first).messages, 5);
}

#[test]
fn an_owner_is_freed_of_what_is_merged_and_offers_of_it_are_over() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let [kept, owned, offered] = [1, 2, 3].map(|number| world.open(mail(number)));
    world.take(kept);
    world.take(owned);
    world.run(merge(owned, kept)).unwrap();
    world.run(merge(offered, kept)).unwrap();
    let held: usize = ["ana", "bo"].iter().map(|name| world.agent(name).tickets.len()).sum();
    assert_eq!(held, 1);
}

#[test]
fn a_held_ticket_is_taken_up_for_a_customer_who_waits_on_the_merged_one() {
    let (mut world, kept, merged) = two();
    world.answer(kept, answer_id(1), None);
    world.hold(kept);
    world.run(merge(merged, kept)).unwrap();
    let view = world.ticket(kept);
    assert_eq!(view.state, RoutingState::Assigned);
    assert!(view.waiting_since.is_some());
}

#[test]
fn what_becomes_of_a_merged_tickets_answers_is_known_on_the_other() {
    let (mut world, kept, merged) = two();
    world.answer(kept, answer_id(2), None);
    world.answer(merged, answer_id(1), None);
    world.run(merge(merged, kept)).unwrap();
    assert_eq!(world.ticket(kept).waiting_since, None);
    let failed = DeliveryOutcome::Failed(tandem_domain::routing::UndeliveredReason::Bounced);
    world.report(merged, answer_id(1), failed);
    let view = world.ticket(kept);
    assert_eq!(view.undelivered.len(), 1);
    assert!(view.waiting_since.is_some());
}

/// What is wrong with either ticket.
fn why(refused: &Result<Reply, Rejection>) -> &Rejection {
    match refused {
        Err(Rejection::Into(rejection)) => rejection,
        Err(rejection) => rejection,
        Ok(reply) => panic!("{reply:?}"),
    }
}

#[test]
fn agents_merge_only_into_their_own() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let [one, other] = [1, 2].map(|number| world.open(mail(number)));
    world.take(one);
    world.take(other);
    let owner = world.ticket(one).owner.unwrap();
    for refused in [merge(other, one), merge(one, other)] {
        let refused = world.run_as(as_agent(owner.as_str()), refused);
        assert!(matches!(why(&refused), Rejection::NotOwner { .. }), "{refused:?}");
    }
    let waiting = world.open(mail(3).needs("vip", 5));
    world.run_as(as_agent(owner.as_str()), merge(waiting, one)).unwrap();
}

#[test]
fn tickets_of_different_customers_stay_two() {
    let mut world = World::staffed(desk([agent("ana")]));
    let of = |number: u128, customer: u128| Intake {
        customer: Some(CustomerId(Uuid::from_u128(customer))),
        ..mail(number)
    };
    let [kept, same, other] = [of(1, 1), of(2, 1), of(3, 2)].map(|intake| world.open(intake));
    world.run(merge(same, kept)).unwrap();
    let refused = world.run(merge(other, kept));
    assert_eq!(
        refused,
        Err(Rejection::OtherCustomer {
            ticket: other,
            into: kept
        })
    );
}

#[test]
fn what_is_served_is_not_merged_nor_merged_into() {
    let (mut world, kept, merged) = two();
    world.resolve(kept);
    for refused in [merge(merged, kept), merge(kept, merged)] {
        let refused = world.run(refused);
        assert!(matches!(why(&refused), Rejection::WrongState { .. }), "{refused:?}");
    }
}

#[test]
fn a_visitor_who_leaves_one_of_several_conversations_ends_nothing() {
    let mut world = World::staffed(desk([agent("ana")]));
    let chat = |number| mail(number).by(Channel::Chat).needs("vip", 5);
    let [kept, merged] = [1, 2].map(|number| world.open(chat(number)));
    world.run(merge(merged, kept)).unwrap();
    world.leave(1);
    assert_eq!(world.state(kept), RoutingState::Queued);
}

#[test]
fn a_closed_ticket_forgets_what_was_merged_into_it() {
    let (mut world, kept, merged) = two();
    world.run(merge(merged, kept)).unwrap();
    world.resolve(kept);
    world.pass(seconds(72 * 3600));
    let gone = world.run(Command::Hold { ticket: merged });
    assert!(matches!(gone, Err(Rejection::Unknown { .. })), "{gone:?}");
    let anew = world.run(Command::Intake(Box::new(mail(9).in_conversation(2))));
    assert!(matches!(anew, Ok(Reply::OnTicket { opened: true, .. })));
}
