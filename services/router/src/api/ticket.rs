//! `TicketService`: look at tickets, steer them, ask why.

use std::sync::Arc;

use tandem_domain::routing::{Reply, TicketFilter};
use tandem_domain::{RoutingState, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::ticket_service_server::TicketService;
use tandem_service_kit::auth::{Caller, authorize};
use tonic::{Request, Response, Status, async_trait};

use super::Api;
use crate::convert::{self, Bulk, Draft, FieldError, Write};
use crate::errors::Failure;
use crate::past;
use crate::read;
use tandem_service_kit::page::Page;

const ANOTHER_LOOK: &str = "another look into this desk's journal is under way: try again in a moment";

/// Answers `TicketService`.
pub(crate) struct Tickets(pub(crate) Arc<Api>);

impl Tickets {
    /// Carries out a write on a ticket; the ticket as it is then.
    async fn change<R>(&self, caller: &Caller, request: R) -> Result<Option<v1::Ticket>, Failure>
    where
        Write: TryFrom<R, Error = FieldError>,
    {
        match self.0.submit(caller, Write::try_from(request)?).await? {
            Reply::Ticket(ticket) => Ok(Some(convert::ticket(&ticket))),
            _ => Err(Failure::OtherAnswer),
        }
    }

    async fn get(&self, caller: &Caller, ticket: u64) -> Result<v1::Ticket, Failure> {
        let id = TicketId(convert::number("ticket_id", ticket)?);
        Ok(convert::ticket(&self.0.ticket(&caller.desk, id).await?))
    }

    async fn list(&self, caller: &Caller, request: v1::ListTicketsRequest) -> Result<v1::ListTicketsResponse, Failure> {
        let filter = TicketFilter {
            states: convert::states("states", &request.states)?,
            queue: convert::optional_key("queue", &request.queue)?,
            agent: convert::optional_key("agent", &request.agent)?,
        };
        let question = format!("ListTickets {} {filter:?}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        let (tickets, next) = self.0.tickets(&caller.desk, &filter, &page).await?;
        Ok(v1::ListTicketsResponse {
            tickets: tickets.iter().map(convert::ticket).collect(),
            next_page_token: next,
        })
    }

    async fn explain(&self, caller: &Caller, ticket: u64) -> Result<v1::ExplainTicketResponse, Failure> {
        let id = TicketId(convert::number("ticket_id", ticket)?);
        match self.0.explain(&caller.desk, id).await? {
            Some(explanation) => Ok(convert::explanation(&explanation)),
            None => Err(self.why_unexplained(caller, id).await?),
        }
    }

    async fn explain_past(
        &self,
        caller: &Caller,
        ticket: u64,
        moment: past::Moment,
    ) -> Result<v1::ExplainTicketResponse, Failure> {
        let (api, id) = (&self.0, TicketId(convert::number("ticket_id", ticket)?));
        let head = api.require(&caller.desk).await?;
        moment.require_past(head, api.store.now().await?)?;
        let _turn = api.looks.begin(&caller.desk, ANOTHER_LOOK)?;
        let explanation = past::explain(api.store.as_ref(), &caller.desk, id, moment).await?;
        Ok(convert::explanation(&explanation))
    }

    async fn timeline(
        &self,
        caller: &Caller,
        request: &v1::GetTimelineRequest,
    ) -> Result<v1::GetTimelineResponse, Failure> {
        let (api, id) = (&self.0, TicketId(convert::number("ticket_id", request.ticket_id)?));
        let most = convert::entries(request.max_entries)?;
        api.require(&caller.desk).await?;
        let _turn = api.looks.begin(&caller.desk, ANOTHER_LOOK)?;
        let timeline = past::timeline(api.store.as_ref(), &caller.desk, id, most).await?;
        Ok(convert::timeline(&timeline))
    }

    /// The core has no such ticket: there never was one, or its working state is gone.
    async fn why_unexplained(&self, caller: &Caller, id: TicketId) -> Result<Failure, Failure> {
        let found = read::ended_ticket(self.0.store.as_ref(), &caller.desk, id).await?;
        Ok(match found {
            None => Failure::missing("ticket", &id, "ticket_id"),
            Some(ticket) => match ticket.state {
                state @ (RoutingState::Cancelled | RoutingState::Abandoned | RoutingState::Merged) => {
                    Failure::nothing_to_explain(id, state.as_str())
                }
                _ => Failure::nothing_to_explain(id, "closed"),
            },
        })
    }
}

#[async_trait]
impl TicketService for Tickets {
    async fn get_ticket(
        &self,
        request: Request<v1::GetTicketRequest>,
    ) -> Result<Response<v1::GetTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = Some(self.get(&caller, request.get_ref().ticket_id).await?);
        Ok(Response::new(v1::GetTicketResponse { ticket }))
    }

    async fn list_tickets(
        &self,
        request: Request<v1::ListTicketsRequest>,
    ) -> Result<Response<v1::ListTicketsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let page = self.list(&caller, request.into_inner()).await?;
        Ok(Response::new(page))
    }

    async fn explain_ticket(
        &self,
        request: Request<v1::ExplainTicketRequest>,
    ) -> Result<Response<v1::ExplainTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let explanation = match request.at.map(convert::moment).transpose().map_err(Failure::from)? {
            Some(moment) => self.explain_past(&caller, request.ticket_id, moment).await?,
            None => self.explain(&caller, request.ticket_id).await?,
        };
        Ok(Response::new(explanation))
    }

    async fn get_timeline(
        &self,
        request: Request<v1::GetTimelineRequest>,
    ) -> Result<Response<v1::GetTimelineResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let timeline = self.timeline(&caller, request.get_ref()).await?;
        Ok(Response::new(timeline))
    }

    async fn hold_ticket(
        &self,
        request: Request<v1::HoldTicketRequest>,
    ) -> Result<Response<v1::HoldTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::HoldTicketResponse { ticket }))
    }

    async fn resume_ticket(
        &self,
        request: Request<v1::ResumeTicketRequest>,
    ) -> Result<Response<v1::ResumeTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::ResumeTicketResponse { ticket }))
    }

    async fn requeue_ticket(
        &self,
        request: Request<v1::RequeueTicketRequest>,
    ) -> Result<Response<v1::RequeueTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::RequeueTicketResponse { ticket }))
    }

    async fn transfer_ticket(
        &self,
        request: Request<v1::TransferTicketRequest>,
    ) -> Result<Response<v1::TransferTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::TransferTicketResponse { ticket }))
    }

    async fn resolve_ticket(
        &self,
        request: Request<v1::ResolveTicketRequest>,
    ) -> Result<Response<v1::ResolveTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::ResolveTicketResponse { ticket }))
    }

    async fn finish_wrap_up(
        &self,
        request: Request<v1::FinishWrapUpRequest>,
    ) -> Result<Response<v1::FinishWrapUpResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::FinishWrapUpResponse { ticket }))
    }

    async fn reopen_ticket(
        &self,
        request: Request<v1::ReopenTicketRequest>,
    ) -> Result<Response<v1::ReopenTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::ReopenTicketResponse { ticket }))
    }

    async fn cancel_ticket(
        &self,
        request: Request<v1::CancelTicketRequest>,
    ) -> Result<Response<v1::CancelTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::CancelTicketResponse { ticket }))
    }

    async fn reply(&self, request: Request<v1::ReplyRequest>) -> Result<Response<v1::ReplyResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let draft = Draft::try_from(request.into_inner()).map_err(Failure::from)?;
        Ok(Response::new(self.0.reply(&caller, &draft).await?))
    }

    async fn set_priority(
        &self,
        request: Request<v1::SetPriorityRequest>,
    ) -> Result<Response<v1::SetPriorityResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::SetPriorityResponse { ticket }))
    }

    async fn pull_ticket(
        &self,
        request: Request<v1::PullTicketRequest>,
    ) -> Result<Response<v1::PullTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::PullTicketResponse { ticket }))
    }

    async fn consult_ticket(
        &self,
        request: Request<v1::ConsultTicketRequest>,
    ) -> Result<Response<v1::ConsultTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::ConsultTicketResponse { ticket }))
    }

    async fn end_help(&self, request: Request<v1::EndHelpRequest>) -> Result<Response<v1::EndHelpResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::EndHelpResponse { ticket }))
    }

    async fn hand_over_ticket(
        &self,
        request: Request<v1::HandOverTicketRequest>,
    ) -> Result<Response<v1::HandOverTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::HandOverTicketResponse { ticket }))
    }

    async fn merge_tickets(
        &self,
        request: Request<v1::MergeTicketsRequest>,
    ) -> Result<Response<v1::MergeTicketsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::MergeTicketsResponse { ticket }))
    }

    async fn split_ticket(
        &self,
        request: Request<v1::SplitTicketRequest>,
    ) -> Result<Response<v1::SplitTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::SplitTicketResponse { ticket }))
    }

    async fn schedule_ticket(
        &self,
        request: Request<v1::ScheduleTicketRequest>,
    ) -> Result<Response<v1::ScheduleTicketResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::ScheduleTicketResponse { ticket }))
    }

    async fn adjust_ticket_age(
        &self,
        request: Request<v1::AdjustTicketAgeRequest>,
    ) -> Result<Response<v1::AdjustTicketAgeResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let ticket = self.change(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::AdjustTicketAgeResponse { ticket }))
    }

    async fn bulk_update_tickets(
        &self,
        request: Request<v1::BulkUpdateTicketsRequest>,
    ) -> Result<Response<v1::BulkUpdateTicketsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let bulk = Bulk::try_from(request.into_inner()).map_err(Failure::from)?;
        Ok(Response::new(self.0.update_all(&caller, &bulk).await?))
    }
}
