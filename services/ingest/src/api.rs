//! The service that ingest answers: messages in, messages looked at.

mod answers;
mod convert;
mod pages;

use std::sync::Arc;

use futures::stream::BoxStream;
use tandem_domain::{DeskId, MessageId};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_server::IngestService;
use tandem_service_kit::auth::{Caller, authorize};
use tandem_service_kit::error::ApiError;
use tandem_service_kit::page::Page;
use tandem_store::Store;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::deliveries::{Deliveries, keep};
use crate::directory::Directory;
use crate::instruments::{self, Way, word};
use crate::intake::Taker;
pub(crate) use convert::contact;
use pages::List;

/// `IngestService`.
#[derive(Clone)]
pub struct Api {
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// The desks.
    pub directory: Arc<Directory>,
    /// Takes messages.
    pub taker: Taker,
    /// Answers on their way.
    pub(crate) deliveries: Deliveries,
    /// Cancelled when streams are to move to other processes.
    pub draining: CancellationToken,
}

#[tonic::async_trait]
impl IngestService for Api {
    async fn submit(&self, request: Request<v1::SubmitRequest>) -> Result<Response<v1::SubmitResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let trace = tandem_service_kit::telemetry::inject();
        let desk = self
            .directory
            .desk(&caller.desk)
            .ok_or_else(|| unknown_desk(&caller.desk))?;
        let submitted = convert::submitted(request.into_inner(), &caller, &desk, trace)?;
        let raw = submitted.encode();
        let accepted = self.taker.submitted(&desk, submitted).await;
        instruments::offered(Way::Submission, word(&accepted));
        let accepted = accepted.map_err(ApiError::from)?;
        if accepted.duplicate {
            self.check_repeat(&caller, accepted.id, &raw).await?;
        }
        Ok(Response::new(convert::accepted(&accepted)))
    }

    async fn get_message(
        &self,
        request: Request<v1::GetMessageRequest>,
    ) -> Result<Response<v1::GetMessageResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        let id = convert::message_id(&request.message_id)?;
        let document = self.store.document(&caller.desk, id).await.map_err(ApiError::from)?;
        let document = document.ok_or_else(|| ApiError::not_found("message", id))?;
        let raw = if request.with_raw {
            self.store
                .raw(&caller.desk, id)
                .await
                .map_err(ApiError::from)?
                .unwrap_or_default()
        } else {
            bytes::Bytes::new()
        };
        let message = Some(convert::message(&document).map_err(ApiError::from)?);
        Ok(Response::new(v1::GetMessageResponse { message, raw }))
    }

    async fn list_messages(
        &self,
        request: Request<v1::ListMessagesRequest>,
    ) -> Result<Response<v1::ListMessagesResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let v1::ListMessagesRequest {
            page_size,
            page_token,
            ticket_id,
            ..
        } = request.into_inner();
        let page = Page::of(
            &format!("ListMessages {} {ticket_id}", caller.desk),
            page_size,
            &page_token,
        )?;
        let list = List::Messages {
            ticket: (ticket_id != 0).then_some(ticket_id),
        };
        let (messages, next_page_token) = self.messages(&caller.desk, &list, &page).await?;
        Ok(Response::new(v1::ListMessagesResponse {
            messages,
            next_page_token,
        }))
    }

    async fn list_unrouted(
        &self,
        request: Request<v1::ListUnroutedRequest>,
    ) -> Result<Response<v1::ListUnroutedResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let v1::ListUnroutedRequest {
            page_size, page_token, ..
        } = request.into_inner();
        let page = Page::of(&format!("ListUnrouted {}", caller.desk), page_size, &page_token)?;
        let (messages, next_page_token) = self.messages(&caller.desk, &List::Unrouted, &page).await?;
        Ok(Response::new(v1::ListUnroutedResponse {
            messages,
            next_page_token,
        }))
    }

    async fn list_parked_messages(
        &self,
        request: Request<v1::ListParkedMessagesRequest>,
    ) -> Result<Response<v1::ListParkedMessagesResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let v1::ListParkedMessagesRequest {
            page_size, page_token, ..
        } = request.into_inner();
        let page = Page::of(&format!("ListParkedMessages {}", caller.desk), page_size, &page_token)?;
        let found = self
            .store
            .outbox(&caller.desk, true, pages::after(&page)?, page.size + 1)
            .await
            .map_err(ApiError::from)?;
        let (entries, next_page_token) = page.cut_ahead(found, |entry| entry.id.to_string());
        let items = entries.into_iter().map(convert::parked).collect();
        Ok(Response::new(v1::ListParkedMessagesResponse { items, next_page_token }))
    }

    async fn retry_parked_message(
        &self,
        request: Request<v1::RetryParkedMessageRequest>,
    ) -> Result<Response<v1::RetryParkedMessageResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        convert::request_id(&request.request_id).map_err(ApiError::from)?;
        let id = convert::message_id(&request.message_id)?;
        let retried = self
            .store
            .retry_parked(&caller.desk, id)
            .await
            .map_err(ApiError::from)?;
        self.taker.left.look();
        Ok(Response::new(v1::RetryParkedMessageResponse { retried }))
    }

    async fn store_answer(
        &self,
        request: Request<v1::StoreAnswerRequest>,
    ) -> Result<Response<v1::StoreAnswerResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let trace = tandem_service_kit::telemetry::inject();
        let answer = convert::answer(request.into_inner(), &caller, trace).map_err(ApiError::from)?;
        let Taker {
            store,
            secret,
            ids,
            clock,
            ..
        } = &self.taker;
        let kept = keep(store, secret, (clock.as_ref(), ids.as_ref()), answer).await;
        let message_id = kept.map_err(convert::not_kept)?.to_string();
        Ok(Response::new(v1::StoreAnswerResponse { message_id }))
    }

    type AnswersStream = BoxStream<'static, Result<v1::AnswersResponse, Status>>;

    async fn answers(
        &self,
        request: Request<Streaming<v1::AnswersRequest>>,
    ) -> Result<Response<Self::AnswersStream>, Status> {
        Ok(Response::new(answers::open(self.clone(), request)))
    }

    async fn list_deliveries(
        &self,
        request: Request<v1::ListDeliveriesRequest>,
    ) -> Result<Response<v1::ListDeliveriesResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let v1::ListDeliveriesRequest {
            page_size,
            page_token,
            parked_only,
            ..
        } = request.into_inner();
        let question = format!("ListDeliveries {} {parked_only}", caller.desk);
        let page = Page::of(&question, page_size, &page_token)?;
        let after = page.after.as_deref();
        let open = self.deliveries.open(&caller.desk, parked_only, after, page.size + 1);
        let (open, next_page_token) = page.cut_ahead(open.await.map_err(ApiError::from)?, |(_, job)| job.id.clone());
        let deliveries = open.into_iter().map(convert::delivery).collect();
        Ok(Response::new(v1::ListDeliveriesResponse {
            deliveries,
            next_page_token,
        }))
    }

    async fn retry_delivery(
        &self,
        request: Request<v1::RetryDeliveryRequest>,
    ) -> Result<Response<v1::RetryDeliveryResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        convert::request_id(&request.request_id).map_err(ApiError::from)?;
        let message = convert::message_id(&request.message_id)?;
        let retried = self
            .deliveries
            .retry(&caller.desk, message)
            .await
            .map_err(ApiError::from)?;
        Ok(Response::new(v1::RetryDeliveryResponse { retried }))
    }
}

impl Api {
    /// The same request id with another message is a mistake of the caller's, and must not look like success.
    async fn check_repeat(&self, caller: &Caller, id: MessageId, raw: &[u8]) -> Result<(), ApiError> {
        let stored = self.store.raw(&caller.desk, id).await.map_err(ApiError::from)?;
        if stored.is_some_and(|stored| stored == raw) {
            return Ok(());
        }
        Err(ApiError::invalid_field(
            "request_id",
            "was used for another message: use a new one for a new message",
        ))
    }
}

fn unknown_desk(desk: &DeskId) -> ApiError {
    ApiError::not_found("desk", desk).field("desk", "apply a desk file first")
}
