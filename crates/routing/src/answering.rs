//! Tickets are answered and noted on, and it becomes known what reached the customer.

use tandem_domain::routing::{AfterAnswer, DeliveryOutcome, Rejection, RoutingEvent};
use tandem_domain::{AgentId, MessageId, RoutingState, TicketId};

use crate::answers::Fate;
use crate::ticket::{Phase, Ticket};
use crate::turn::{Outcome, Turn, unknown};

impl Turn<'_> {
    pub(crate) fn answer(
        &mut self,
        ticket: TicketId,
        message: MessageId,
        author: Option<AgentId>,
        visible: bool,
        then: AfterAnswer,
    ) -> Result<Outcome, Rejection> {
        let known = self.find_ticket(ticket)?;
        self.check_author(known, author.as_ref(), visible || then != AfterAnswer::Keep)?;
        if known.answers.fate(message).is_some() {
            return Ok(Outcome::Ticket(ticket));
        }
        if then == AfterAnswer::AwaitCustomer {
            self.permit(
                ticket,
                "await the customer",
                &[RoutingState::Assigned, RoutingState::OnHold],
            )?;
        }
        self.emit(RoutingEvent::AnswerAdded {
            ticket,
            message,
            author,
            visible,
        });
        self.follow_up(ticket, then);
        Ok(Outcome::Ticket(ticket))
    }

    /// An agent writes under his or her own name: answers on tickets that are the agent's, notes on all.
    fn check_author(&self, ticket: &Ticket, author: Option<&AgentId>, needs_owner: bool) -> Result<(), Rejection> {
        if let Some(caller) = self.calling_agent()?.filter(|caller| Some(caller) != author) {
            return Err(Rejection::NotOwner {
                ticket: ticket.id,
                agent: caller,
            });
        }
        let Some(author) = author else { return Ok(()) };
        let agent = self.find_agent(author)?;
        if needs_owner && ticket.phase.owner() != Some(agent) {
            return Err(Rejection::NotOwner {
                ticket: ticket.id,
                agent: author.clone(),
            });
        }
        Ok(())
    }

    fn follow_up(&mut self, ticket: TicketId, then: AfterAnswer) {
        match (then, self.state.ticket(ticket).phase) {
            (AfterAnswer::AwaitCustomer, Phase::Assigned { .. }) => self.emit(RoutingEvent::TicketHeld { ticket }),
            (AfterAnswer::Resolve, _) => self.end_service(ticket),
            (AfterAnswer::Keep | AfterAnswer::AwaitCustomer, _) => {}
        }
    }

    pub(crate) fn report_delivery(
        &mut self,
        ticket: TicketId,
        message: MessageId,
        outcome: DeliveryOutcome,
    ) -> Result<Outcome, Rejection> {
        // An answer that was underway when its ticket was merged is on the other one now.
        let ticket = self.state.going_on(ticket);
        let fate = self.find_ticket(ticket)?.answers.fate(message);
        let fate = fate.filter(|fate| *fate != Fate::Internal);
        let fate = fate.ok_or_else(|| unknown("message_id", &message.to_string(), []))?;
        match (fate, outcome) {
            (Fate::Underway, DeliveryOutcome::Delivered) => {
                self.emit(RoutingEvent::AnswerDelivered { ticket, message });
            }
            // A mail may come back after it was taken.
            (Fate::Underway | Fate::Delivered, DeliveryOutcome::Failed(reason)) => {
                self.emit(RoutingEvent::AnswerFailed {
                    ticket,
                    message,
                    reason,
                });
            }
            (Fate::Internal | Fate::Delivered | Fate::Failed, _) => {}
        }
        Ok(Outcome::Ticket(ticket))
    }
}
