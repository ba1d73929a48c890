//! [`RoutingCore`]: the pure state machine behind the router.

use tandem_domain::routing::{Answer, Command, Query, Rejection, Reply, RoutingEvent, WorkList};
use tandem_domain::{AgentId, Context, ConversationId, Core, DeskId, Event, RestoreError, RowChange, Timestamp, Trace};

use crate::state::State;
use crate::turn::{Outcome, Turn};
use crate::{rows, snapshot};

/// Everything that the router knows about one desk.
#[derive(Debug)]
pub struct RoutingCore {
    pub(crate) state: State,
}

impl RoutingCore {
    /// The agents whose work lists the last `events` applied events have changed.
    #[must_use]
    pub fn changed_work_lists(&self, events: usize) -> Vec<AgentId> {
        let before = self.state.applied.saturating_sub(events as u64);
        let agents = &self.state.agents;
        let changed = self.state.news.since(before);
        let changed = changed.unwrap_or_else(|| {
            agents
                .all()
                .filter(|agent| agents.get(*agent).changed > before)
                .collect()
        });
        changed.into_iter().map(|agent| agents.get(agent).id.clone()).collect()
    }

    /// An agent's whole work list; none where the desk has no such agent, or the list more than `most` tickets: it is not
    /// made then.
    #[must_use]
    pub fn work_list(&self, agent: &AgentId, most: usize) -> Option<WorkList> {
        let items = &self.state.agents.get(self.state.agents.find(agent)?).items;
        (items.iter().count() <= most).then(|| self.state.work_list(agent))?
    }

    /// The conversations of chats that `events`, already applied, have moved or answered. How others move up in the
    /// queue meanwhile is not among it.
    #[must_use]
    pub fn changed_chats(&self, events: &[Event<RoutingEvent>]) -> Vec<ConversationId> {
        self.state.changed_chats(events)
    }

    /// The trace that a command belongs to: that of the customer's message that it is about. None: one of its own.
    #[must_use]
    pub fn trace_of(&self, command: &Command) -> Option<&Trace> {
        self.state.trace_of(command)
    }
}

impl Core for RoutingCore {
    type Command = Command;
    type Body = RoutingEvent;
    type Outcome = Outcome;
    type Reply = Reply;
    type Rejection = Rejection;
    type Query = Query;
    type Answer = Answer;

    const SNAPSHOT_FORMAT: u32 = snapshot::FORMAT;

    fn new(_desk: &DeskId) -> Self {
        Self {
            state: State::default(),
        }
    }

    fn handle(
        &mut self,
        command: Command,
        context: &Context,
        out: &mut Vec<Event<RoutingEvent>>,
    ) -> Result<Outcome, Rejection> {
        Turn::new(&mut self.state, context, out).handle(command)
    }

    fn reply(&self, outcome: Outcome) -> Reply {
        self.state.reply(outcome)
    }

    fn tick(&mut self, context: &Context, out: &mut Vec<Event<RoutingEvent>>) {
        Turn::new(&mut self.state, context, out).tick();
    }

    fn session_lost(&mut self, agent: &AgentId, context: &Context, out: &mut Vec<Event<RoutingEvent>>) {
        Turn::new(&mut self.state, context, out).session_lost(agent);
    }

    fn sessions(&self) -> Vec<AgentId> {
        self.state.signed_in()
    }

    fn apply(&mut self, event: &Event<RoutingEvent>) {
        self.state.apply(event);
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let edge = self.state.edges.first().map(|(at, _)| *at);
        let gathered = self.state.gathered_until();
        self.state.timers.next().into_iter().chain(edge).chain(gathered).min()
    }

    fn query(&self, query: &Query, now: Timestamp) -> Answer {
        let state = &self.state;
        match query {
            Query::Ticket(ticket) => {
                let ticket = state.tickets.get(*ticket);
                Answer::Ticket(ticket.map(|ticket| Box::new(state.view(ticket))))
            }
            Query::Tickets { filter, after, limit } => Answer::Tickets(state.open_tickets(filter, *after, *limit)),
            Query::WorkList(agent) => Answer::WorkList(state.work_list(agent)),
            Query::Agent(agent) => {
                let agent = state.agents.find(agent);
                Answer::Agent(agent.map(|agent| Box::new(state.agent_view(agent))))
            }
            Query::Agents { after, limit } => Answer::Agents(state.agents_after(after.as_ref(), *limit)),
            Query::Explain(ticket) => Answer::Explain(state.explain(*ticket, now).map(Box::new)),
            Query::Unservable => Answer::Unservable(state.count_unservable()),
            Query::Standing(conversation) => Answer::Standing(state.standing(*conversation, now)),
            Query::Desk => Answer::Desk(state.desk.as_ref().map(|desk| Box::new(desk.compiled.clone()))),
        }
    }

    fn rows(&self, events: &[Event<RoutingEvent>]) -> Vec<RowChange> {
        rows::changed(&self.state, events)
    }

    fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.state)
    }

    fn is_complete(&self) -> bool {
        !self.state.of_older
    }

    fn restore(_desk: &DeskId, format: u32, bytes: &[u8]) -> Result<Self, RestoreError> {
        Ok(Self {
            state: snapshot::read(format, bytes)?,
        })
    }
}
