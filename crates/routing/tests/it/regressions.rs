//! What a reader found where the parts meet: numbered, each with what was wrong.

use std::time::Duration;

use tandem_domain::desk::{BatchPolicy, BetweenQueues};
use tandem_domain::routing::{Command, RoutingEvent, TransferTarget};
use tandem_domain::{Actor, Channel, CompiledDesk, Core, Event, OfferId, Presence, Priority, RoutingState, TicketId};

use crate::steps::{StepBuilder, last, step, stepped};
use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail, queue, seconds};
use crate::world::World;

/// Two agents for two queues, whose offers are made every ten seconds.
fn gathering() -> CompiledDesk {
    let mut desk = desk([agent("ana"), agent("bo")]);
    desk.matching = BatchPolicy {
        window: seconds(10),
        head: 200,
    };
    desk
}

/// After a restart, a ticket that was offered to too few was not offered to who had become free in the window at hand.
#[test]
fn r01_a_restart_within_a_window_forgets_no_second_offer() {
    let mut desk = gathering();
    desk.queues[0].offers_at_once = 2;
    let mut world = World::new(desk);
    world.set_presence("ana", Presence::Online);
    let ticket = world.open(mail(1));
    world.pass(seconds(10));
    assert_eq!(world.ticket(ticket).offers.len(), 1);
    world.set_presence("bo", Presence::Online);
    world.restart();
    world.pass(seconds(10));
    assert_eq!(world.ticket(ticket).offers.len(), 2);
}

/// After a restart, what waited was not given out by turns but by age, as nobody was known to have got room.
#[test]
fn r02_a_restart_within_a_window_leaves_everybody_his_turn() {
    let mut desk = gathering();
    desk.queues.push(queue("third"));
    desk.between_queues = BetweenQueues::Weights;
    desk.agents[0] = agent("ana").capacity(1);
    desk.agents[0].queues = [(key("support"), 10), (key("third"), 90)].into();
    let mut world = World::new(desk);
    let older = world.open(mail(1));
    let younger = world.open(mail(2).to("third"));
    world.pass(seconds(10));
    world.set_presence("ana", Presence::Online);
    world.restart();
    world.pass(seconds(10));
    assert_eq!(world.state(older), RoutingState::Queued);
    assert_eq!(world.offered_to(younger).as_deref(), Some("ana"));
}

/// Where the desk gathers, who had been idle all the time got the oldest ticket, not the one of the queue whose turn it was.
#[test]
fn r03_whoever_was_idle_before_the_window_began_has_turns_too() {
    let mut desk = gathering();
    desk.queues.push(queue("third"));
    desk.between_queues = BetweenQueues::Weights;
    desk.agents[0] = agent("ana").capacity(1);
    desk.agents[0].queues = [(key("support"), 10), (key("third"), 90)].into();
    let mut world = World::new(desk);
    world.set_presence("ana", Presence::Online);
    world.pass(seconds(20));
    let older = world.open(mail(1));
    world.pass(Duration::from_millis(1));
    let younger = world.open(mail(2).to("third"));
    world.pass(seconds(10));
    assert_eq!(world.state(older), RoutingState::Queued);
    assert_eq!(world.offered_to(younger).as_deref(), Some("ana"));
}

/// A ticket that was set aside took less of its helpers too, but their rows in the read model still said as much as before.
#[test]
fn r04_the_rows_of_helpers_follow_what_the_owner_does() {
    let mut world = World::new(desk([agent("ana"), agent("bo")]));
    world.set_presence("ana", Presence::Online);
    let ticket = world.open(mail(1));
    world.take(ticket);
    world.set_presence("bo", Presence::Online);
    let with = TransferTarget::Agent(key("bo"));
    world.run(Command::Consult { ticket, with }).unwrap();
    assert_eq!(world.agent("bo").used, 1);
    // `World` holds the rows beside the agents.
    world.hold(ticket);
    assert_eq!(world.agent("bo").used, 0);
}

/// Where the desk gathers, a ticket that nobody could serve held up the others of its queue after a restart, and not before:
/// what was looked at besides what was gathered decided which ticket went first.
#[test]
fn r05_a_restart_within_a_window_changes_no_order() {
    let mut desk = gathering();
    desk.agents[0] = agent("ana").skill("vip", 1).capacity(1);
    desk.agents[1] = agent("bo").capacity(2);
    desk.queues[0].max_overtaken = Some(0);
    desk.queues.push(queue("third"));
    let mut world = World::new(desk);
    world.open(mail(1).needs("vip", 2).with(Priority::Low));
    world.pass(seconds(10));
    world.set_presence("bo", Presence::Online);
    let urgent = world.open(mail(2).with(Priority::Urgent));
    let third = world.open(mail(3).to("third"));
    world.restart();
    // `World` holds what it makes beside what is made without a restart.
    world.pass(seconds(10));
    assert_eq!(world.state(urgent), RoutingState::Offered);
    assert_eq!(world.state(third), RoutingState::Offered);
}

/// Whoever declined an offer made by hand was passed over for as long as before, though the decline said until now.
#[test]
fn r06_the_last_word_on_a_pause_counts_even_if_it_is_no_pause() {
    let mut all = desk([agent("ana")]);
    let mut world = World::staffed(all.clone());
    let ticket = world.open(mail(1));
    world.refuse(ticket);
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.transfer_to_agent(ticket, "ana").unwrap();
    all.queues[0].decline_pause = Duration::ZERO;
    world.activate(all).unwrap();
    world.refuse(ticket);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
}

/// A journal is audited also where it says what no core would have written. An owned ticket that was offered to somebody else
/// stayed among its owner's, while its load was gone.
#[test]
fn r07_an_owned_ticket_that_is_offered_elsewhere_is_its_owners_no_more() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    let issued = offer_to("bo", &world, ticket);
    world.take(ticket);
    world.core.apply(&issued);
    assert_eq!((world.agent("ana").tickets, world.agent("ana").used), (vec![], 0));
    assert_eq!((world.agent("bo").tickets, world.agent("bo").used), (vec![ticket], 1));
}

/// The owner was the one to whom the ticket had been offered, whoever accepted it by the journal.
#[test]
fn r08_who_accepted_by_the_journal_is_the_owner() {
    let mut world = World::staffed(desk([agent("ana"), agent("bo")]));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ana"));
    let context = world.context(Actor::service("forger"));
    let (offer, agent) = (world.offer_of(ticket), key("bo"));
    world
        .core
        .apply(&context.event(RoutingEvent::OfferAccepted { offer, ticket, agent }));
    assert_eq!((world.agent("ana").tickets, world.agent("ana").used), (vec![], 0));
    assert_eq!((world.agent("bo").tickets, world.agent("bo").used), (vec![ticket], 1));
}

/// What ended with an offer came before or after what ended by itself in the same late tick, depending on whether a timer that
/// had been stopped still stood in its lane; after a restart none did.
#[test]
fn r09_a_restart_changes_no_order_of_what_is_due_late() {
    let vera = agent("vera").skill("vip", 3).at_most(0, Channel::Email);
    let experts = step("experts").requires("vip >= 2");
    let mut world = World::new(stepped([vera, agent("ann")], [experts, last("anyone")]));
    let before = world.open(mail(1));
    let offered = world.open(mail(2).by(Channel::Chat));
    let behind = world.open(mail(3));
    world.set_presence("vera", Presence::Online);
    assert_eq!(world.offered_to(offered).as_deref(), Some("vera"));
    // The offer stands for half a minute, the step ends after a minute.
    world.skip(seconds(70));
    world.restart();
    let seen = world.history.len();
    world.pass(seconds(0));
    let entered = world.since(seen).into_iter().filter_map(|event| match event {
        RoutingEvent::StepEntered { ticket, .. } => Some(*ticket),
        _ => None,
    });
    assert_eq!(entered.collect::<Vec<_>>(), [before, behind, offered]);
}

/// The ticket's last offer once more, under a new number and to somebody else.
fn offer_to(agent: &str, world: &World, ticket: TicketId) -> Event<RoutingEvent> {
    let issued = world.history.iter().rev().find_map(|event| match &event.body {
        RoutingEvent::OfferIssued {
            expires_at, ranking, ..
        } => Some((*expires_at, ranking.clone())),
        _ => None,
    });
    let (expires_at, ranking) = issued.expect("it was offered");
    let context = world.context(Actor::service("forger"));
    context.event(RoutingEvent::OfferIssued {
        offer: OfferId(world.offer_of(ticket).0 + 1),
        ticket,
        agent: key(agent),
        expires_at,
        ranking,
    })
}
