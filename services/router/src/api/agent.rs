//! `AgentService`: presence, offers, work lists.

use std::sync::Arc;

use futures::stream::BoxStream;
use tandem_domain::TicketId;
use tandem_domain::routing::Reply;
use tandem_proto::v1;
use tandem_proto::v1::agent_service_server::AgentService;
use tandem_service_kit::auth::{Caller, authorize};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Api, work};
use crate::convert::{self, FieldError, Write};
use crate::errors::Failure;
use tandem_service_kit::page::Page;

/// Answers `AgentService`.
pub(crate) struct Agents(pub(crate) Arc<Api>);

impl Agents {
    async fn change<R>(&self, caller: &Caller, request: R) -> Result<Reply, Failure>
    where
        Write: TryFrom<R, Error = FieldError>,
    {
        self.0.submit(caller, Write::try_from(request)?).await
    }

    async fn list(&self, caller: &Caller, request: &v1::ListAgentsRequest) -> Result<v1::ListAgentsResponse, Failure> {
        let question = format!("ListAgents {}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        let (agents, next) = self.0.agents(&caller.desk, &page).await?;
        Ok(v1::ListAgentsResponse {
            agents: agents.iter().map(convert::agent).collect(),
            next_page_token: next,
        })
    }

    async fn hear(&self, caller: &Caller, agent: &str) -> Result<(), Failure> {
        let agent = caller.acting_as(agent)?;
        self.0.require_agent(&caller.desk, &agent).await?;
        Ok(self.0.desks.touch(&caller.desk, vec![agent]).await?)
    }
}

fn ticket_of(reply: Reply) -> Result<Option<v1::Ticket>, Failure> {
    match reply {
        Reply::Ticket(ticket) => Ok(Some(convert::ticket(&ticket))),
        _ => Err(Failure::OtherAnswer),
    }
}

fn agent_of(reply: Reply) -> Result<Option<v1::Agent>, Failure> {
    match reply {
        Reply::Agent(agent) => Ok(Some(convert::agent(&agent))),
        _ => Err(Failure::OtherAnswer),
    }
}

#[async_trait]
impl AgentService for Agents {
    type WorkStream = BoxStream<'static, Result<v1::WorkResponse, Status>>;

    async fn list_agents(
        &self,
        request: Request<v1::ListAgentsRequest>,
    ) -> Result<Response<v1::ListAgentsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let page = self.list(&caller, request.get_ref()).await?;
        Ok(Response::new(page))
    }

    async fn get_work_list(
        &self,
        request: Request<v1::GetWorkListRequest>,
    ) -> Result<Response<v1::GetWorkListResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let agent = caller.acting_as(&request.get_ref().agent)?;
        let list = self.0.work_list(&caller.desk, &agent).await?;
        let work_list = Some(convert::work_list(&list));
        Ok(Response::new(v1::GetWorkListResponse { work_list }))
    }

    async fn set_presence(
        &self,
        request: Request<v1::SetPresenceRequest>,
    ) -> Result<Response<v1::SetPresenceResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let mut request = request.into_inner();
        request.agent = caller.acting_as(&request.agent)?.into();
        let agent = agent_of(self.change(&caller, request).await?)?;
        Ok(Response::new(v1::SetPresenceResponse { agent }))
    }

    async fn heartbeat(
        &self,
        request: Request<v1::HeartbeatRequest>,
    ) -> Result<Response<v1::HeartbeatResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        self.hear(&caller, &request.get_ref().agent).await?;
        Ok(Response::new(v1::HeartbeatResponse {}))
    }

    async fn accept_offer(
        &self,
        request: Request<v1::AcceptOfferRequest>,
    ) -> Result<Response<v1::AcceptOfferResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let mut request = request.into_inner();
        request.agent = caller.acting_as(&request.agent)?.into();
        let ticket = ticket_of(self.change(&caller, request).await?)?;
        Ok(Response::new(v1::AcceptOfferResponse { ticket }))
    }

    async fn decline_offer(
        &self,
        request: Request<v1::DeclineOfferRequest>,
    ) -> Result<Response<v1::DeclineOfferResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let mut request = request.into_inner();
        request.agent = caller.acting_as(&request.agent)?.into();
        let ticket = ticket_of(self.change(&caller, request).await?)?;
        Ok(Response::new(v1::DeclineOfferResponse { ticket }))
    }

    async fn set_typing(
        &self,
        request: Request<v1::SetTypingRequest>,
    ) -> Result<Response<v1::SetTypingResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let agent = caller.acting_as(&request.agent)?;
        let ticket = TicketId(convert::number("ticket_id", request.ticket_id).map_err(Failure::from)?);
        self.0.show_typing(&caller, &agent, ticket, request.typing).await?;
        Ok(Response::new(v1::SetTypingResponse {}))
    }

    async fn work(&self, request: Request<Streaming<v1::WorkRequest>>) -> Result<Response<Self::WorkStream>, Status> {
        Ok(Response::new(work::open(self.0.clone(), request)))
    }
}
