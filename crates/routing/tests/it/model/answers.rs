//! What customer and desk say to each other, written down in order; what is wanted of it is read off the whole log.

use tandem_domain::routing::{AfterAnswer, DeliveryOutcome};
use tandem_domain::{AgentId, ConversationId, MessageId, Priority, TicketId, Timestamp};

use super::{Model, Place, Ticket};
use crate::invariants::anybody_fits;
use crate::support::answer_id;

/// One thing that was said.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    ByCustomer(Timestamp),
    Note(MessageId),
    Answer {
        message: MessageId,
        at: Timestamp,
        failed: bool,
    },
}

impl Said {
    fn message(&self) -> Option<MessageId> {
        match self {
            Self::ByCustomer(_) => None,
            Self::Note(message) | Self::Answer { message, .. } => Some(*message),
        }
    }
}

impl Ticket {
    /// An answer that failed was never given.
    pub(crate) fn waiting_since(&self) -> Option<Timestamp> {
        self.log
            .iter()
            .fold(None, |waiting: Option<Timestamp>, said| match said {
                Said::ByCustomer(at) => Some(waiting.map_or(*at, |since| since.min(*at))),
                Said::Answer { failed: false, .. } => None,
                Said::Answer { .. } | Said::Note(_) => waiting,
            })
    }

    pub(crate) fn answered_at(&self) -> Option<Timestamp> {
        self.log.iter().rev().find_map(|said| match said {
            Said::Answer { at, failed: false, .. } => Some(*at),
            _ => None,
        })
    }

    pub(crate) fn priority(&self) -> Priority {
        self.intake.priority
    }

    pub(crate) fn conversation(&self) -> ConversationId {
        self.intake.conversation
    }
}

/// Verbs: none where the step is refused.
impl Model {
    pub(super) fn answer(
        &mut self,
        id: TicketId,
        text: u128,
        by: Option<&AgentId>,
        visible: bool,
        then: AfterAnswer,
    ) -> Option<()> {
        let (place, message) = (self.place(id)?, answer_id(text));
        if let Some(author) = by {
            self.agents.iter().find(|agent| agent.id == *author)?;
            let free_for_all = !visible && then == AfterAnswer::Keep;
            (free_for_all || place.owner() == Some(author)).then_some(())?;
        }
        if self.ticket(id).log.iter().any(|said| said.message() == Some(message)) {
            return Some(());
        }
        let can_wait = matches!(place, Place::Assigned(_) | Place::OnHold(_));
        (can_wait || then != AfterAnswer::AwaitCustomer).then_some(())?;
        self.write_down(id, message, visible);
        match (then, place) {
            (AfterAnswer::AwaitCustomer, Place::Assigned(owner)) => self.put(id, Place::OnHold(owner)),
            (AfterAnswer::Resolve, Place::Queued | Place::Offered { .. } | Place::Assigned(_) | Place::OnHold(_)) => {
                self.resolve(id)?;
            }
            _ => {}
        }
        Some(())
    }

    fn write_down(&mut self, id: TicketId, message: MessageId, visible: bool) {
        let at = self.now;
        let ticket = self.ticket_mut(id);
        if visible {
            ticket.undelivered.clear();
            ticket.log.push(Said::Answer {
                message,
                at,
                failed: false,
            });
        } else {
            ticket.log.push(Said::Note(message));
        }
    }

    pub(super) fn report(&mut self, id: TicketId, text: u128, outcome: DeliveryOutcome) -> Option<()> {
        self.place(id)?;
        let message = answer_id(text);
        let ticket = self.ticket_mut(id);
        let answer = ticket.log.iter_mut().find_map(|said| match said {
            Said::Answer {
                message: given, failed, ..
            } if *given == message => Some(failed),
            _ => None,
        });
        let failed = answer?;
        if !*failed && matches!(outcome, DeliveryOutcome::Failed(_)) {
            *failed = true;
            ticket.undelivered.push(message);
        }
        Some(())
    }

    pub(super) fn leave(&mut self, conversation: ConversationId) {
        let same = |ticket: &&Ticket| ticket.intake.conversation == conversation && ticket.place != Place::Closed;
        let Some(ticket) = self.tickets.iter().find(same) else {
            return;
        };
        let id = ticket.id;
        match ticket.place {
            Place::Queued | Place::Offered { .. } => self.put(id, Place::Closed),
            _ => drop(self.resolve(id)),
        }
    }

    pub(super) fn set_priority(&mut self, id: TicketId, to: Priority, escalated: bool) -> Option<()> {
        let open = !matches!(self.place(id)?, Place::WrappingUp(..) | Place::Done(..));
        let ticket = self.ticket_mut(id);
        open.then(|| {
            let wanted = if escalated { to.max(ticket.intake.priority) } else { to };
            ticket.intake.priority = wanted;
        })
    }

    /// From 1, by the queue's order, of what somebody could serve; an offered ticket is next.
    pub(crate) fn place_in_queue(&self, ticket: &Ticket) -> Option<u32> {
        let waits = |other: &&Ticket| {
            let is_servable = || anybody_fits(&self.desk, &self.requirement(other.id));
            other.place == Place::Queued && self.before_in_queue(other, ticket) && is_servable()
        };
        match ticket.place {
            Place::Queued => u32::try_from(1 + self.tickets.iter().filter(waits).count()).ok(),
            Place::Offered { .. } => Some(1),
            _ => None,
        }
    }
}
