//! gRPC clients of one caller.

use std::time::Duration;

use tandem_proto::v1::agent_service_client::AgentServiceClient;
use tandem_proto::v1::desk_service_client::DeskServiceClient;
use tandem_proto::v1::escalation_service_client::EscalationServiceClient;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_proto::v1::metrics_service_client::MetricsServiceClient;
use tandem_proto::v1::ticket_service_client::TicketServiceClient;
use tandem_service_kit::config::Secret;
use tandem_service_kit::grpc::Credentials;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(20);
const LARGEST_ANSWER: usize = 32 << 20;

type Calls = InterceptedService<Channel, Credentials>;

/// gRPC clients of one caller at one process. They connect when first used, and again when the process comes back.
#[derive(Clone)]
pub struct Clients {
    channel: Channel,
    credentials: Credentials,
}

impl Clients {
    /// Calls at `url` with `token`. Must be called inside a runtime.
    pub fn new(url: &str, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL of ours");
        let endpoint = endpoint.connect_timeout(CONNECT_LIMIT).timeout(CALL_LIMIT);
        let channel = endpoint.connect_lazy();
        Self {
            channel,
            credentials: Credentials::fixed(Secret::new(token.to_owned())),
        }
    }

    fn calls(&self) -> Calls {
        InterceptedService::new(self.channel.clone(), self.credentials.clone())
    }

    /// Tickets.
    pub fn tickets(&self) -> TicketServiceClient<Calls> {
        TicketServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Agents.
    pub fn agents(&self) -> AgentServiceClient<Calls> {
        AgentServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Desks.
    pub fn desks(&self) -> DeskServiceClient<Calls> {
        DeskServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Messages.
    pub fn messages(&self) -> IngestServiceClient<Calls> {
        IngestServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Clocks and escalations.
    pub fn escalations(&self) -> EscalationServiceClient<Calls> {
        EscalationServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Measures.
    pub fn measures(&self) -> MetricsServiceClient<Calls> {
        MetricsServiceClient::new(self.calls()).max_decoding_message_size(LARGEST_ANSWER)
    }
}
