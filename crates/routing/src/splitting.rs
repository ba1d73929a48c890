//! One ticket becomes two: some of its messages are a ticket of their own.

use std::collections::BTreeSet;

use tandem_domain::routing::{Intake, Rejection, RoutingEvent, StepPlace};
use tandem_domain::{Channel, ConversationId, MessageId, Requirement, RoutingState, TicketId, Timestamp};

use crate::state::State;
use crate::thread::{Received, oldest_by_hand};
use crate::turn::{Outcome, Turn, unknown};

use RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};

impl Turn<'_> {
    /// The new ticket waits in the same queue with the age of its oldest message; the old one stays where it is.
    pub(crate) fn split(
        &mut self,
        ticket: TicketId,
        messages: &[MessageId],
        conversation: ConversationId,
    ) -> Result<Outcome, Rejection> {
        self.permit(ticket, "split", &[Queued, Offered, Assigned, OnHold, Scheduled])?;
        if self.state.demand(self.state.ticket(ticket)).channel == Channel::Chat {
            return Err(Rejection::OneConversation { ticket });
        }
        let moved = self.check_splittable(ticket, messages)?;
        if self.state.on_conversation(conversation).is_some() {
            return Err(Rejection::ConversationTaken { conversation });
        }
        let still_waiting_since = self.still_waiting(ticket, messages);
        let new = TicketId(self.state.last_ticket + 1);
        let intake = self.opening(ticket, &moved, conversation);
        let (requirement, place) = self.first_step(&intake);
        self.emit(RoutingEvent::TicketSplit {
            ticket: new,
            from: ticket,
            intake: Box::new(intake),
            messages: moved.iter().map(|received| received.message).collect(),
            requirement: requirement.into(),
            place,
            still_waiting_since,
        });
        Ok(Outcome::Ticket(new))
    }

    /// The messages that move, oldest first: some of the ticket's, and not all.
    fn check_splittable(&self, ticket: TicketId, messages: &[MessageId]) -> Result<Vec<Received>, Rejection> {
        let thread = &self.state.ticket(ticket).thread;
        let wanted: BTreeSet<_> = messages.iter().copied().collect();
        let found = |message: &MessageId| {
            thread
                .received(*message)
                .ok_or_else(|| unknown("message_ids", &message.to_string(), []))
        };
        let mut moved = wanted.iter().map(found).collect::<Result<Vec<_>, _>>()?;
        if moved.is_empty() || moved.len() == thread.messages.len() {
            return Err(Rejection::NothingToSplit {
                ticket,
                messages: thread.messages.len() as u64,
            });
        }
        moved.sort_by_key(|received| received.at);
        Ok(moved)
    }

    /// Since when the customer waits for an answer to what stays: what was written before that is answered.
    fn still_waiting(&self, ticket: TicketId, moved: &[MessageId]) -> Option<Timestamp> {
        let ticket = self.state.ticket(ticket);
        let since = ticket.answers.waiting_since?;
        let staying = ticket.thread.messages.iter();
        let staying: Vec<_> = staying
            .filter(|received| !moved.contains(&received.message))
            .copied()
            .collect();
        oldest_by_hand(&staying, since)
    }

    /// As if the oldest of the messages had opened the new ticket.
    fn opening(&self, from: TicketId, moved: &[Received], conversation: ConversationId) -> Intake {
        let ticket = self.state.ticket(from);
        let requirement = self.state.requirement(ticket);
        let first = moved.first().expect("a split moves at least one message");
        Intake {
            message: first.message,
            conversation,
            account: ticket.origin.account.clone(),
            channel: requirement.channel,
            queue: requirement.queue.clone(),
            language: ticket.origin.asked.language.clone(),
            skills: ticket.origin.asked.skills.clone(),
            tags: ticket.origin.tags.clone(),
            priority: ticket.priority,
            received_at: first.at,
            automatic: first.automatic,
            customer: ticket.customer,
            tandem: ticket.rare.tandem.clone(),
            due_at: None,
        }
    }
}

impl State {
    /// What the customer still waits for is the event's to say.
    pub(crate) fn take_out(
        &mut self,
        from: TicketId,
        messages: &[MessageId],
        still_waiting_since: Option<Timestamp>,
    ) -> Vec<Received> {
        let old = self.ticket_mut(from);
        let moved = old.thread.take(messages);
        old.messages -= count(&moved);
        old.answers.waiting_since = still_waiting_since;
        moved
    }

    /// The new ticket has no answer yet.
    pub(crate) fn open_with(
        &mut self,
        id: TicketId,
        intake: &Intake,
        messages: Vec<Received>,
        begins: (&Requirement, &StepPlace),
        at: Timestamp,
    ) {
        self.open(id, intake, begins, at);
        let new = self.ticket_mut(id);
        new.messages = count(&messages);
        new.answers.waiting_since = oldest_by_hand(&messages, Timestamp::EPOCH);
        new.thread.messages = messages.into();
    }
}

fn count(messages: &[Received]) -> u32 {
    u32::try_from(messages.len()).expect("a ticket has fewer than 2^32 messages")
}
