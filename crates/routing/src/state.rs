//! Everything that the router knows about a desk, and its indices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tandem_domain::desk::{AgentProfile, Choice};
use tandem_domain::routing::StepPlace;
use tandem_domain::{ConversationId, OfferId, Priority, Requirement, TicketId, Timestamp};

use crate::agents::{AgentIx, Agents};
use crate::apply::note_change;
use crate::availability::Edges;
use crate::candidates::Candidates;
use crate::capacity::{Demand, Load, Work};
use crate::classes::{ClassIx, Classes};
use crate::closed::{JustClosed, Whole};
use crate::conversations::Conversations;
use crate::desk::Desk;
use crate::ended::EndedOffers;
use crate::heads::Heads;
use crate::last_agents::LastAgents;
use crate::members::Members;
use crate::news::News;
use crate::numbered::Numbered;
use crate::origins::Origins;
use crate::pace::Pace;
use crate::several::Short;
use crate::ticket::{PassedOver, Phase, Ticket, boxed};
use crate::timers::{Timer, Timers};
use crate::turns::Turns;

/// What is known of tickets that events name.
const OPEN: &str = "events name tickets that are not closed";

/// The facts, and what is derived from them. Facts change in `apply` only; what is derived
/// changes with them and is not in a snapshot.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) desk: Option<Desk>,
    pub(crate) agents: Agents,
    /// Every ticket that is not closed.
    pub(crate) tickets: Numbered<TicketId, Box<Ticket>>,
    pub(crate) conversations: Conversations,
    /// With which ticket one goes on that was merged, while that one is not closed.
    pub(crate) merged: BTreeMap<TicketId, TicketId>,
    /// Open offers.
    pub(crate) offers: Numbered<OfferId, TicketId>,
    pub(crate) ended_offers: EndedOffers,
    pub(crate) classes: Classes,
    pub(crate) timers: Timers,
    pub(crate) edges: Edges,
    pub(crate) short: Short,
    pub(crate) touched: Touched,
    /// Empty between turns: the memory of the last one.
    pub(crate) heads: Heads,
    pub(crate) candidates: Candidates,
    pub(crate) origins: Origins,
    /// By class: how agents are chosen.
    pub(crate) choices: Vec<Choice>,
    pub(crate) just_closed: JustClosed,
    pub(crate) pace: Pace,
    pub(crate) last_agents: LastAgents,
    pub(crate) news: News,
    /// Restored from a snapshot that knew less than the journal.
    pub(crate) of_older: bool,
    pub(crate) last_ticket: u64,
    pub(crate) last_offer: u64,
    /// How many events there were.
    pub(crate) applied: u64,
    /// When the last one was.
    pub(crate) last_at: Timestamp,
    pub(crate) turns: Turns,
}

/// Where the events at hand may have brought an agent and a ticket together.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) agents: Vec<AgentIx>,
    /// Some several times, perhaps.
    pub(crate) classes: Vec<ClassIx>,
    /// Tickets that came into a queue with steps: theirs may be over.
    pub(crate) steps: BTreeSet<TicketId>,
    /// The memory of a list of classes.
    pub(crate) spare: Vec<ClassIx>,
}

impl Touched {
    pub(crate) fn add(&mut self, class: ClassIx) {
        if self.classes.last() != Some(&class) {
            self.classes.push(class);
        }
    }

    /// Keeps the memory for the next turn.
    pub(crate) fn clear(&mut self) {
        self.agents.clear();
        self.classes.clear();
        self.steps.clear();
    }
}

/// Looking things up.
impl State {
    /// The desk in force.
    pub(crate) fn desk(&self) -> &Desk {
        self.desk.as_ref().expect("the first event of a desk is its activation")
    }

    pub(crate) fn ticket(&self, ticket: TicketId) -> &Ticket {
        self.tickets.get(ticket).expect(OPEN)
    }

    pub(crate) fn ticket_mut(&mut self, ticket: TicketId) -> &mut Ticket {
        self.tickets.get_mut(ticket).expect(OPEN)
    }

    /// The ticket on which this conversation is.
    pub(crate) fn on_conversation(&self, conversation: ConversationId) -> Option<TicketId> {
        let is = |ticket| {
            self.tickets
                .get(ticket)
                .is_some_and(|ticket| ticket.is_on(conversation))
        };
        self.conversations.find(conversation, is)
    }

    pub(crate) fn requirement(&self, ticket: &Ticket) -> &Requirement {
        &self.classes.get(ticket.class).requirement
    }

    /// What the ticket asks of an agent's capacity.
    pub(crate) fn demand(&self, ticket: &Ticket) -> Demand {
        self.desk().demand(self.classes.get(ticket.class).demand)
    }

    /// What the ticket takes of somebody's capacity where it is now.
    pub(crate) fn work(&self, ticket: &Ticket) -> Work {
        let demand = self.demand(ticket);
        match ticket.phase {
            Phase::OnHold { .. } => demand.parked(self.desk().channel(demand.channel)),
            _ => demand.at_hand(),
        }
    }

    /// The profile of an agent of the desk.
    pub(crate) fn profile(&self, agent: AgentIx) -> Option<&AgentProfile> {
        self.agents.get(agent).profile.as_deref()
    }

    /// What the agent's tickets take, without `ticket`.
    pub(crate) fn load_without(&self, agent: AgentIx, ticket: TicketId) -> Load {
        let slot = self.agents.get(agent);
        let mut load = slot.load;
        if slot.items.iter().any(|(_, item)| *item == ticket) {
            load.remove(self.work(self.ticket(ticket)));
        }
        load
    }

    /// What the agent's tickets take, one by one: what is reckoned on as they come and go must be this.
    fn load_anew(&self, agent: AgentIx) -> Load {
        let items = self.agents.get(agent).items.iter();
        items.map(|(_, item)| self.work(self.ticket(*item))).collect()
    }
}

/// Changing things, indices included.
impl State {
    /// The class of this requirement, opened if need be.
    pub(crate) fn class_of(&mut self, requirement: &Requirement) -> ClassIx {
        if let Some(class) = self.classes.find(requirement) {
            return class;
        }
        let desk = self.desk.as_ref().expect("the first event of a desk is its activation");
        let fit = Members::of(self.agents.fitting(requirement, desk));
        let fitting: Vec<_> = fit.iter().map(AgentIx::new).collect();
        let policy = desk.queue(&requirement.queue);
        let demand = desk.demand_in(&requirement.queue, requirement.channel);
        let choice = policy.map_or_else(Choice::default, |policy| policy.choice);
        let queue = self.classes.queue_for(&requirement.queue, policy);
        let class = self.classes.add(requirement.clone(), queue, fit, demand);
        self.choices.push(choice);
        for agent in fitting {
            self.agents.get_mut(agent).classes.push(class.at());
        }
        class
    }

    /// Takes in a new ticket and its indices.
    pub(crate) fn insert(&mut self, mut ticket: Ticket) {
        let id = ticket.id;
        if Arc::strong_count(&ticket.origin) == 1 {
            ticket.origin = self.origins.shared(ticket.origin);
        }
        let others = ticket.thread.joined.conversations.iter();
        for conversation in others.chain([&ticket.conversation]) {
            self.go_on_with(*conversation, id);
        }
        if self.tickets.get(id).is_some() {
            self.leave(id);
        }
        self.tickets.insert(id, Box::new(ticket));
        self.enter(id);
    }

    /// From now on the conversation is on this ticket, whichever had it before.
    pub(crate) fn go_on_with(&mut self, conversation: ConversationId, ticket: TicketId) {
        if let Some(before) = self.on_conversation(conversation) {
            self.conversations.remove(conversation, before);
        }
        self.conversations.insert(conversation, ticket);
    }

    /// Moves a ticket on, and all indices with it.
    pub(crate) fn shift(&mut self, id: TicketId, phase: Phase, at: Timestamp) {
        self.alter(id, at, |ticket| ticket.phase = phase);
    }

    /// Puts a ticket, wherever it is, among those that wait with this requirement in this step.
    pub(crate) fn queue(&mut self, id: TicketId, requirement: &Requirement, place: &StepPlace, at: Timestamp) {
        let class = self.class_of(requirement);
        self.alter(id, at, |ticket| {
            (ticket.phase, ticket.class) = (Phase::Queued, class);
            ticket.place = boxed(place);
        });
    }

    /// Notes that the agent has the ticket from now on, for those who are to prefer him or her later.
    pub(crate) fn note_owner(&mut self, id: TicketId, owner: AgentIx, at: Timestamp) {
        let remembers = self.desk().prefers_last_agents();
        let ticket = self.ticket_mut(id);
        ticket.care.last_owner = Some(owner);
        if let Some(customer) = ticket.customer.filter(|_| remembers) {
            self.last_agents.note(customer, owner, at);
        }
    }

    /// Makes a ticket more or less urgent, which may change its place among those that wait.
    pub(crate) fn reprioritise(&mut self, id: TicketId, priority: Priority) {
        self.leave(id);
        let ticket = self.ticket_mut(id);
        ticket.priority = priority;
        ticket.care.reprioritised = ticket.version;
        self.enter(id);
    }

    /// What it does by itself is not done any more.
    pub(crate) fn stop_deadlines(&mut self, id: TicketId) {
        let ticket = self.tickets.get(id).expect(OPEN);
        let timers = &mut self.timers;
        ticket.each_deadline(|at, timer| timers.stop(&(at, id, timer)));
    }

    /// Takes the ticket out of the indices of its phase.
    pub(crate) fn leave(&mut self, id: TicketId) {
        if self.ticket(id).phase == Phase::Queued {
            self.leave_line(id);
        }
        let ticket = self.tickets.get(id).expect(OPEN);
        let (absence, work) = (self.absence_deadline(ticket), self.work(ticket));
        if ticket.phase == Phase::Offered {
            self.short.remove(ticket);
        }
        for offer in &*ticket.care.offers {
            self.offers.remove(offer.id);
        }
        let timers = &mut self.timers;
        ticket.each_deadline(|at, timer| timers.stop(&(at, id, timer)));
        if let Some((at, timer)) = absence {
            timers.stop(&(at, id, timer));
        }
        let agents = &mut self.agents;
        ticket.each_holder(|agent, since| {
            let slot = agents.get_mut(agent);
            slot.items.remove(&(since, id));
            slot.load.remove(work);
        });
    }

    /// Puts the ticket into the indices of its phase.
    pub(crate) fn enter(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (phase, class) = (ticket.phase, ticket.class);
        if phase == Phase::Queued {
            if ticket.place.is_some() {
                self.touched.steps.insert(id);
            }
            self.join_line(id);
            self.touched.add(class);
        }
        let ticket = self.tickets.get(id).expect(OPEN);
        if self.is_short(ticket) {
            self.short.add(ticket);
            self.touched.add(class);
        }
        for offer in &*ticket.care.offers {
            self.offers.insert(offer.id, id);
        }
        let (absence, work) = (self.absence_deadline(ticket), self.work(ticket));
        let timers = &mut self.timers;
        ticket.each_deadline(|at, timer| timers.start((at, id, timer)));
        if let Some((at, timer)) = absence {
            timers.start((at, id, timer));
        }
        let agents = &mut self.agents;
        ticket.each_holder(|agent, since| {
            let slot = agents.get_mut(agent);
            slot.items.insert((since, id));
            slot.load.add(work);
        });
        self.note_arrival(id);
    }

    /// Brings what is derived from an agent's presence and tickets up to date.
    pub(crate) fn refresh(&mut self, agent: AgentIx) {
        debug_assert_eq!(self.agents.get(agent).load, self.load_anew(agent), "a load has drifted");
        let desk = self.desk.as_ref().expect("the first event of a desk is its activation");
        self.agents.rate(agent, desk);
        note_change(&mut self.agents, &mut self.news, agent, self.applied);
        self.touched.agents.push(agent);
        self.candidates.note(agent);
    }

    /// Forgets a closed ticket and its conversation.
    pub(crate) fn forget(&mut self, id: TicketId, at: Timestamp) {
        self.leave(id);
        self.stop_pauses(id);
        let ticket = self.tickets.remove(id).expect(OPEN);
        self.conversations.remove(ticket.conversation, id);
        for conversation in &ticket.thread.joined.conversations {
            self.conversations.remove(*conversation, id);
        }
        for merged in &ticket.thread.joined.merged {
            self.merged.remove(merged);
        }
        let requirement = self.classes.get(ticket.class).requirement.clone();
        self.just_closed.add(at, Whole { ticket, requirement });
    }

    /// Nobody is passed over for this ticket any more.
    pub(crate) fn stop_pauses(&mut self, id: TicketId) {
        self.stop_pauses_if(id, |_| true);
    }

    /// Those agents are passed over for this ticket no more.
    pub(crate) fn stop_pauses_if(&mut self, id: TicketId, over: impl Fn(&PassedOver) -> bool) {
        if self.ticket(id).rare.passed_over.is_empty() {
            return;
        }
        for passed in self
            .ticket_mut(id)
            .rare
            .passed_over
            .extract_if(.., |passed| over(passed))
            .collect::<Vec<_>>()
        {
            self.timers.stop(&(passed.until, id, Timer::PauseEnds(passed.agent)));
        }
    }
}
