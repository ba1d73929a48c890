//! A desk under test. Every step also checks the core's laws and invariants, so each test of a
//! rule tests them too.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::explain::Explanation;
use tandem_domain::routing::{
    AfterAnswer, AgentView, Answer, Command, DeclineReason, DeliveryOutcome, Intake, Query, Rejection, Reply,
    RoutingEvent, Standing, TicketFilter, TicketView, TransferTarget, WorkList,
};
use tandem_domain::{
    Actor, Cause, CompiledDesk, Context, Core, DeskId, Event, MessageId, OfferId, Presence, RoutingState, TicketId,
    Timestamp, Trace,
};
use tandem_routing::{RoutingCore, rows};

use crate::invariants;
use crate::support::{agent_id, conversation_id, key, supervisor};

/// The read model: table and key to value.
pub(crate) type ReadModel = BTreeMap<(&'static str, String), Vec<u8>>;

pub(crate) struct World {
    pub(crate) core: RoutingCore,
    /// Fed with nothing but the events.
    replica: RoutingCore,
    /// Fed with the same commands, and never restarted.
    twin: RoutingCore,
    pub(crate) now: Timestamp,
    /// Under which commands come.
    pub(crate) trace: Trace,
    pub(crate) history: Vec<Event<RoutingEvent>>,
    /// How long the history was before the last turn.
    turn: usize,
    pub(crate) read_model: ReadModel,
    /// On which ticket each message is, by the events alone.
    pub(crate) messages: BTreeMap<MessageId, TicketId>,
}

pub(crate) fn desk_id() -> DeskId {
    key("acme")
}

/// Making time pass and commands happen.
impl World {
    pub(crate) fn empty() -> Self {
        let new = || RoutingCore::new(&desk_id());
        Self {
            core: new(),
            replica: new(),
            twin: new(),
            now: Timestamp::from_micros(1_800_000_000_000_000),
            trace: Trace::default(),
            history: Vec::new(),
            turn: 0,
            read_model: ReadModel::new(),
            messages: BTreeMap::new(),
        }
    }

    pub(crate) fn new(desk: CompiledDesk) -> Self {
        let mut world = Self::empty();
        world.activate(desk).unwrap();
        world
    }

    /// With everybody online, in the file's order.
    pub(crate) fn staffed(desk: CompiledDesk) -> Self {
        let agents: Vec<_> = desk.agents.iter().map(|agent| agent.id.clone()).collect();
        let mut world = Self::new(desk);
        for agent in agents {
            world.set_presence(agent.as_str(), Presence::Online);
        }
        world
    }

    pub(crate) fn context(&self, actor: Actor) -> Context {
        let cause = Cause::Request {
            method: "test".into(),
            id: self.history.len().to_string().into(),
        };
        Context {
            now: self.now,
            actor,
            cause,
            trace: self.trace.clone(),
        }
    }

    /// Of what the desk does by itself.
    fn own_context(&self, cause: Cause) -> Context {
        Context {
            cause,
            ..self.context(Actor::service("router"))
        }
    }

    pub(crate) fn run_as(&mut self, actor: Actor, command: Command) -> Result<Reply, Rejection> {
        let before = self.core.snapshot();
        let context = self.context(actor);
        let mut events = Vec::new();
        let outcome = self.core.handle(command.clone(), &context, &mut events);
        let twins = self.of_twin(|twin, out| assert_eq!(twin.handle(command, &context, out), outcome));
        assert_eq!(events, twins);
        if outcome.is_err() {
            assert!(events.is_empty(), "a refusal emitted {events:?}");
            assert!(before == self.core.snapshot(), "a refusal changed the state");
        }
        let reply = outcome.map(|outcome| self.core.reply(outcome));
        self.settle(events);
        reply
    }

    pub(crate) fn run(&mut self, command: Command) -> Result<Reply, Rejection> {
        self.run_as(supervisor(), command)
    }

    /// Lets time pass; ticks when the core wants it.
    pub(crate) fn pass(&mut self, by: Duration) {
        let end = self.now.plus(by);
        while let Some(at) = self.core.next_wakeup().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let mut events = Vec::new();
            let context = self.own_context(Cause::Timer);
            self.core.tick(&context, &mut events);
            assert_eq!(events, self.of_twin(|twin, out| twin.tick(&context, out)));
            self.settle(events);
            assert!(
                self.core.next_wakeup() > Some(self.now) || self.core.next_wakeup().is_none(),
                "ticks in a circle"
            );
        }
        self.now = end;
    }

    /// Moves the clock without a tick: what is due has not been done yet.
    pub(crate) fn skip(&mut self, by: Duration) {
        self.now = self.now.plus(by);
    }

    pub(crate) fn lose_session(&mut self, agent: &str) {
        let mut events = Vec::new();
        let context = self.own_context(Cause::SessionLost);
        self.core.session_lost(&agent_id(agent), &context, &mut events);
        assert_eq!(
            events,
            self.of_twin(|twin, out| twin.session_lost(&agent_id(agent), &context, out))
        );
        self.settle(events);
    }

    /// As after a restart: everything comes from a snapshot.
    pub(crate) fn restart(&mut self) {
        let bytes = self.core.snapshot();
        self.core = RoutingCore::restore(&desk_id(), RoutingCore::SNAPSHOT_FORMAT, &bytes).unwrap();
        assert!(
            bytes == self.core.snapshot(),
            "a restored state writes another snapshot"
        );
    }

    fn of_twin(
        &mut self,
        act: impl FnOnce(&mut RoutingCore, &mut Vec<Event<RoutingEvent>>),
    ) -> Vec<Event<RoutingEvent>> {
        let mut events = Vec::new();
        act(&mut self.twin, &mut events);
        events
    }

    fn settle(&mut self, events: Vec<Event<RoutingEvent>>) {
        for event in &events {
            self.replica.apply(event);
        }
        assert!(
            self.replica.snapshot() == self.core.snapshot(),
            "replaying {events:?} gives another state"
        );
        for change in self.core.rows(&events) {
            let value = change.value.expect("what has ended stays");
            let before = self.read_model.insert((change.table, change.key), value);
            assert!(before.is_none() || change.table == rows::DESK, "a row is written once");
        }
        for event in &events {
            self.note_messages(&event.body);
        }
        self.turn = self.history.len();
        self.history.extend(events);
        invariants::check(self);
    }
}

/// Following.
impl World {
    fn note_messages(&mut self, event: &RoutingEvent) {
        match event {
            RoutingEvent::TicketOpened { ticket, intake, .. } => {
                assert_eq!(self.messages.insert(intake.message, *ticket), None);
            }
            RoutingEvent::MessageAdded { ticket, message, .. } => {
                assert_eq!(self.messages.insert(*message, *ticket), None);
            }
            RoutingEvent::TicketMerged { ticket, into, .. } => {
                let moved = self.messages.values_mut().filter(|on| *on == ticket);
                moved.for_each(|on| *on = *into);
            }
            RoutingEvent::TicketSplit {
                ticket, from, messages, ..
            } => {
                for message in messages {
                    assert_eq!(self.messages.insert(*message, *ticket), Some(*from));
                }
            }
            _ => {}
        }
    }
}

/// Commands.
impl World {
    pub(crate) fn activate(&mut self, desk: CompiledDesk) -> Result<Reply, Rejection> {
        self.run(Command::Activate(Box::new(desk)))
    }

    pub(crate) fn intake(&mut self, intake: Intake) -> Reply {
        self.run(Command::Intake(Box::new(intake))).unwrap()
    }

    /// Takes in a message that opens a ticket.
    pub(crate) fn open(&mut self, intake: Intake) -> TicketId {
        match self.intake(intake) {
            Reply::OnTicket { ticket, opened: true } => ticket,
            other => panic!("not opened: {other:?}"),
        }
    }

    pub(crate) fn set_presence(&mut self, agent: &str, presence: Presence) {
        self.run(Command::SetPresence {
            agent: agent_id(agent),
            presence,
        })
        .unwrap();
    }

    pub(crate) fn accept(&mut self, agent: &str, offer: OfferId) -> Result<Reply, Rejection> {
        self.run(Command::Accept {
            agent: agent_id(agent),
            offer,
        })
    }

    pub(crate) fn decline(&mut self, agent: &str, offer: OfferId) -> Result<Reply, Rejection> {
        self.run(Command::Decline {
            agent: agent_id(agent),
            offer,
            reason: DeclineReason::Busy,
        })
    }

    /// The agent to whom the ticket is offered takes it.
    pub(crate) fn take(&mut self, ticket: TicketId) {
        let offer = self.ticket(ticket).offer.expect("an offer");
        self.accept(offer.agent.as_str(), offer.id).unwrap();
    }

    /// The agent to whom the ticket is offered declines it.
    pub(crate) fn refuse(&mut self, ticket: TicketId) {
        let offer = self.ticket(ticket).offer.expect("an offer");
        self.decline(offer.agent.as_str(), offer.id).unwrap();
    }

    pub(crate) fn hold(&mut self, ticket: TicketId) {
        self.run(Command::Hold { ticket }).unwrap();
    }

    pub(crate) fn resolve(&mut self, ticket: TicketId) {
        self.run(Command::Resolve { ticket }).unwrap();
    }

    pub(crate) fn transfer_to_queue(&mut self, ticket: TicketId, queue: &str) -> Result<Reply, Rejection> {
        self.run(Command::Transfer {
            ticket,
            to: TransferTarget::Queue(key(queue)),
            seen: None,
        })
    }

    pub(crate) fn transfer_to_agent(&mut self, ticket: TicketId, agent: &str) -> Result<Reply, Rejection> {
        self.run(Command::Transfer {
            ticket,
            to: TransferTarget::Agent(key(agent)),
            seen: None,
        })
    }

    /// Answers the customer; a supervisor does, if nobody is named.
    pub(crate) fn answer(&mut self, ticket: TicketId, message: MessageId, author: Option<&str>) {
        self.run(Command::Answer {
            ticket,
            message,
            author: author.map(key),
            visible: true,
            then: AfterAnswer::Keep,
        })
        .unwrap();
    }

    pub(crate) fn report(&mut self, ticket: TicketId, message: MessageId, outcome: DeliveryOutcome) {
        self.run(Command::ReportDelivery {
            ticket,
            message,
            outcome,
        })
        .unwrap();
    }

    /// The customer of this conversation does not wait any longer.
    pub(crate) fn leave(&mut self, conversation: u128) {
        self.run(Command::CustomerLeft {
            conversation: conversation_id(conversation),
        })
        .unwrap();
    }
}

/// Looking.
impl World {
    pub(crate) fn desk(&self) -> Option<CompiledDesk> {
        match self.core.query(&Query::Desk, self.now) {
            Answer::Desk(desk) => desk.map(|desk| *desk),
            other => panic!("{other:?}"),
        }
    }

    /// Everybody on the desk, in the file's order.
    pub(crate) fn agents(&self) -> Vec<AgentView> {
        let query = Query::Agents {
            after: None,
            limit: usize::MAX,
        };
        let mut agents = match self.core.query(&query, self.now) {
            Answer::Agents(agents) => agents,
            other => panic!("{other:?}"),
        };
        let desk = self.desk().expect("an active desk");
        agents.sort_by_key(|agent| desk.agents.iter().position(|profile| profile.id == agent.id));
        agents
    }

    pub(crate) fn agent(&self, id: &str) -> AgentView {
        self.agents()
            .into_iter()
            .find(|agent| agent.id.as_str() == id)
            .expect("an agent")
    }

    pub(crate) fn work_list(&self, agent: &str) -> Option<WorkList> {
        match self.core.query(&Query::WorkList(agent_id(agent)), self.now) {
            Answer::WorkList(list) => list,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn explain(&self, ticket: TicketId) -> Option<Explanation> {
        match self.core.query(&Query::Explain(ticket), self.now) {
            Answer::Explain(explanation) => explanation.map(|explanation| *explanation),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn standing(&self, conversation: u128) -> Option<Standing> {
        match self
            .core
            .query(&Query::Standing(conversation_id(conversation)), self.now)
        {
            Answer::Standing(standing) => standing,
            other => panic!("{other:?}"),
        }
    }

    /// Every ticket that there ever was: those that have ended from their rows, all others from memory.
    pub(crate) fn tickets(&self) -> Vec<TicketView> {
        let mut tickets = self.open_tickets(&TicketFilter::default());
        tickets.extend(self.ended_tickets());
        tickets.sort_by_key(|ticket| ticket.id);
        tickets
    }

    /// What the core knows of the tickets that have not ended.
    pub(crate) fn open_tickets(&self, filter: &TicketFilter) -> Vec<TicketView> {
        let query = Query::Tickets {
            filter: filter.clone(),
            after: TicketId(0),
            limit: usize::MAX,
        };
        match self.core.query(&query, self.now) {
            Answer::Tickets(page) => page.tickets,
            other => panic!("{other:?}"),
        }
    }

    /// What the rows say of the others.
    pub(crate) fn ended_tickets(&self) -> Vec<TicketView> {
        let rows = self.read_model.iter().filter(|((table, _), _)| *table == rows::TICKET);
        rows.map(|(_, value)| serde_json::from_slice(value).unwrap()).collect()
    }

    pub(crate) fn ticket(&self, ticket: TicketId) -> TicketView {
        if let Answer::Ticket(Some(view)) = self.core.query(&Query::Ticket(ticket), self.now) {
            return *view;
        }
        let row = &self.read_model[&(rows::TICKET, rows::number(ticket.0))];
        serde_json::from_slice(row).unwrap()
    }

    pub(crate) fn state(&self, ticket: TicketId) -> RoutingState {
        self.ticket(ticket).state
    }

    /// To whom the ticket is offered.
    pub(crate) fn offered_to(&self, ticket: TicketId) -> Option<String> {
        self.ticket(ticket).offer.map(|offer| offer.agent.to_string())
    }

    pub(crate) fn owner(&self, ticket: TicketId) -> Option<String> {
        self.ticket(ticket).owner.map(|owner| owner.to_string())
    }

    pub(crate) fn offer_of(&self, ticket: TicketId) -> OfferId {
        self.ticket(ticket).offer.expect("an offer").id
    }

    /// What the last command, tick or lost session led to.
    pub(crate) fn last_turn(&self) -> &[Event<RoutingEvent>] {
        &self.history[self.turn..]
    }

    /// What happened before that.
    pub(crate) fn before_last_turn(&self) -> &[Event<RoutingEvent>] {
        &self.history[..self.turn]
    }

    /// What happened since there were `seen` events.
    pub(crate) fn since(&self, seen: usize) -> Vec<&RoutingEvent> {
        self.history[seen..].iter().map(|event| &event.body).collect()
    }
}
