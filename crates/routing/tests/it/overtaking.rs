//! How often a ticket may be overtaken, where the queue bounds that.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use tandem_domain::desk::AgentProfile;
use tandem_domain::routing::{Command, RevokeReason, RoutingEvent, TransferTarget};
use tandem_domain::{
    AgentId, CompiledDesk, Event, Presence, Priority, Proficiency, Requirement, RoutingState, TicketId, Timestamp,
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
    for number in 2..=5 {
        world.open(mail(number).with(Priority::Urgent));
    }
    world.set_presence("ana", Presence::Online);
    assert_eq!(served(&mut world, 5), [2, 3, 1, 4, 5]);
}

#[test]
fn of_those_overtaken_often_enough_the_oldest_goes_first() {
    let mut world = World::new(bounded([agent("ana").capacity(1)], 1));
    world.open(mail(1).with(Priority::Low));
    world.open(mail(2).with(Priority::Normal));
    for number in 3..=6 {
        world.open(mail(number).with(Priority::Urgent));
    }
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
    for number in 2..=4 {
        world.open(mail(number));
    }
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

/// What one knows of queue `support` from the events and the desk file alone.
struct Record<'a> {
    desk: &'a CompiledDesk,
    /// Tickets, in the order in which they came.
    came: Vec<TicketId>,
    here: BTreeMap<TicketId, Is>,
    requirements: BTreeMap<TicketId, Arc<Requirement>>,
    owners: BTreeMap<TicketId, AgentId>,
    /// Until when whom is passed over for what.
    pauses: BTreeMap<(TicketId, AgentId), Timestamp>,
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Waiting,
    Offered,
    Served,
}

impl<'a> Record<'a> {
    /// Goes through the history: whoever got an offer could not have been offered an older ticket of the queue that had
    /// been overtaken as often as may be.
    fn check(world: &World, desk: &'a CompiledDesk) {
        let mut record = Self {
            desk,
            came: Vec::new(),
            here: BTreeMap::new(),
            requirements: BTreeMap::new(),
            owners: BTreeMap::new(),
            pauses: BTreeMap::new(),
        };
        for event in &world.history {
            record.note(event);
        }
    }

    fn note(&mut self, event: &Event<RoutingEvent>) {
        use RoutingEvent as E;
        match &event.body {
            E::TicketOpened {
                ticket, requirement, ..
            }
            | E::TicketRequeued {
                ticket, requirement, ..
            } => self.queue(*ticket, requirement, event.at),
            E::OfferIssued { ticket, agent, .. } => {
                self.nobody_older_could_go_to(agent, *ticket, event.at);
                self.set(*ticket, Is::Offered);
            }
            E::OfferDeclined {
                ticket, agent, until, ..
            }
            | E::OfferExpired {
                ticket, agent, until, ..
            } => {
                self.pauses.insert((*ticket, agent.clone()), *until);
                self.set(*ticket, Is::Waiting);
            }
            E::OfferRevoked {
                ticket, agent, reason, ..
            } => {
                if *reason == RevokeReason::TicketMoved {
                    self.pause(*ticket, agent, event.at);
                }
                self.set(*ticket, Is::Waiting);
            }
            E::OfferAccepted { ticket, agent, .. } => {
                self.owners.insert(*ticket, agent.clone());
                self.pauses.retain(|(of, _), _| of != ticket);
                self.set(*ticket, Is::Served);
            }
            E::TicketDone { ticket } => drop(self.owners.remove(ticket)),
            E::TicketCancelled { ticket } => drop(self.here.remove(ticket)),
            _ => {}
        }
    }

    fn queue(&mut self, ticket: TicketId, requirement: &Arc<Requirement>, at: Timestamp) {
        if let Some(owner) = self.owners.remove(&ticket) {
            self.pause(ticket, &owner, at);
        }
        self.requirements.insert(ticket, Arc::clone(requirement));
        if requirement.queue.as_str() != "support" {
            self.here.remove(&ticket);
        } else if self.here.get(&ticket).is_none_or(|is| *is == Is::Served) {
            self.came.retain(|other| *other != ticket);
            self.came.push(ticket);
            self.here.insert(ticket, Is::Waiting);
        } else {
            self.set(ticket, Is::Waiting);
        }
    }

    fn pause(&mut self, ticket: TicketId, agent: &AgentId, at: Timestamp) {
        self.pauses.insert((ticket, agent.clone()), at.plus(seconds(60)));
    }

    fn set(&mut self, ticket: TicketId, to: Is) {
        if let Some(is) = self.here.get_mut(&ticket) {
            *is = to;
        }
    }

    fn nobody_older_could_go_to(&self, agent: &AgentId, ticket: TicketId, at: Timestamp) {
        if !self.here.contains_key(&ticket) {
            return;
        }
        let profile = self.desk.agents.iter().find(|profile| profile.id == *agent).unwrap();
        let most = self.desk.queues[0].max_overtaken.unwrap() as usize;
        let older = self.came.iter().take_while(|other| **other != ticket);
        for older in older.filter(|older| self.here.get(older) == Some(&Is::Waiting)) {
            let paused = self
                .pauses
                .get(&(*older, agent.clone()))
                .is_some_and(|until| *until > at);
            let could = fits(self.desk, profile, &self.requirements[older]) && !paused;
            let overtakers = self.overtakers(*older);
            assert!(
                !could || overtakers < most,
                "{older} was overtaken {overtakers} times when {ticket} went to {agent}"
            );
        }
    }

    fn overtakers(&self, ticket: TicketId) -> usize {
        let later = self.came.iter().skip_while(|other| **other != ticket).skip(1);
        later
            .filter(|other| matches!(self.here.get(other), Some(Is::Offered | Is::Served)))
            .count()
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
                world.take(ticket);
            } else {
                world.resolve(ticket);
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
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_who_could_be_served_is_overtaken_more_often(steps in steps(), most in 0..5u32, head in prop_oneof![Just(1u32), Just(200)]) {
        let agents = [agent("ana").capacity(1), agent("bo").speaks("de", Proficiency::C1), agent("cy")];
        let mut desk = bounded(agents, most);
        desk.matching.head = head;
        let mut world = World::staffed(desk.clone());
        for (number, step) in (1..).zip(&steps) {
            run(&mut world, number, step, &desk);
        }
        Record::check(&world, &desk);
    }
}
