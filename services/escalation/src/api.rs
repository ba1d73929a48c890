//! `EscalationService`. Handlers read the request, ask the desk's owner or the store, and turn the answer; they decide
//! nothing themselves.

mod lists;

use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{DeskError, Desks, RequestMark, Submission};
use tandem_domain::escalation::{Answer, Command, EscalationView, Preview, Query, Rejection, Reply};
use tandem_domain::{Clock, DeskId, EscalationId};
use tandem_proto::v1;
use tandem_proto::v1::escalation_service_server::EscalationService;
use tandem_service_kit::auth::{Caller, authorize};
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::{instant, number, request_id};
use tandem_service_kit::page::Page;
use tandem_service_kit::telemetry;
use tandem_sla::SlaCore;
use tandem_store::{Store, Stream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tonic::{Request, Response, Status, async_trait};

use crate::jobs::{Job, QUEUE, Way};
use crate::{ROUTER, convert, worker};

/// How long a call waits for a desk to begin here that the router has already.
const NEW_DESK: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Answers `EscalationService`.
pub(crate) struct Api {
    pub(crate) desks: Desks<SlaCore>,
    pub(crate) store: Arc<dyn Store>,
    /// Tells the worker that there is something to do.
    pub(crate) wake: Arc<Notify>,
    /// For tickets that could be opened now.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Api {
    async fn acknowledge(
        &self,
        caller: &Caller,
        request: v1::AcknowledgeEscalationRequest,
    ) -> Result<EscalationView, ApiError> {
        let escalation = EscalationId(number("escalation_id", request.escalation_id)?);
        let submission = Submission {
            command: Command::Acknowledge { escalation },
            actor: caller.actor(),
            request: RequestMark {
                method: "AcknowledgeEscalation".to_owned(),
                id: request_id(&request.request_id)?,
                forever: false,
            },
            rows: Vec::new(),
            trace: telemetry::inject(),
        };
        match self.desks.submit(&caller.desk, submission).await? {
            Reply::Escalation(view) => Ok(*view),
            Reply::Followed { .. } => Err(other_answer()),
        }
    }

    async fn preview(&self, desk: &DeskId, request: v1::PreviewEscalationRequest) -> Result<Preview, ApiError> {
        let facts = convert::facts(&request)?;
        let opened_at = match request.opened_at {
            None => self.clock.now(),
            given => instant("opened_at", given)?,
        };
        match self.query(desk, &Query::Preview { facts, opened_at }).await? {
            Answer::Preview(preview) => Ok(preview),
            _ => Err(other_answer()),
        }
    }

    /// By hand, a webhook that answered 410 may be called again.
    async fn retry(&self, desk: &DeskId, id: &str) -> Result<bool, ApiError> {
        if let Some((Way::Webhook, contact)) = Job::receiver_of(id) {
            worker::forget_gone(self.store.as_ref(), desk, &contact).await?;
        }
        let retried = self.store.retry_job(QUEUE, desk, id).await?;
        self.wake.notify_one();
        Ok(retried)
    }

    /// Asks the desk's owner. A desk of which only the router knows yet begins here within moments, and is waited for.
    async fn query(&self, desk: &DeskId, query: &Query) -> Result<Answer, ApiError> {
        let give_up = Instant::now() + NEW_DESK;
        loop {
            match self.desks.query(desk, query.clone()).await {
                Err(DeskError::UnknownDesk(_)) => self.require(desk).await?,
                outcome => return Ok(outcome?),
            }
            if Instant::now() >= give_up {
                return Err(DeskError::<Rejection>::Unavailable("it is new".to_owned()).into());
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Refuses a desk that the router does not know, where an empty answer would hide that.
    async fn require(&self, desk: &DeskId) -> Result<(), ApiError> {
        let stream = Stream::new(ROUTER, desk.clone());
        match self.store.tail(&stream).await? {
            Some(_) => Ok(()),
            None => Err(DeskError::<Rejection>::UnknownDesk(desk.clone()).into()),
        }
    }
}

fn other_answer() -> ApiError {
    ApiError::internal("the desk gave an answer to another question")
}

#[async_trait]
impl EscalationService for Api {
    async fn list_clocks(
        &self,
        request: Request<v1::ListClocksRequest>,
    ) -> Result<Response<v1::ListClocksResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let filter = convert::clock_filter(&request).map_err(ApiError::from)?;
        let question = format!("ListClocks {} {filter:?}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        let (clocks, next_page_token) = self.clocks(&caller.desk, filter, &page).await?;
        Ok(Response::new(v1::ListClocksResponse {
            clocks: clocks.iter().map(convert::clock).collect(),
            next_page_token,
        }))
    }

    async fn list_escalations(
        &self,
        request: Request<v1::ListEscalationsRequest>,
    ) -> Result<Response<v1::ListEscalationsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let filter = convert::escalation_filter(&request).map_err(ApiError::from)?;
        let question = format!("ListEscalations {} {filter:?}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        let (escalations, next_page_token) = self.escalations(&caller.desk, &filter, &page).await?;
        Ok(Response::new(v1::ListEscalationsResponse {
            escalations: escalations.iter().map(convert::escalation).collect(),
            next_page_token,
        }))
    }

    async fn acknowledge_escalation(
        &self,
        request: Request<v1::AcknowledgeEscalationRequest>,
    ) -> Result<Response<v1::AcknowledgeEscalationResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let view = self.acknowledge(&caller, request.into_inner()).await?;
        Ok(Response::new(v1::AcknowledgeEscalationResponse {
            escalation: Some(convert::escalation(&view)),
        }))
    }

    async fn preview_escalation(
        &self,
        request: Request<v1::PreviewEscalationRequest>,
    ) -> Result<Response<v1::PreviewEscalationResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let preview = self.preview(&caller.desk, request.into_inner()).await?;
        Ok(Response::new(convert::preview(&preview)))
    }

    async fn list_notifications(
        &self,
        request: Request<v1::ListNotificationsRequest>,
    ) -> Result<Response<v1::ListNotificationsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let question = format!("ListNotifications {} {}", caller.desk, request.failed_only);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        self.require(&caller.desk).await?;
        let (notifications, next_page_token) = self.notifications(&caller.desk, request.failed_only, &page).await?;
        Ok(Response::new(v1::ListNotificationsResponse {
            notifications,
            next_page_token,
        }))
    }

    async fn retry_notification(
        &self,
        request: Request<v1::RetryNotificationRequest>,
    ) -> Result<Response<v1::RetryNotificationResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        request_id(&request.request_id).map_err(ApiError::from)?;
        let retried = self.retry(&caller.desk, &request.notification_id).await?;
        Ok(Response::new(v1::RetryNotificationResponse { retried }))
    }
}
