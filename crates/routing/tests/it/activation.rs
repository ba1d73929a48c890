//! A new version of the desk comes into force while work goes on.

use tandem_domain::routing::{Command, Rejection, Reply, RequeueReason, RevokeReason, RoutingEvent};
use tandem_domain::{Channel, Presence, RoutingState};

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail, queue};
use crate::world::World;

#[test]
fn versions_are_counted_by_the_core() {
    let mut world = World::empty();
    let mut numbered = desk([agent("ana")]);
    numbered.version = 77;
    assert_eq!(world.activate(numbered), Ok(Reply::Activated { version: 1 }));
    assert_eq!(
        world.activate(desk([agent("ana")])),
        Ok(Reply::Activated { version: 2 })
    );
    assert_eq!(world.desk().unwrap().version, 2);
}

#[test]
fn a_queue_with_open_tickets_cannot_be_dropped() {
    let mut world = World::new(desk([agent("ana")]));
    let ticket = world.open(mail(1).to("billing"));
    let mut without = desk([agent("ana")]);
    without.queues.pop();
    let refused = world.activate(without.clone());
    assert_eq!(
        refused,
        Err(Rejection::QueueInUse {
            queue: key("billing"),
            tickets: 1
        })
    );
    world.resolve(ticket);
    world.activate(without).unwrap();
    world.run(Command::Reopen { ticket }).unwrap();
    assert_eq!(
        world.ticket(ticket).requirement.queue.as_str(),
        "support",
        "its own queue is gone"
    );
}

#[test]
fn a_new_agent_and_a_new_skill_are_used_at_once() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1).needs("vip", 1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.activate(desk([agent("ana").skill("vip", 1)])).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_waiting_ticket_asks_for_what_its_queue_asks_for_now() {
    let mut strict = desk([agent("ana")]);
    strict.queues[0].skills = [(key("vip"), crate::support::level(1))].into();
    let mut world = World::staffed(strict);
    let ticket = world.open(mail(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.activate(desk([agent("ana")])).unwrap();
    assert!(world.ticket(ticket).requirement.skills.is_empty());
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

#[test]
fn the_work_of_a_removed_agent_goes_to_others() {
    let mut world = World::new(desk([agent("ana").capacity(6), agent("bo").capacity(6)]));
    world.set_presence("ana", Presence::Online);
    let [owned, held, wrapping, offered] = [1, 2, 3, 4].map(|number| {
        let channel = if number == 3 { Channel::Chat } else { Channel::Email };
        world.open(mail(number).by(channel))
    });
    for ticket in [owned, held, wrapping] {
        world.take(ticket);
    }
    world.hold(held);
    world.resolve(wrapping);
    world.set_presence("bo", Presence::Online);
    let seen = world.history.len();
    world.activate(desk([agent("bo").capacity(6)])).unwrap();
    let reasons = |body: &&RoutingEvent| match body {
        RoutingEvent::TicketRequeued { reason, .. } => Some(*reason),
        _ => None,
    };
    let requeued: Vec<_> = world.since(seen).iter().filter_map(reasons).collect();
    assert_eq!(requeued, [RequeueReason::AgentRemoved; 2]);
    for ticket in [owned, held, offered] {
        assert_eq!(world.offered_to(ticket).as_deref(), Some("bo"));
    }
    assert_eq!(world.state(wrapping), RoutingState::Done, "its customer is served");
    assert!(world.work_list("ana").is_none());
}

#[test]
fn a_removed_agent_who_comes_back_starts_offline_with_a_newer_work_list() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let before = world.work_list("ana").unwrap().version;
    world.activate(desk([agent("bo")])).unwrap();
    world.activate(desk([agent("ana"), agent("bo")])).unwrap();
    assert_eq!(world.agent("ana").presence, Presence::Offline);
    assert!(world.work_list("ana").unwrap().version > before);
    assert_eq!(
        world.agent("bo").presence,
        Presence::Online,
        "who stays is not disturbed"
    );
}

#[test]
fn an_offer_that_no_longer_fits_is_taken_back_unless_it_was_made_by_hand() {
    let mut world = World::staffed(desk([agent("ana").skill("vip", 1), agent("bo").team("back")]));
    let (ranked, direct) = (world.open(mail(1).needs("vip", 1)), world.open(mail(2).to("billing")));
    world.transfer_to_agent(direct, "bo").unwrap();
    let seen = world.history.len();
    world.activate(desk([agent("ana"), agent("bo").team("back")])).unwrap();
    assert_eq!(world.state(ranked), RoutingState::Queued);
    assert_eq!(world.offered_to(direct).as_deref(), Some("bo"));
    let taken_back = |body: &&RoutingEvent| {
        matches!(
            body,
            RoutingEvent::OfferRevoked {
                reason: RevokeReason::DeskChanged,
                ..
            }
        )
    };
    assert_eq!(world.since(seen).iter().filter(|body| taken_back(body)).count(), 1);
}

#[test]
fn a_smaller_capacity_keeps_the_work_takes_offers_back_and_stops_new_ones() {
    let mut world = World::staffed(desk([agent("ana").capacity(3)]));
    let tickets = [1, 2, 3].map(|number| world.open(mail(number)));
    world.take(tickets[0]);
    world.take(tickets[1]);
    world.activate(desk([agent("ana").capacity(1)])).unwrap();
    assert_eq!(
        (world.agent("ana").used, world.agent("ana").capacity),
        (2, 1),
        "overbooked, and shown so"
    );
    assert_eq!(world.state(tickets[2]), RoutingState::Queued);
    world.resolve(tickets[0]);
    assert_eq!(world.state(tickets[2]), RoutingState::Queued);
    world.resolve(tickets[1]);
    assert_eq!(world.offered_to(tickets[2]).as_deref(), Some("ana"));
}

#[test]
fn the_newest_offers_are_taken_back_until_the_rest_fits() {
    let mut world = World::staffed(desk([agent("ana").capacity(4)]));
    let tickets = [1, 2, 3, 4].map(|number| world.open(mail(number)));
    world.activate(desk([agent("ana").capacity(2)])).unwrap();
    let kept = tickets.map(|ticket| world.offered_to(ticket).is_some());
    assert_eq!(kept, [true, true, false, false]);
}

#[test]
fn a_queues_new_aging_reorders_who_waits() {
    use tandem_domain::Priority;
    let mut strict = desk([agent("ana").capacity(1)]);
    strict.queues[0].aging = None;
    let mut world = World::new(strict);
    let old = world.open(mail(1).with(Priority::Low));
    world.pass(crate::support::seconds(5 * 3600));
    world.open(mail(2).with(Priority::Urgent));
    let mut aging = desk([agent("ana").capacity(1)]);
    aging.queues = vec![queue("support"), queue("billing")];
    world.activate(aging).unwrap();
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(old).as_deref(), Some("ana"));
}

#[test]
fn an_agent_who_comes_back_is_a_newcomer_also_after_a_restart() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    world.open(mail(1));
    world.activate(desk([agent("bo")])).unwrap();
    world.restart();
    // `World` compares the restarted core with one that was not.
    world.activate(desk([agent("ana"), agent("bo")])).unwrap();
    assert_eq!(
        (world.agent("ana").presence, world.agent("ana").missed),
        (Presence::Offline, 0)
    );
}
