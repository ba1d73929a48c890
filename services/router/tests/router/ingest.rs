//! An ingest that keeps answers, and nothing else.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use tandem_domain::{Clock, IdSource};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_server::{IngestService, IngestServiceServer};
use tandem_service_kit::config::Secret;
use tandem_service_kit::grpc::{Credentials, Peer};
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tonic::codegen::tokio_stream::Empty;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// The token by which the router is known to it.
const TOKEN: &str = "the-routers-token";

/// Its address, and what it was asked to keep.
#[derive(Clone)]
pub(crate) struct FakeIngest {
    address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By desk, caller and request id: the message, and how it was asked for first.
    kept: BTreeMap<(String, String, String), (String, v1::StoreAnswerRequest)>,
    refuses: Option<Status>,
    /// Refuses so many first, and has no such conversation.
    hears_late: u32,
}

impl FakeIngest {
    /// Answers until the test's runtime ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::default();
        let fake = Self { address, state };
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        let server = Server::builder().add_service(IngestServiceServer::new(fake.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        fake
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer::new(self.address.clone(), Credentials::fixed(Secret::new(TOKEN.to_owned())))
    }

    /// Every message that was kept, once.
    pub(crate) fn kept(&self) -> Vec<(String, v1::StoreAnswerRequest)> {
        self.state
            .lock()
            .expect("nobody panics with it")
            .kept
            .values()
            .cloned()
            .collect()
    }

    /// It does not know the conversation before it is asked for the third time, as right after a split.
    pub(crate) fn hears_late(&self) {
        self.state.lock().expect("nobody panics with it").hears_late = 2;
    }

    /// From now on every answer is refused so; none: kept again.
    pub(crate) fn refuse(&self, status: Option<Status>) {
        self.state.lock().expect("nobody panics with it").refuses = status;
    }
}

#[async_trait]
impl IngestService for FakeIngest {
    type AnswersStream = Empty<Result<v1::AnswersResponse, Status>>;

    async fn store_answer(
        &self,
        request: Request<v1::StoreAnswerRequest>,
    ) -> Result<Response<v1::StoreAnswerResponse>, Status> {
        let token = request.metadata().get("authorization").expect("a token");
        assert_eq!(token, format!("Bearer {TOKEN}").as_str());
        let request = request.into_inner();
        let mut state = self.state.lock().expect("nobody panics with it");
        if let Some(fewer) = state.hears_late.checked_sub(1) {
            state.hears_late = fewer;
            return Err(Status::not_found("there is no such conversation"));
        }
        if let Some(status) = &state.refuses {
            return Err(status.clone());
        }
        let name = (request.desk.clone(), request.caller.clone(), request.request_id.clone());
        let (message_id, first) = state.kept.entry(name).or_insert_with(|| {
            let id = SystemIds.next(SystemClock.now());
            (id.to_string(), request.clone())
        });
        if *first != request {
            return Err(Status::invalid_argument("the request id was used for another answer"));
        }
        let message_id = message_id.clone();
        Ok(Response::new(v1::StoreAnswerResponse { message_id }))
    }

    async fn submit(&self, _: Request<v1::SubmitRequest>) -> Result<Response<v1::SubmitResponse>, Status> {
        Err(never())
    }

    async fn get_message(&self, _: Request<v1::GetMessageRequest>) -> Result<Response<v1::GetMessageResponse>, Status> {
        Err(never())
    }

    async fn list_messages(
        &self,
        _: Request<v1::ListMessagesRequest>,
    ) -> Result<Response<v1::ListMessagesResponse>, Status> {
        Err(never())
    }

    async fn list_unrouted(
        &self,
        _: Request<v1::ListUnroutedRequest>,
    ) -> Result<Response<v1::ListUnroutedResponse>, Status> {
        Err(never())
    }

    async fn list_parked_messages(
        &self,
        _: Request<v1::ListParkedMessagesRequest>,
    ) -> Result<Response<v1::ListParkedMessagesResponse>, Status> {
        Err(never())
    }

    async fn retry_parked_message(
        &self,
        _: Request<v1::RetryParkedMessageRequest>,
    ) -> Result<Response<v1::RetryParkedMessageResponse>, Status> {
        Err(never())
    }

    async fn answers(
        &self,
        _: Request<Streaming<v1::AnswersRequest>>,
    ) -> Result<Response<Self::AnswersStream>, Status> {
        Err(never())
    }

    async fn list_deliveries(
        &self,
        _: Request<v1::ListDeliveriesRequest>,
    ) -> Result<Response<v1::ListDeliveriesResponse>, Status> {
        Err(never())
    }

    async fn retry_delivery(
        &self,
        _: Request<v1::RetryDeliveryRequest>,
    ) -> Result<Response<v1::RetryDeliveryResponse>, Status> {
        Err(never())
    }
}

fn never() -> Status {
    Status::unimplemented("the router never asks for this")
}
