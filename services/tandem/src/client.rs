//! A connection to a running Tandem, and as whom.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tandem_domain::{Clock, IdSource, Role, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::agent_service_client::AgentServiceClient;
use tandem_proto::v1::desk_service_client::DeskServiceClient;
use tandem_proto::v1::escalation_service_client::EscalationServiceClient;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_proto::v1::metrics_service_client::MetricsServiceClient;
use tandem_proto::v1::ticket_service_client::TicketServiceClient;
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::config::Secret;
use tandem_service_kit::error::chain;
use tandem_service_kit::grpc::{Client as Calls, ClientOptions, Credentials, GrpcError, connect};
use tandem_service_kit::ids::{SystemClock, SystemIds};

use crate::cli::{DeskArg, Target};
use crate::embedded::AUTH_DIR;
use crate::failure::Failure;

/// Where `tandem up` writes its gRPC address.
pub(crate) const ENDPOINT_FILE: &str = "endpoint";
/// Where `tandem up` writes the admin's token, readable by its owner only.
pub(crate) const ADMIN_TOKEN_FILE: &str = "auth/admin.token";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A large desk file is compared and brought into force within seconds.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const LARGEST_RESPONSE: usize = 32 * 1024 * 1024;
const PAGE: u32 = 200;
const TOKEN_TTL: Duration = Duration::from_hours(12);

/// A connection to a running Tandem.
#[derive(Clone)]
pub(crate) struct Client(Calls);

impl Client {
    /// Connects, as the target says.
    pub(crate) async fn connect(target: &Target) -> Result<Self, Failure> {
        Self::connect_to(&server(target)?, target.ca_file.clone(), token(target)?).await
    }

    /// Connects as an agent, if the data directory's key can say so and no other token is named; else as the target says.
    pub(crate) async fn connect_as_agent(target: &Target, agent: &str) -> Result<Self, Failure> {
        let dir = target.data_dir.join(AUTH_DIR);
        // Opening would make a key.
        if target.token_file.is_some() || !Signer::exists(&dir) {
            return Self::connect(target).await;
        }
        let signer = Signer::open(&dir).map_err(|error| Failure::Configuration(chain(&error)))?;
        let token = mint(&signer, Role::Agent, agent)?;
        Self::connect_to(&server(target)?, target.ca_file.clone(), token).await
    }

    /// Connects to `server`, whose certificate the authority in `ca_file` has signed, with `token`.
    pub(crate) async fn connect_to(server: &str, ca_file: Option<PathBuf>, token: Secret) -> Result<Self, Failure> {
        let options = ClientOptions {
            address: server.to_owned(),
            ca_file,
            connect_timeout: CONNECT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
        };
        match connect(&options, Credentials::fixed(token)).await {
            Ok(calls) => Ok(Self(calls)),
            Err(error @ GrpcError::Address(_)) => Err(Failure::Input(error.to_string())),
            Err(error @ GrpcError::File { .. }) => Err(Failure::Input(chain(&error))),
            Err(_) => Err(Failure::Unreachable(format!(
                "nobody answers at {server}: start it with `tandem up`, or name another with --server"
            ))),
        }
    }

    /// Tickets.
    pub(crate) fn tickets(&self) -> TicketServiceClient<Calls> {
        TicketServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// Agents.
    pub(crate) fn agents(&self) -> AgentServiceClient<Calls> {
        AgentServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// Desks.
    pub(crate) fn desks(&self) -> DeskServiceClient<Calls> {
        DeskServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// Messages.
    pub(crate) fn messages(&self) -> IngestServiceClient<Calls> {
        IngestServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// Clocks and escalations.
    pub(crate) fn escalations(&self) -> EscalationServiceClient<Calls> {
        EscalationServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// Measures.
    pub(crate) fn metrics(&self) -> MetricsServiceClient<Calls> {
        MetricsServiceClient::new(self.0.clone()).max_decoding_message_size(LARGEST_RESPONSE)
    }

    /// The desk that was named, or the only one that there is.
    pub(crate) async fn desk(&self, named: &DeskArg) -> Result<String, Failure> {
        if let Some(desk) = &named.desk {
            return Ok(desk.clone());
        }
        let request = v1::ListDesksRequest {
            page_size: PAGE,
            page_token: String::new(),
        };
        let mut desks = self.desks().list_desks(request).await?.into_inner().desks;
        match desks.len() {
            0 => Err(Failure::Input(
                "there is no desk yet: apply a desk file with `tandem apply FILE`".into(),
            )),
            1 => Ok(desks.remove(0)),
            _ => Err(Failure::Input(format!(
                "name one of the desks with --desk: {}",
                desks.join(", ")
            ))),
        }
    }
}

/// A page of items, and the token of the next one; empty after the last.
pub(crate) type Page<T> = Result<(Vec<T>, String), tonic::Status>;

/// Collects pages (of a size, from a token on) until `limit` items are there or no page is left.
pub(crate) async fn collect<T>(
    limit: usize,
    mut page: impl AsyncFnMut(u32, String) -> Page<T>,
) -> Result<Vec<T>, Failure> {
    let mut items = Vec::new();
    let mut token = String::new();
    loop {
        let wanted = u32::try_from(limit - items.len()).unwrap_or(PAGE).min(PAGE);
        if wanted == 0 {
            return Ok(items);
        }
        let (more, next) = page(wanted, token).await?;
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        token = next;
    }
}

/// A token for half a day, for all desks.
pub(crate) fn mint(signer: &Signer, role: Role, subject: &str) -> Result<Secret, Failure> {
    let grant = Grant {
        role,
        subject: subject.to_owned(),
        desks: DeskScope::All,
    };
    let token = signer.mint(&grant, TOKEN_TTL, SystemClock.now());
    token.map(Secret::new).map_err(|error| Failure::Input(chain(&error)))
}

/// A fresh request id.
pub(crate) fn request_id() -> String {
    SystemIds.next(Timestamp::EPOCH).to_string()
}

/// Reads a ticket's number, with or without its letter.
pub(crate) fn ticket_id(text: &str) -> Result<u64, Failure> {
    let parsed: Result<TicketId, _> = text.trim().to_uppercase().parse();
    parsed
        .map(|ticket| ticket.0)
        .map_err(|_| Failure::Input(format!("`{text}` is not a ticket: use T17 or 17")))
}

fn server(target: &Target) -> Result<String, Failure> {
    if let Some(server) = &target.server {
        return Ok(server.clone());
    }
    let path = target.data_dir.join(ENDPOINT_FILE);
    fs::read_to_string(&path).map_err(|_| {
        Failure::Unreachable(format!(
            "no Tandem has written its address to {}: start one with `tandem up`, or name one with --server",
            path.display()
        ))
    })
}

fn token(target: &Target) -> Result<Secret, Failure> {
    let path = target
        .token_file
        .clone()
        .unwrap_or_else(|| target.data_dir.join(ADMIN_TOKEN_FILE));
    let unusable = |why: &dyn Display| {
        Failure::Denied(format!(
            "no token in {}: {why}; name another file with --token-file",
            path.display()
        ))
    };
    let token = Secret::from_file(&path).map_err(|error| unusable(&error))?;
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(unusable(&"what it holds is none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_can_be_written_in_three_ways() {
        for text in ["T17", "t17", "17"] {
            assert_eq!(ticket_id(text).ok(), Some(17));
        }
        assert!(ticket_id("seventeen").is_err());
    }

    #[tokio::test]
    async fn pages_are_collected_up_to_the_limit() {
        let page = |size: u32, token: String| async move {
            let from: u32 = token.parse().unwrap_or(0);
            Ok(((from..from + size.min(3)).collect(), (from + size.min(3)).to_string()))
        };
        assert_eq!(collect(7, page).await.expect("seven"), (0..7).collect::<Vec<_>>());
    }
}
