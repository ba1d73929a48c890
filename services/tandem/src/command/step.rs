//! What can be done with a ticket, as one call each.

use tandem_proto::v1;
use tandem_proto::v1::transfer_ticket_request::Target;
use tonic::Status;

use crate::client::{Client, request_id};

/// A step of a ticket's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Hold,
    Resume,
    Requeue,
    Transfer(Target),
    Prioritize(v1::Priority),
    Resolve,
    Finish,
    Reopen,
    Cancel,
}

/// The requests differ in nothing but their type.
macro_rules! call {
    ($tickets:ident.$method:ident($request:ident), $desk:ident, $ticket:ident) => {
        $tickets
            .$method(v1::$request {
                desk: $desk,
                request_id: request_id(),
                ticket_id: $ticket,
            })
            .await?
            .into_inner()
            .ticket
    };
}

/// Takes the step; returns the ticket as it is then.
pub(crate) async fn take(client: &Client, desk: String, ticket: u64, step: Step) -> Result<v1::Ticket, Status> {
    let mut tickets = client.tickets();
    let taken = match step {
        Step::Hold => call!(tickets.hold_ticket(HoldTicketRequest), desk, ticket),
        Step::Resume => call!(tickets.resume_ticket(ResumeTicketRequest), desk, ticket),
        Step::Requeue => call!(tickets.requeue_ticket(RequeueTicketRequest), desk, ticket),
        Step::Resolve => call!(tickets.resolve_ticket(ResolveTicketRequest), desk, ticket),
        Step::Finish => call!(tickets.finish_wrap_up(FinishWrapUpRequest), desk, ticket),
        Step::Reopen => call!(tickets.reopen_ticket(ReopenTicketRequest), desk, ticket),
        Step::Cancel => call!(tickets.cancel_ticket(CancelTicketRequest), desk, ticket),
        Step::Transfer(target) => {
            let request = v1::TransferTicketRequest {
                desk,
                request_id: request_id(),
                ticket_id: ticket,
                target: Some(target),
                seen_version: None,
            };
            tickets.transfer_ticket(request).await?.into_inner().ticket
        }
        Step::Prioritize(priority) => {
            let request = v1::SetPriorityRequest {
                desk,
                request_id: request_id(),
                ticket_id: ticket,
                priority: priority.into(),
                seen_version: None,
            };
            tickets.set_priority(request).await?.into_inner().ticket
        }
    };
    taken.ok_or_else(|| Status::internal("the answer holds no ticket"))
}
