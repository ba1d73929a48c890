//! Messages open tickets, join them, wake them, or are unrouted.

use tandem_domain::routing::{Command, Rejection, Reply, RequeueReason, RoutingEvent};
use tandem_domain::{
    AccountId, Channel, LanguageTag, Presence, Priority, Proficiency, RoutingState, TicketId, TicketStatus, Timestamp,
};

use crate::support::{IntakeBuilder, agent, desk, key, level, mail, seconds};
use crate::world::World;

#[test]
fn the_first_message_of_a_conversation_opens_ticket_one_and_the_next_two() {
    let mut world = World::new(desk([agent("ana")]));
    assert_eq!(
        world.intake(mail(7)),
        Reply::OnTicket {
            ticket: TicketId(1),
            opened: true
        }
    );
    assert_eq!(
        world.intake(mail(8)),
        Reply::OnTicket {
            ticket: TicketId(2),
            opened: true
        }
    );
    assert_eq!(world.state(TicketId(2)), RoutingState::Queued);
    assert_eq!(world.ticket(TicketId(2)).status, TicketStatus::Open);
}

#[test]
fn another_message_joins_the_open_ticket_without_moving_it() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    for state in [RoutingState::Offered, RoutingState::Assigned] {
        assert_eq!(world.state(ticket), state);
        let number = 10 + world.history.len() as u128;
        assert_eq!(
            world.intake(mail(number).in_conversation(1)),
            Reply::OnTicket { ticket, opened: false }
        );
        assert_eq!(world.state(ticket), state);
        if state == RoutingState::Offered {
            world.take(ticket);
        }
    }
    assert_eq!(world.ticket(ticket).messages, 3);
}

#[test]
fn a_human_message_reopens_a_resolved_ticket_and_an_automatic_one_does_not() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    world.resolve(ticket);
    assert_eq!(
        world.intake(mail(2).in_conversation(1).automatic()),
        Reply::OnTicket { ticket, opened: false }
    );
    assert_eq!(world.ticket(ticket).status, TicketStatus::Resolved);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    assert!(matches!(
        world.history.last().unwrap().body,
        RoutingEvent::TicketRequeued {
            reason: RequeueReason::Reopened,
            ..
        }
    ));
}

#[test]
fn an_automatic_message_without_a_ticket_is_unrouted_and_leaves_no_trace() {
    let mut world = World::new(desk([agent("ana")]));
    let seen = world.history.len();
    assert_eq!(world.intake(mail(1).automatic()), Reply::Unrouted);
    assert!(world.since(seen).is_empty());
}

#[test]
fn a_closed_or_cancelled_ticket_is_forgotten_and_the_next_message_opens_another() {
    let mut world = World::new(desk([agent("ana")]));
    let (cancelled, resolved) = (world.open(mail(1)), world.open(mail(2)));
    world.run(Command::Cancel { ticket: cancelled }).unwrap();
    world.resolve(resolved);
    world.pass(seconds(72 * 3600));
    assert_eq!(world.ticket(cancelled).status, TicketStatus::Closed);
    assert_eq!(world.ticket(resolved).status, TicketStatus::Closed);
    assert_eq!(world.intake(mail(3).in_conversation(1).automatic()), Reply::Unrouted);
    assert_eq!(world.open(mail(4).in_conversation(1)), TicketId(3));
    assert_eq!(world.open(mail(5).in_conversation(2)), TicketId(4));
    assert!(world.explain(resolved).is_none());
}

#[test]
fn a_message_on_a_held_ticket_gives_it_back_to_an_owner_with_room() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.take(ticket);
    world.hold(ticket);
    world.intake(mail(2).in_conversation(1));
    assert_eq!(world.state(ticket), RoutingState::Assigned);
    assert_eq!(world.owner(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_message_on_a_held_ticket_gives_it_back_even_beyond_capacity() {
    let mut world = World::staffed(desk([agent("ana")]));
    let held = world.open(mail(1).by(Channel::Chat));
    world.take(held);
    world.hold(held);
    let other = world.open(mail(2));
    world.take(other);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(held), RoutingState::Assigned);
    assert!(world.ticket(held).over_capacity && world.agent("ana").over_capacity);
    let later = world.open(mail(4));
    assert_eq!(
        world.state(later),
        RoutingState::Queued,
        "nothing is offered until it fits again"
    );
    world.resolve(held);
    world.run(Command::FinishWrapUp { ticket: held }).unwrap();
    assert!(!world.agent("ana").over_capacity);
    assert_eq!(world.offered_to(later).as_deref(), Some("ana"));
}

#[test]
fn a_message_on_a_held_ticket_queues_it_when_the_owner_is_not_online() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
    world.take(ticket);
    world.hold(ticket);
    world.set_presence("ana", Presence::Away);
    world.intake(mail(2).in_conversation(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
}

#[test]
fn a_message_during_wrap_up_gives_the_ticket_back_to_the_same_agent() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.take(ticket);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::WrappingUp);
    world.intake(mail(2).in_conversation(1).automatic());
    assert_eq!(world.state(ticket), RoutingState::WrappingUp);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(ticket), RoutingState::Assigned);
    world.pass(seconds(3600));
    assert_eq!(
        world.state(ticket),
        RoutingState::Assigned,
        "the wrap-up's end no longer counts"
    );
}

#[test]
fn before_the_first_activation_everything_is_refused() {
    let mut world = World::empty();
    let commands = [
        Command::Intake(Box::new(mail(1))),
        Command::SetPresence {
            agent: key("ana"),
            presence: Presence::Online,
        },
        Command::Hold { ticket: TicketId(1) },
    ];
    for command in commands {
        assert_eq!(world.run(command), Err(Rejection::NotActivated));
    }
}

#[test]
fn a_message_for_an_unknown_queue_waits_in_the_first() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1).to("no-longer-there"));
    assert_eq!(world.ticket(ticket).requirement.queue.as_str(), "support");
}

#[test]
fn a_message_at_an_unknown_account_is_taken_all_the_same() {
    let mut world = World::new(desk([agent("ana")]));
    let mut intake = mail(1);
    intake.account = key("closed-account");
    let ticket = world.open(intake);
    assert_eq!(world.ticket(ticket).account, key::<AccountId>("closed-account"));
}

#[test]
fn a_message_reaches_a_desk_without_queues() {
    let mut bare = desk([agent("ana")]);
    bare.queues.clear();
    let mut world = World::staffed(bare);
    let ticket = world.open(mail(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.activate(desk([agent("ana")])).unwrap();
    assert_eq!(
        world.offered_to(ticket).as_deref(),
        Some("ana"),
        "a queue came, and with it somebody who serves it"
    );
}

#[test]
fn a_ticket_needs_the_higher_of_what_rules_and_queue_ask_for() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1).to("billing").needs("billing", 1).needs("vip", 3));
    let skills = world.ticket(ticket).requirement.skills;
    assert_eq!(skills, [(key("billing"), level(2)), (key("vip"), level(3))].into());
}

#[test]
fn a_skill_that_the_desk_does_not_know_is_not_asked_for_until_it_does() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1).needs("latin", 2));
    assert!(world.ticket(ticket).requirement.skills.is_empty());
    let mut later = desk([agent("ana")]);
    later.skills.push(key("latin"));
    world.activate(later).unwrap();
    assert_eq!(
        world.ticket(ticket).requirement.skills,
        [(key("latin"), level(2))].into()
    );
}

#[test]
fn where_no_language_was_recognised_the_desks_default_is_asked_for() {
    let mut world = World::new(desk([agent("ana")]));
    let mut unknown = mail(1);
    unknown.language = None;
    let ticket = world.open(unknown.clone());
    let english: LanguageTag = key("en");
    assert_eq!(
        world.ticket(ticket).requirement.language,
        Some((english, Proficiency::B2))
    );
    let mut without_default = desk([agent("ana")]);
    without_default.default_language = None;
    world.activate(without_default).unwrap();
    assert_eq!(world.ticket(ticket).requirement.language, None);
}

#[test]
fn age_counts_from_when_the_message_came_in_even_if_the_router_hears_of_it_late() {
    let mut world = World::new(desk([agent("ana")]));
    let mut late = mail(1).with(Priority::Normal);
    late.received_at = world.now.minus(seconds(500));
    let (late, early) = (late.received_at, world.open(late));
    assert_eq!(world.ticket(early).opened_at, late);
    let from_the_future = world.open(mail(2));
    assert_eq!(world.ticket(from_the_future).opened_at, world.now);
    assert_ne!(world.now, Timestamp::EPOCH);
}
