//! One turn of the core: a command, and all that follows at once.

use std::collections::BTreeMap;

use tandem_domain::escalation::{Command, EscalationEvent, Rejection};
use tandem_domain::{Actor, Cause, Context, EscalationId, Event, Role, TicketId, Timestamp, Trace};

use crate::state::State;

/// One turn.
pub(crate) struct Turn<'a> {
    pub(crate) state: &'a mut State,
    context: &'a Context,
    out: &'a mut Vec<Event<EscalationEvent>>,
    /// Why what happens now happens.
    pub(crate) origin: Origin,
    /// Tickets' versions that the journal does not know yet.
    pub(crate) versions: BTreeMap<TicketId, u64>,
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The router is followed up to here.
    Followed {
        /// The last record.
        seq: u64,
    },
    /// The escalation as it is now.
    Escalation(EscalationId),
}

/// An event's cause, with the trace that it belongs to.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) cause: Cause,
    pub(crate) trace: Trace,
}

impl Origin {
    /// The time came.
    pub(crate) fn timer() -> Self {
        Self {
            cause: Cause::Timer,
            trace: Trace::default(),
        }
    }

    /// The router's record with this `seq`.
    pub(crate) fn router(state: &State, seq: u64, trace: Trace) -> Self {
        Self {
            cause: Cause::Event(format!("router.{}:{seq}", state.desk).into()),
            trace,
        }
    }
}

impl<'a> Turn<'a> {
    pub(crate) fn new(state: &'a mut State, context: &'a Context, out: &'a mut Vec<Event<EscalationEvent>>) -> Self {
        let origin = Origin {
            cause: context.cause.clone(),
            trace: context.trace.clone(),
        };
        Self {
            state,
            context,
            out,
            origin,
            versions: BTreeMap::new(),
        }
    }

    /// The time of the decision, which decides nothing: it only shows how late it was.
    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Makes something happen: it is applied before anything else is decided.
    pub(crate) fn emit(&mut self, body: EscalationEvent) {
        let event = Event {
            at: self.context.now,
            actor: self.context.actor.clone(),
            cause: self.origin.cause.clone(),
            trace: self.origin.trace.clone(),
            body,
        };
        self.state.apply(&event);
        self.out.push(event);
    }

    pub(crate) fn handle(mut self, command: Command) -> Result<Outcome, Rejection> {
        match command {
            Command::Observe(heard) => self.observe(&heard)?,
            Command::Advance { seq, until } => self.advance(seq, until)?,
            Command::Acknowledge { escalation } => return self.acknowledge(escalation),
            Command::BeginAnew { incarnation } => self.begin_anew(incarnation),
        }
        Ok(Outcome::Followed {
            seq: self.state.followed.0,
        })
    }

    fn advance(&mut self, seq: u64, until: Timestamp) -> Result<(), Rejection> {
        let known = self.state.followed.0;
        if seq > known {
            return Err(Rejection::Missing { seq: known });
        }
        self.fire_until(until);
        Ok(())
    }

    fn acknowledge(&mut self, id: EscalationId) -> Result<Outcome, Rejection> {
        let escalation = self.state.escalations.get(&id);
        let escalation = escalation.ok_or(Rejection::UnknownEscalation(id))?;
        self.check_owner(escalation.clock.ticket)?;
        if escalation.acknowledged.is_none() {
            self.emit(EscalationEvent::EscalationAcknowledged { escalation: id });
        }
        Ok(Outcome::Escalation(id))
    }

    /// Of agents, only the owner speaks for a ticket.
    fn check_owner(&self, id: TicketId) -> Result<(), Rejection> {
        let Actor { role, subject } = &self.context.actor;
        let owner = self.state.tickets.get(&id).and_then(|ticket| ticket.owner.as_ref());
        let is_owner = owner.is_some_and(|owner| owner.as_str() == &**subject);
        if *role == Role::Agent && !is_owner {
            return Err(Rejection::NotOwner(id));
        }
        Ok(())
    }

    fn begin_anew(&mut self, incarnation: u64) {
        if self.state.followed.0 > 0 && self.state.followed.1 == incarnation {
            self.emit(EscalationEvent::BegunAnew);
        }
    }
}
