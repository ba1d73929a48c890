//! One turn of the core: a command, a tick or a lost session, and all that follows at once.

use tandem_domain::routing::{Command, Rejection, Reply, RoutingEvent};
use tandem_domain::{AgentId, Context, Event, Role, RoutingState, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;
use crate::ticket::Ticket;

/// One turn: decides, emits, and leaves nobody idle beside a ticket that he or she could serve.
pub(crate) struct Turn<'a> {
    pub(crate) state: &'a mut State,
    context: &'a Context,
    out: &'a mut Vec<Event<RoutingEvent>>,
    /// Where the desk gathers: whether this is the tick that ends it.
    pub(crate) window_is_over: bool,
}

/// What a command came to: of what the caller is told, once the turn is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This, as it stands.
    Reply(Reply),
    /// The ticket as it is then.
    Ticket(TicketId),
    /// The agent as he or she is then.
    Agent(AgentId),
}

impl<'a> Turn<'a> {
    pub(crate) fn new(state: &'a mut State, context: &'a Context, out: &'a mut Vec<Event<RoutingEvent>>) -> Self {
        Self {
            state,
            context,
            out,
            window_is_over: false,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Makes something happen: it is applied before anything else is decided.
    pub(crate) fn emit(&mut self, body: RoutingEvent) {
        let event = self.context.event(body);
        self.state.apply(&event);
        self.out.push(event);
    }

    pub(crate) fn handle(mut self, command: Command) -> Result<Outcome, Rejection> {
        let outcome = self.decide(command)?;
        self.drain();
        Ok(outcome)
    }

    // Every verb checks first and emits afterwards, so that a refusal has changed nothing.
    fn decide(&mut self, command: Command) -> Result<Outcome, Rejection> {
        if self.state.desk.is_none() && !matches!(command, Command::Activate(_)) {
            return Err(Rejection::NotActivated);
        }
        match command {
            Command::Activate(desk) => self.activate(desk),
            Command::Intake(intake) => Ok(self.intake(intake)),
            Command::SetPresence { agent, presence } => self.set_presence(&agent, presence),
            Command::Accept { agent, offer } => self.accept(&agent, offer),
            Command::Decline { agent, offer, reason } => self.decline(&agent, offer, reason),
            Command::Hold { ticket } => self.hold(ticket),
            Command::Resume { ticket } => self.resume(ticket),
            Command::Requeue { ticket } => self.requeue(ticket),
            Command::Transfer { ticket, to, seen } => self.transfer(ticket, &to, seen),
            Command::SetPriority { ticket, priority, seen } => self.set_priority(ticket, priority, seen),
            Command::Answer {
                ticket,
                message,
                author,
                visible,
                then,
            } => self.answer(ticket, message, author, visible, then),
            Command::ReportDelivery {
                ticket,
                message,
                outcome,
            } => self.report_delivery(ticket, message, outcome),
            Command::CustomerLeft { conversation } => Ok(self.customer_left(conversation)),
            Command::Resolve { ticket } => self.resolve(ticket),
            Command::FinishWrapUp { ticket } => self.finish_wrap_up(ticket),
            Command::Reopen { ticket } => self.reopen(ticket),
            Command::Cancel { ticket } => self.cancel(ticket),
            Command::AdjustAge { ticket, by } => self.adjust_age(ticket, by),
            Command::Pull { ticket, to } => self.pull(ticket, &to),
            Command::Consult { ticket, with } => self.consult(ticket, &with),
            Command::EndHelp { ticket, agent } => self.end_help(ticket, &agent),
            Command::HandOver { ticket, to } => self.hand_over(ticket, &to),
            Command::Merge { ticket, into } => self.merge(ticket, into),
            Command::Split {
                ticket,
                messages,
                conversation,
            } => self.split(ticket, &messages, conversation),
            Command::Schedule { ticket, until } => self.schedule(ticket, until),
        }
    }
}

impl State {
    pub(crate) fn reply(&self, outcome: Outcome) -> Reply {
        match outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Ticket(ticket) => {
                let view = self
                    .view_of(ticket)
                    .expect("a ticket that the last turn dealt with is still known");
                Reply::Ticket(Box::new(view))
            }
            Outcome::Agent(agent) => {
                let agent = self.agents.known(&agent);
                let agent = agent.expect("an agent whom the last turn dealt with is still known");
                Reply::Agent(Box::new(self.agent_view(agent)))
            }
        }
    }
}

/// Checks that several verbs share.
impl Turn<'_> {
    /// The agent whom the request's field `agent` names.
    pub(crate) fn find_agent(&self, id: &AgentId) -> Result<AgentIx, Rejection> {
        let known = self
            .state
            .agents
            .in_order()
            .iter()
            .map(|agent| self.state.agents.get(*agent).id.as_str());
        self.state
            .agents
            .find(id)
            .ok_or_else(|| unknown("agent", id.as_str(), known))
    }

    /// The ticket that the request's field `ticket_id` names.
    pub(crate) fn find_ticket(&self, id: TicketId) -> Result<&Ticket, Rejection> {
        let merged = || {
            let into = self.state.merged.get(&id).copied();
            into.map(|into| Rejection::MergedInto { ticket: id, into })
        };
        let ticket = self.state.tickets.get(id).map(Box::as_ref);
        ticket.ok_or_else(|| merged().unwrap_or_else(|| unknown("ticket_id", &id.to_string(), [])))
    }

    /// The ticket, if the caller may do `action` with it and its state is one of `allowed`.
    pub(crate) fn permit(&self, id: TicketId, action: &str, allowed: &[RoutingState]) -> Result<&Ticket, Rejection> {
        self.check_owner(self.find_ticket(id)?)?;
        self.check_state(id, action, allowed)
    }

    /// The ticket, if its state is one of `allowed`.
    pub(crate) fn check_state(
        &self,
        id: TicketId,
        action: &str,
        allowed: &[RoutingState],
    ) -> Result<&Ticket, Rejection> {
        let ticket = self.find_ticket(id)?;
        let state = ticket.phase.state();
        if allowed.contains(&state) {
            return Ok(ticket);
        }
        let names: Vec<_> = allowed.iter().map(|state| state.as_str()).collect();
        Err(Rejection::WrongState {
            ticket: id,
            state,
            action: action.to_owned(),
            allowed: names.join(" or "),
        })
    }

    /// Agents act on what they own, or owned last; all other roles on every ticket.
    fn check_owner(&self, ticket: &Ticket) -> Result<(), Rejection> {
        let Some(caller) = self.calling_agent()? else {
            return Ok(());
        };
        let owner = ticket.phase.owner().map(|owner| &self.state.agents.get(owner).id);
        if owner == Some(&caller) {
            Ok(())
        } else {
            Err(Rejection::NotOwner {
                ticket: ticket.id,
                agent: caller,
            })
        }
    }

    /// Who calls, if it is an agent.
    pub(crate) fn calling_agent(&self) -> Result<Option<AgentId>, Rejection> {
        let actor = &self.context.actor;
        if actor.role != Role::Agent {
            return Ok(None);
        }
        actor
            .subject
            .parse()
            .map(Some)
            .map_err(|_| unknown("agent", &actor.subject, []))
    }
}

/// A key that does not exist, with the nearest that does.
pub(crate) fn unknown<'a>(field: &str, given: &str, known: impl IntoIterator<Item = &'a str>) -> Rejection {
    const ALIKE: f64 = 0.6;
    let likeness = |key: &&str| strsim::normalized_damerau_levenshtein(given, key);
    let nearest = known.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let similar = nearest.filter(|key| likeness(key) >= ALIKE).map(str::to_owned);
    Rejection::Unknown {
        field: field.to_owned(),
        given: given.to_owned(),
        similar,
    }
}
