//! How often a ticket may be overtaken, where the queue bounds that.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::{Command, RevokeReason, RoutingEvent, TransferTarget};
use tandem_domain::{
    AgentId, CompiledDesk, Presence, Priority, Proficiency, QueueId, RoutingState, TicketId, Timestamp,
};

use crate::invariants::fits;
use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail, seconds};
use crate::world::World;

/// Queue `support` in strict priority, in which nobody is overtaken more often.
fn bounded(agents: impl IntoIterator<Item = AgentProfile>, most: u32) -> CompiledDesk {
    let mut desk = desk(agents);
    desk.queues[0].aging = None;
    desk.queues[0].max_overtaken = Some(most);
    desk
}

/// What is offered is done at once: in which order tickets were served.
fn served(world: &mut World, count: usize) -> Vec<u64> {
    let serve = |_| {
        let ticket = world.work_list("ana").unwrap().items.first().expect("an offer").id;
        world.take(ticket);
        world.resolve(ticket);
        ticket.0
    };
    (0..count).map(serve).collect()
}

#[test]
fn an_old_ticket_of_low_priority_goes_first_once_enough_went_before() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 2));
    world.open(mail(1).with(Priority::Low));
    (2..=5).for_each(|number| drop(world.open(mail(number).with(Priority::Urgent))));
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 5), [2, 3, 1, 4, 5]);
}

#[test]
fn of_those_overtaken_often_enough_the_oldest_goes_first() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 1));
    world.open(mail(1).with(Priority::Low));
    world.open(mail(2).with(Priority::Normal));
    (3..=6).for_each(|number| drop(world.open(mail(number).with(Priority::Urgent))));
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 6), [3, 1, 2, 4, 5, 6]);
}

#[test]
fn a_bound_of_none_at_all_is_first_come_first_served() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 0));
    for (number, priority) in (1..).zip([Priority::Low, Priority::Urgent, Priority::High]) {
        world.open(mail(number).with(priority));
    }
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 3), [1, 2, 3]);
}

#[test]
fn nothing_is_asked_of_agents_who_do_not_fit() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 1));
    world.open(mail(1).in_language("de"));
    (2..=4).for_each(|number| drop(world.open(mail(number))));
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 3), [2, 3, 4]);
}

#[test]
fn an_offer_that_was_declined_was_no_service() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 1));
    world.open(mail(1).with(Priority::Low));
    let second = world.open(mail(2).with(Priority::Urgent));
    world.open(mail(3).with(Priority::High));
    world.set_presence("ana", Presence::Online);
    world.refuse(second);
    assert_eq!(world.offered_to(TicketId(3)).as_deref(), Some("ana"));
    assert_eq!(served(&mut world, 2), [3, 1]);
}

/// What one knows of a queue's tickets from the events alone.
#[derive(Default)]
struct Queue {
    /// Tickets, in the order in which they came.
    came: Vec<TicketId>,
    here: BTreeMap<TicketId, Is>,
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Waiting,
    Offered,
    Served,
}

impl Queue {
    fn join(&mut self, ticket: TicketId) {
        self.came.retain(|other| *other != ticket);
        self.came.push(ticket);
        self.here.insert(ticket, Is::Waiting);
    }

    fn overtakers(&self, ticket: TicketId) -> usize {
        let later = self.came.iter().skip_while(|other| **other != ticket).skip(1);
        later
            .filter(|other| matches!(self.here.get(other), Some(Is::Offered | Is::Served)))
            .count()
    }
}

/// Goes through the history with nothing but the events and the desk file: whoever got an offer could not have been offered
/// an older ticket of the queue that had been overtaken as often as may be.
fn check(world: &World, desk: &CompiledDesk) {
    let most = desk.queues[0].max_overtaken.unwrap() as usize;
    let support: QueueId = key("support");
    let mut queue = Queue::default();
    let mut requirements = BTreeMap::new();
    let mut pauses: BTreeMap<(TicketId, AgentId), Timestamp> = BTreeMap::new();
    let mut owners: BTreeMap<TicketId, AgentId> = BTreeMap::new();
    for event in &world.history {
        match &event.body {
            RoutingEvent::TicketOpened {
                ticket, requirement, ..
            }
            | RoutingEvent::TicketRequeued {
                ticket, requirement, ..
            } => {
                if let Some(owner) = owners.remove(ticket) {
                    pauses.insert((*ticket, owner), event.at.plus(seconds(60)));
                }
                let waits_still = queue.here.get(ticket).is_some_and(|is| *is != Is::Served);
                requirements.insert(*ticket, requirement.clone());
                if requirement.queue != support {
                    queue.here.remove(ticket);
                } else if waits_still {
                    queue.here.insert(*ticket, Is::Waiting);
                } else {
                    queue.join(*ticket);
                }
            }
            RoutingEvent::OfferIssued {
                ticket, agent, ranking, ..
            } => {
                let profile = desk.agents.iter().find(|profile| profile.id == *agent).unwrap();
                let before = queue.came.iter().take_while(|other| *other != ticket);
                for older in before.filter(|older| queue.here.get(older) == Some(&Is::Waiting)) {
                    let passed_over = pauses
                        .get(&(*older, agent.clone()))
                        .is_some_and(|until| *until > event.at);
                    let could = fits(desk, profile, &requirements[older]) && !passed_over && !ranking.direct;
                    let overtakers = queue.overtakers(*older);
                    assert!(
                        !could || !queue.here.contains_key(ticket) || overtakers < most,
                        "{older} was overtaken {overtakers} times when {ticket} went to {agent}"
                    );
                }
                if let Some(is) = queue.here.get_mut(ticket) {
                    *is = Is::Offered;
                }
            }
            RoutingEvent::OfferDeclined {
                ticket, agent, until, ..
            } => {
                pauses.insert((*ticket, agent.clone()), *until);
                queue.here.insert(*ticket, Is::Waiting);
            }
            RoutingEvent::OfferRevoked {
                ticket, agent, reason, ..
            } => {
                if *reason == RevokeReason::TicketMoved {
                    pauses.insert((*ticket, agent.clone()), event.at.plus(seconds(60)));
                }
                if let Some(is) = queue.here.get_mut(ticket) {
                    *is = Is::Waiting;
                }
            }
            RoutingEvent::OfferAccepted { ticket, agent, .. } => {
                owners.insert(*ticket, agent.clone());
                if let Some(is) = queue.here.get_mut(ticket) {
                    *is = Is::Served;
                }
                pauses.retain(|(of, _), _| of != ticket);
            }
            RoutingEvent::TicketDone { ticket } => drop(owners.remove(ticket)),
            RoutingEvent::TicketCancelled { ticket } => drop(queue.here.remove(ticket)),
            _ => {}
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Open { german: bool, priority: Priority },
    Online(usize, bool),
    Work(usize),
    Refuse(usize),
    Requeue(usize),
    Cancel(usize),
    Move(usize),
    Pass(u64),
    Restart,
    Activate,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let priority = prop::sample::select(Priority::ALL.to_vec());
    let step = prop_oneof![
        6 => (any::<bool>(), priority).prop_map(|(german, priority)| Step::Open { german, priority }),
        2 => (0..3usize, any::<bool>()).prop_map(|(agent, online)| Step::Online(agent, online)),
        6 => (0..40usize).prop_map(Step::Work),
        1 => (0..40usize).prop_map(Step::Refuse),
        1 => (0..40usize).prop_map(Step::Requeue),
        1 => (0..40usize).prop_map(Step::Cancel),
        1 => (0..40usize).prop_map(Step::Move),
        1 => (0..40u64).prop_map(Step::Pass),
        1 => Just(Step::Restart),
        1 => Just(Step::Activate),
    ];
    prop::collection::vec(step, 0..80)
}

/// The `nth` ticket in one of these states, in turn.
fn pick(world: &World, nth: usize, states: &[RoutingState]) -> Option<TicketId> {
    let tickets = world
        .tickets()
        .into_iter()
        .filter(|ticket| states.contains(&ticket.state));
    let tickets: Vec<_> = tickets.map(|ticket| ticket.id).collect();
    tickets.get(nth % tickets.len().max(1)).copied()
}

fn run(world: &mut World, number: u128, step: &Step, desk: &CompiledDesk) -> Option<()> {
    use RoutingState::{Assigned, Offered, Queued};
    match step {
        Step::Open { german, priority } => {
            let intake = mail(number).with(*priority);
            world.open(if *german { intake.in_language("de") } else { intake });
        }
        Step::Online(agent, online) => {
            let presence = if *online { Presence::Online } else { Presence::Away };
            world.set_presence(["ana", "bo", "cy"][*agent], presence);
        }
        Step::Work(nth) => {
            let ticket = pick(world, *nth, &[Offered, Assigned])?;
            if world.state(ticket) == Offered {
                world.take(ticket)
            } else {
                world.resolve(ticket)
            }
        }
        Step::Refuse(nth) => {
            let ticket = pick(world, *nth, &[Offered])?;
            world.refuse(ticket);
        }
        Step::Requeue(nth) => {
            let ticket = pick(world, *nth, &[Assigned])?;
            world.run(Command::Requeue { ticket }).unwrap();
        }
        Step::Cancel(nth) => {
            let ticket = pick(world, *nth, &[Queued, Offered])?;
            world.run(Command::Cancel { ticket }).unwrap();
        }
        Step::Move(nth) => {
            let ticket = pick(world, *nth, &[Queued, Offered])?;
            let queue = if world.ticket(ticket).requirement.queue.as_str() == "support" {
                "billing"
            } else {
                "support"
            };
            let to = TransferTarget::Queue(key(queue));
            world.run(Command::Transfer { ticket, to, seen: None }).unwrap();
        }
        Step::Pass(time) => world.pass(seconds(*time)),
        Step::Restart => world.restart(),
        Step::Activate => drop(world.activate(desk.clone()).unwrap()),
    }
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn nobody_who_could_be_served_is_overtaken_more_often(steps in steps(), most in 0..5u32, head in prop_oneof![Just(1u32), Just(200)]) {
        let agents = [agent("ana").capacity(1), agent("bo").speaks("de", Proficiency::C1), agent("cy")];
        let mut desk = bounded(agents, most);
        desk.matching.head = head;
        let mut world = World::staffed(desk.clone());
        for (number, step) in (1..).zip(&steps) {
            run(&mut world, number, step, &desk);
        }
        check(&world, &desk);
    }
}
