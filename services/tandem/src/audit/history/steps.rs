//! The router's state machine, as a table.

use tandem_domain::RoutingState::{
    self, Abandoned, Assigned, Cancelled, Done, Merged, Offered, OnHold, Queued, Scheduled, WrappingUp,
};
use tandem_domain::TicketId;
use tandem_domain::routing::{OwnerChange, RequeueReason, RoutingEvent};

/// What an event does to a ticket: which one, where it must be, and where it is then. None: it moves no ticket.
pub(crate) fn step(event: &RoutingEvent) -> Option<(TicketId, &'static [RoutingState], RoutingState)> {
    use RoutingEvent as E;
    let (ticket, from, to): (_, &[_], _) = match event {
        E::OfferIssued { ticket, .. } => (ticket, &[Queued, Offered], Offered),
        E::OfferAccepted { ticket, .. } => (ticket, &[Offered], Assigned),
        E::OfferDeclined { ticket, .. } | E::OfferExpired { ticket, .. } | E::OfferRevoked { ticket, .. } => {
            (ticket, &[Offered], Queued)
        }
        E::TicketHeld { ticket } => (ticket, &[Assigned], OnHold),
        E::TicketResumed { ticket } => (ticket, &[OnHold], Assigned),
        // A ticket that is taken back from somebody, that moves to another queue, or that is reopened.
        E::TicketRequeued {
            ticket,
            reason: RequeueReason::Due,
            ..
        } => (ticket, &[Scheduled], Queued),
        E::TicketRequeued { ticket, .. } => (ticket, &[Queued, Assigned, OnHold, Done, Scheduled], Queued),
        E::OwnerChanged {
            ticket,
            why: OwnerChange::Pulled,
            ..
        } => (ticket, &[Queued, Assigned, OnHold, Scheduled], Assigned),
        E::OwnerChanged { ticket, .. } => (ticket, &[Assigned], Assigned),
        E::StepEntered { ticket, .. } => (ticket, &[Queued], Queued),
        E::TicketScheduled { ticket, .. } => (ticket, &[Queued, Assigned, OnHold, Scheduled], Scheduled),
        E::TicketMerged { ticket, .. } => (ticket, &[Queued, Assigned, OnHold, Scheduled], Merged),
        E::WrapUpStarted { ticket, .. } => (ticket, &[Assigned, OnHold], WrappingUp),
        E::WrapUpInterrupted { ticket } => (ticket, &[WrappingUp], Assigned),
        // An open offer is taken back before a ticket is resolved or cancelled.
        E::TicketDone { ticket } => (ticket, &[Queued, Assigned, OnHold, WrappingUp, Scheduled], Done),
        E::TicketCancelled { ticket } => (ticket, &[Queued, Assigned, OnHold, WrappingUp, Scheduled], Cancelled),
        E::TicketClosed { ticket } => (ticket, &[Done], Cancelled),
        // Likewise: what anybody has accepted is served, not abandoned.
        E::TicketAbandoned { ticket } => (ticket, &[Queued], Abandoned),
        E::DeskActivated(_)
        | E::TicketOpened { .. }
        | E::MessageAdded { .. }
        | E::PresenceChanged { .. }
        | E::AnswerAdded { .. }
        | E::AnswerDelivered { .. }
        | E::AnswerFailed { .. }
        | E::PriorityChanged { .. }
        | E::AgeAdjusted { .. }
        | E::AvailabilityChanged { .. }
        | E::HelpOffered { .. }
        | E::HelpAccepted { .. }
        | E::HelpRefused { .. }
        | E::HelperLeft { .. }
        | E::TicketSplit { .. } => return None,
    };
    Some((*ticket, from, to))
}
