//! [`SlaCore`]: the pure state machine behind the escalation service.

use tandem_domain::escalation::{Answer, Command, EscalationEvent, Query, Rejection, Reply};
use tandem_domain::{AgentId, Context, Core, DeskId, Event, RestoreError, RowChange, Timestamp};

use crate::state::State;
use crate::turn::{Outcome, Turn};
use crate::{rows, snapshot};

/// Every clock and escalation of one desk.
#[derive(Debug)]
pub struct SlaCore {
    state: State,
}

impl SlaCore {
    /// When something is due next, unless the router's events change it; the watermark must pass it.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state.next_due()
    }
}

impl Core for SlaCore {
    type Command = Command;
    type Body = EscalationEvent;
    type Outcome = Outcome;
    type Reply = Reply;
    type Rejection = Rejection;
    type Query = Query;
    type Answer = Answer;

    const SNAPSHOT_FORMAT: u32 = snapshot::FORMAT;

    fn new(desk: &DeskId) -> Self {
        Self {
            state: State::new(desk),
        }
    }

    fn handle(
        &mut self,
        command: Command,
        context: &Context,
        out: &mut Vec<Event<EscalationEvent>>,
    ) -> Result<Outcome, Rejection> {
        Turn::new(&mut self.state, context, out).handle(command)
    }

    fn reply(&self, outcome: Outcome) -> Reply {
        match outcome {
            Outcome::Followed { seq } => Reply::Followed { seq },
            Outcome::Escalation(id) => {
                let view = self.state.escalation_view(id);
                Reply::Escalation(Box::new(
                    view.expect("an escalation that was just looked at is still there"),
                ))
            }
        }
    }

    /// Nothing is ever due by the wall clock: see [`Command::Advance`].
    fn tick(&mut self, _context: &Context, _out: &mut Vec<Event<EscalationEvent>>) {}

    fn session_lost(&mut self, _agent: &AgentId, _context: &Context, _out: &mut Vec<Event<EscalationEvent>>) {}

    fn sessions(&self) -> Vec<AgentId> {
        Vec::new()
    }

    fn apply(&mut self, event: &Event<EscalationEvent>) {
        self.state.apply(event);
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        None
    }

    fn query(&self, query: &Query, _now: Timestamp) -> Answer {
        self.state.answer(query)
    }

    fn rows(&self, events: &[Event<EscalationEvent>]) -> Vec<RowChange> {
        rows::changed(&self.state, events)
    }

    fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.state)
    }

    fn restore(desk: &DeskId, format: u32, bytes: &[u8]) -> Result<Self, RestoreError> {
        Ok(Self {
            state: snapshot::read(desk, format, bytes)?,
        })
    }
}
