//! Customers come and go: each message ends up on exactly one ticket, or is unrouted.

use std::sync::Arc;

use tandem_domain::routing::{Intake, Reply, RequeueReason, RoutingEvent, StepPlace};
use tandem_domain::{ConversationId, Presence, Requirement, TicketId};

use crate::agents::AgentIx;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn};

impl Turn<'_> {
    pub(crate) fn intake(&mut self, intake: Box<Intake>) -> Outcome {
        let existing = self.state.on_conversation(intake.conversation);
        Outcome::Reply(match existing {
            Some(ticket) => self.join(ticket, &intake),
            None if intake.automatic => Reply::Unrouted,
            None => self.open(intake),
        })
    }

    fn open(&mut self, intake: Box<Intake>) -> Reply {
        let due_at = intake.due_at;
        let (requirement, place) = self.first_place(&intake);
        let ticket = TicketId(self.state.last_ticket + 1);
        self.emit(RoutingEvent::TicketOpened {
            ticket,
            intake,
            requirement,
            place,
        });
        self.keep_appointment(ticket, due_at);
        Reply::OnTicket { ticket, opened: true }
    }

    /// Where there are no steps, what is alike is asked for alike.
    fn first_place(&mut self, intake: &Intake) -> (Arc<Requirement>, StepPlace) {
        if let Some(requirement) = self.state.origins.requirement(intake) {
            return (requirement, StepPlace::default());
        }
        let (requirement, place) = self.first_step(intake);
        let requirement = Arc::new(requirement);
        if self.state.desk().steps(&requirement.queue).is_empty() {
            self.state.origins.remember(intake, &requirement);
        }
        (requirement, place)
    }

    fn join(&mut self, ticket: TicketId, intake: &Intake) -> Reply {
        let Intake {
            message,
            automatic,
            received_at,
            ..
        } = *intake;
        self.emit(RoutingEvent::MessageAdded {
            ticket,
            message,
            automatic,
            received_at,
        });
        if !automatic {
            self.wake(ticket);
        }
        Reply::OnTicket { ticket, opened: false }
    }

    /// The customer wrote, so the ticket must be on somebody's desk again.
    pub(crate) fn wake(&mut self, ticket: TicketId) {
        match self.state.ticket(ticket).phase {
            Phase::Queued
            | Phase::Offered
            | Phase::Assigned { .. }
            | Phase::Cancelled
            | Phase::Abandoned
            | Phase::Merged { .. } => {}
            Phase::OnHold { owner } if self.is_at_work(owner) => {
                self.emit(RoutingEvent::TicketResumed { ticket });
            }
            Phase::OnHold { .. } | Phase::Scheduled { .. } => self.put_back(ticket, RequeueReason::CustomerReplied),
            Phase::WrappingUp { .. } => self.emit(RoutingEvent::WrapUpInterrupted { ticket }),
            Phase::Done { .. } => self.put_back(ticket, RequeueReason::Reopened),
        }
    }

    /// The customer does not wait any longer: nobody serves what nobody has accepted.
    pub(crate) fn customer_left(&mut self, conversation: ConversationId) -> Outcome {
        let Some(ticket) = self.state.on_conversation(conversation) else {
            return Outcome::Reply(Reply::Unrouted);
        };
        // Somebody may still wait in another of its conversations.
        if !self.state.ticket(ticket).thread.joined.conversations.is_empty() {
            return Outcome::Ticket(ticket);
        }
        match self.state.ticket(ticket).phase {
            Phase::Queued | Phase::Offered => {
                self.revoke_of(ticket);
                self.emit(RoutingEvent::TicketAbandoned { ticket });
            }
            // An appointment stands without the chat in which it was made.
            Phase::Scheduled { .. } => {}
            _ => self.end_service(ticket),
        }
        Outcome::Ticket(ticket)
    }

    /// Whether somebody takes care of what he or she has already.
    fn is_at_work(&self, agent: AgentIx) -> bool {
        matches!(
            self.state.agents.get(agent).presence,
            Presence::Online | Presence::Draining
        )
    }
}
