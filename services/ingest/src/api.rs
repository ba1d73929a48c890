//! The service that ingest answers: messages in, messages looked at.

mod convert;
mod pages;

use std::sync::Arc;

use tandem_domain::{DeskId, MessageId};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_server::IngestService;
use tandem_service_kit::auth::{Caller, authorize};
use tandem_service_kit::error::ApiError;
use tandem_service_kit::page::Page;
use tandem_store::{Store, StoreError};
use tonic::{Request, Response, Status};

use crate::directory::Directory;
use crate::intake::Taker;
use pages::List;

/// `IngestService`.
pub struct Api {
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// The desks.
    pub directory: Arc<Directory>,
    /// Takes messages.
    pub taker: Taker,
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
        let accepted = self.taker.submitted(&desk, submitted).await.map_err(store_error)?;
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
        let document = self.store.document(&caller.desk, id).await.map_err(store_error)?;
        let document = document.ok_or_else(|| ApiError::not_found("message", id))?;
        let raw = if request.with_raw {
            self.store
                .raw(&caller.desk, id)
                .await
                .map_err(store_error)?
                .unwrap_or_default()
        } else {
            bytes::Bytes::new()
        };
        let message = Some(convert::message(&document).map_err(store_error)?);
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
            .map_err(store_error)?;
        let (entries, next_page_token) = pages::cut(&page, found);
        let items = entries.into_iter().map(convert::parked).collect();
        Ok(Response::new(v1::ListParkedMessagesResponse { items, next_page_token }))
    }

    async fn retry_parked_message(
        &self,
        request: Request<v1::RetryParkedMessageRequest>,
    ) -> Result<Response<v1::RetryParkedMessageResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let request = request.into_inner();
        convert::request_id(&request.request_id)?;
        // An id that is none of ingest's is not parked here; it may be the router's.
        let retried = match request.message_id.parse() {
            Ok(id) => self.store.retry_parked(&caller.desk, id).await.map_err(store_error)?,
            Err(_) => false,
        };
        self.taker.wake.notify_one();
        Ok(Response::new(v1::RetryParkedMessageResponse { retried }))
    }

    async fn store_answer(
        &self,
        _request: Request<v1::StoreAnswerRequest>,
    ) -> Result<Response<v1::StoreAnswerResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    type AnswersStream = futures::stream::BoxStream<'static, Result<v1::AnswersResponse, Status>>;

    async fn answers(
        &self,
        _request: Request<tonic::Streaming<v1::AnswersRequest>>,
    ) -> Result<Response<Self::AnswersStream>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn list_deliveries(
        &self,
        _request: Request<v1::ListDeliveriesRequest>,
    ) -> Result<Response<v1::ListDeliveriesResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn retry_delivery(
        &self,
        _request: Request<v1::RetryDeliveryRequest>,
    ) -> Result<Response<v1::RetryDeliveryResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }
}

impl Api {
    /// The same request id with another message is a mistake of the caller's, and must not look like success.
    async fn check_repeat(&self, caller: &Caller, id: MessageId, raw: &[u8]) -> Result<(), ApiError> {
        let stored = self.store.raw(&caller.desk, id).await.map_err(store_error)?;
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

/// Callers learn what they can do, not what the store is.
fn store_error(error: StoreError) -> ApiError {
    crate::errors::api_error(error)
}
