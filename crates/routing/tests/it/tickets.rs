//! What agents and supervisors do with tickets.

use tandem_domain::routing::{Command, Rejection, RequeueReason, RevokeReason, RoutingEvent, TransferTarget};
use tandem_domain::{Channel, Presence, RoutingState, TicketId, TicketStatus};

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, level, mail, seconds};
use crate::world::World;

/// `ana` owns a ticket of this channel.
fn owned(channel: Channel, world: &mut World) -> TicketId {
    let ticket = world.open(mail(1).by(channel));
    world.take(ticket);
    assert_eq!(world.owner(ticket).as_deref(), Some("ana"));
    ticket
}

fn one_agent() -> World {
    World::staffed(desk([agent("ana")]))
}

#[test]
fn a_held_ticket_is_pending_and_is_taken_up_again() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    world.hold(ticket);
    assert_eq!(
        (world.state(ticket), world.ticket(ticket).status),
        (RoutingState::OnHold, TicketStatus::Pending)
    );
    world.run(Command::Resume { ticket }).unwrap();
    assert_eq!(
        (world.state(ticket), world.ticket(ticket).status),
        (RoutingState::Assigned, TicketStatus::Open)
    );
}

#[test]
fn taking_up_needs_an_owner_who_is_there_and_goes_beyond_capacity_if_need_be() {
    let mut world = one_agent();
    let held = owned(Channel::Chat, &mut world);
    world.hold(held);
    let other = world.open(mail(2));
    world.take(other);
    world.set_presence("ana", Presence::Offline);
    assert!(matches!(
        world.run(Command::Resume { ticket: held }),
        Err(Rejection::AgentUnavailable { .. })
    ));
    world.set_presence("ana", Presence::Away);
    world.run(Command::Resume { ticket: held }).unwrap();
    assert_eq!(
        (
            world.agent("ana").used,
            world.agent("ana").over_capacity,
            world.ticket(held).over_capacity
        ),
        (3, true, true)
    );
}

#[test]
fn whoever_hands_a_ticket_back_is_not_the_next_to_get_it() {
    let mut world = one_agent();
    let ticket = owned(Channel::Email, &mut world);
    world.pass(seconds(10));
    let opened_at = world.ticket(ticket).opened_at;
    world.run_as(as_agent("ana"), Command::Requeue { ticket }).unwrap();
    assert_eq!(world.state(ticket), RoutingState::Queued);
    assert_eq!(world.owner(ticket), None);
    assert_eq!(world.ticket(ticket).opened_at, opened_at, "it keeps its age");
    world.pass(seconds(60));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn requeueing_an_offered_ticket_takes_the_offer_back_and_asks_the_next() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let seen = world.history.len();
    world.run(Command::Requeue { ticket }).unwrap();
    let events = world.since(seen);
    assert!(matches!(
        events[0],
        RoutingEvent::OfferRevoked {
            reason: RevokeReason::TicketMoved,
            ..
        }
    ));
    assert!(matches!(
        events[1],
        RoutingEvent::TicketRequeued {
            reason: RequeueReason::Requested,
            ..
        }
    ));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
}

#[test]
fn a_transfer_to_a_queue_adopts_its_requirement_and_keeps_language_skills_and_age() {
    let mut world = World::staffed(desk([agent("ana")
        .skill("vip", 3)
        .speaks("de", tandem_domain::Proficiency::C1)]));
    let ticket = world.open(mail(1).in_language("de").needs("vip", 2));
    let before = world.ticket(ticket);
    world.take(ticket);
    world.transfer_to_queue(ticket, "billing").unwrap();
    let after = world.ticket(ticket);
    assert_eq!(after.state, RoutingState::Queued);
    assert_eq!(after.requirement.queue.as_str(), "billing");
    assert_eq!(
        after.requirement.skills,
        [(key("billing"), level(2)), (key("vip"), level(2))].into()
    );
    assert_eq!(after.requirement.language, before.requirement.language);
    assert_eq!(after.opened_at, before.opened_at);
}

#[test]
fn a_transfer_to_an_unknown_queue_names_the_nearest_and_takes_nothing_back() {
    let mut world = one_agent();
    let ticket = world.open(mail(1));
    let refused = world.transfer_to_queue(ticket, "biling").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no queue `biling` on this desk; did you mean `billing`?"
    );
    assert_eq!(world.state(ticket), RoutingState::Offered);
}

#[test]
fn a_transfer_to_an_agent_is_a_direct_offer_whatever_the_skills() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back")]));
    let ticket = owned(Channel::Email, &mut world);
    world
        .run_as(
            as_agent("ana"),
            Command::Transfer {
                ticket,
                to: TransferTarget::Agent(key("bo")),
                seen: None,
            },
        )
        .unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
    let chosen = world.explain(ticket).unwrap().chosen.unwrap();
    assert!(chosen.direct && chosen.runners_up.is_empty());
    world.refuse(ticket);
    assert_eq!(
        world.state(ticket),
        RoutingState::Queued,
        "ana handed it on and is passed over for a while"
    );
}

#[test]
fn a_waiting_or_offered_ticket_is_transferred_by_a_supervisor() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back")]));
    let offered = world.open(mail(1));
    world.transfer_to_agent(offered, "bo").unwrap();
    assert_eq!(world.offered_to(offered).as_deref(), Some("bo"));
    let waiting = world.open(mail(2).to("billing"));
    assert_eq!(world.state(waiting), RoutingState::Queued);
    world.transfer_to_agent(waiting, "bo").unwrap();
    assert_eq!(world.offered_to(waiting).as_deref(), Some("bo"));
}

#[test]
fn a_transfer_needs_an_agent_who_is_online_has_room_and_has_it_not() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").capacity(0), agent("cy").team("back")]));
    world.set_presence("cy", Presence::Away);
    let ticket = owned(Channel::Email, &mut world);
    let mut why = |to| match world.transfer_to_agent(ticket, to) {
        Err(Rejection::AgentUnavailable { field, why, .. }) => {
            assert_eq!(field, "agent");
            why
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(why("ana"), "has it already");
    assert_eq!(why("bo"), "has no room (0 of 0 units taken)");
    assert_eq!(why("cy"), "is away");
    assert!(matches!(
        world.transfer_to_agent(ticket, "anna"),
        Err(Rejection::Unknown { similar: Some(_), .. })
    ));
    assert_eq!(world.owner(ticket).as_deref(), Some("ana"));
}

#[test]
fn wrap_up_keeps_the_agent_until_it_is_finished() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    world.resolve(ticket);
    assert_eq!(
        (world.state(ticket), world.ticket(ticket).status),
        (RoutingState::WrappingUp, TicketStatus::Resolved)
    );
    assert_eq!(world.agent("ana").used, 2);
    world.run_as(as_agent("ana"), Command::FinishWrapUp { ticket }).unwrap();
    assert_eq!(
        (world.state(ticket), world.owner(ticket).as_deref()),
        (RoutingState::Done, Some("ana"))
    );
    assert_eq!(world.agent("ana").used, 0);
}

#[test]
fn wrap_up_ends_by_itself_and_the_queue_drains() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    world.resolve(ticket);
    let waiting = world.open(mail(2).by(Channel::Chat));
    world.pass(seconds(59));
    assert_eq!(world.state(waiting), RoutingState::Queued);
    world.pass(seconds(1));
    assert_eq!(world.state(ticket), RoutingState::Done);
    assert_eq!(world.offered_to(waiting).as_deref(), Some("ana"));
}

#[test]
fn a_channel_without_wrap_up_is_done_at_once() {
    let mut world = one_agent();
    let ticket = owned(Channel::Email, &mut world);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::Done);
}

#[test]
fn a_ticket_on_hold_wraps_up_only_where_there_is_room_for_it() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    world.hold(ticket);
    let other = world.open(mail(2));
    world.take(other);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::Done);
    world.run(Command::Reopen { ticket }).unwrap();
    world.resolve(other);
    world.take(ticket);
    world.hold(ticket);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::WrappingUp);
}

#[test]
fn a_supervisor_resolves_a_ticket_that_nobody_has() {
    let mut world = one_agent();
    let offered = world.open(mail(1));
    world.resolve(offered);
    assert_eq!((world.state(offered), world.owner(offered)), (RoutingState::Done, None));
    assert_eq!(world.agent("ana").used, 0);
}

#[test]
fn reopening_queues_a_done_ticket_and_interrupts_wrap_up() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    world.resolve(ticket);
    world.run(Command::Reopen { ticket }).unwrap();
    assert_eq!(
        (world.state(ticket), world.owner(ticket).as_deref()),
        (RoutingState::Assigned, Some("ana"))
    );
    world.resolve(ticket);
    world.run(Command::FinishWrapUp { ticket }).unwrap();
    world.run_as(as_agent("ana"), Command::Reopen { ticket }).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_resolved_ticket_is_closed_when_the_time_for_reopening_is_over() {
    let mut world = one_agent();
    let ticket = owned(Channel::Email, &mut world);
    world.resolve(ticket);
    world.pass(seconds(72 * 3600 - 1));
    assert_eq!(world.ticket(ticket).status, TicketStatus::Resolved);
    world.pass(seconds(1));
    let closed = world.ticket(ticket);
    assert_eq!(
        (closed.state, closed.status),
        (RoutingState::Done, TicketStatus::Closed)
    );
    assert_eq!(closed.owner, Some(key("ana")));
    assert!(matches!(
        world.run(Command::Reopen { ticket }),
        Err(Rejection::Unknown { .. })
    ));
}

#[test]
fn cancelling_frees_whoever_had_it() {
    let mut world = one_agent();
    let ticket = owned(Channel::Chat, &mut world);
    let reply = world.run(Command::Cancel { ticket }).unwrap();
    let tandem_domain::routing::Reply::Ticket(view) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(
        (view.state, view.status, view.owner),
        (RoutingState::Cancelled, TicketStatus::Closed, None)
    );
    assert_eq!(world.agent("ana").used, 0);
}

#[test]
fn each_event_of_a_ticket_counts_its_version() {
    let mut world = one_agent();
    let ticket = owned(Channel::Email, &mut world);
    assert_eq!(world.ticket(ticket).version, 3, "opened, offered, accepted");
    world.resolve(ticket);
    assert_eq!(world.ticket(ticket).version, 4);
}
