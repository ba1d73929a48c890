//! The client's side: gives up in time, and says who it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::Clock;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use super::GrpcError;
use super::server::read;
use crate::auth::{Grant, Signer};
use crate::config::Secret;
use crate::error::ApiError;
use crate::telemetry::inject;

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// A token made for one call.
const CALL_TTL: Duration = Duration::from_mins(1);

/// A channel whose calls carry a token and the current trace.
pub type Client = InterceptedService<Channel, Credentials>;

/// Where and how to call.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Such as `http://127.0.0.1:50051`.
    pub address: String,
    /// The authority that signed the server's certificate, PEM.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call may take until it is answered.
    pub call_timeout: Duration,
}

/// Connects.
///
/// # Errors
/// If the address is none, or nobody answers there.
pub async fn connect(options: &ClientOptions, credentials: Credentials) -> Result<Client, GrpcError> {
    let mut endpoint = endpoint(&options.address)?
        .connect_timeout(options.connect_timeout)
        .timeout(options.call_timeout)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    if let Some(path) = &options.ca_file {
        let authority = Certificate::from_pem(read(path).await?);
        endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(authority))?;
    }
    Ok(InterceptedService::new(endpoint.connect().await?, credentials))
}

fn endpoint(address: &str) -> Result<Endpoint, GrpcError> {
    let endpoint = Endpoint::from_shared(address.to_owned()).ok();
    // `HOST:PORT` is a URI too, of which nobody can say how to speak to it.
    let endpoint = endpoint.filter(|endpoint| matches!(endpoint.uri().scheme_str(), Some("http" | "https")));
    endpoint.ok_or_else(|| GrpcError::Address(address.to_owned()))
}

type TokenSource = dyn Fn() -> Result<String, ApiError> + Send + Sync;

/// Puts a token on every call.
#[derive(Clone)]
pub struct Credentials(Arc<TokenSource>);

impl Credentials {
    /// A token at hand.
    #[must_use]
    pub fn fixed(token: Secret) -> Self {
        Self(Arc::new(move || Ok(token.expose().to_owned())))
    }

    /// A token in a file, read for every call, since it is renewed there.
    #[must_use]
    pub fn from_file(path: &Path) -> Self {
        let path = path.to_owned();
        Self(Arc::new(move || {
            Ok(Secret::from_file(&path)
                .map_err(ApiError::internal)?
                .expose()
                .to_owned())
        }))
    }

    /// A fresh token for every call.
    #[must_use]
    pub fn from_signer(signer: Arc<Signer>, grant: Grant, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(move || {
            signer.mint(&grant, CALL_TTL, clock.now()).map_err(ApiError::internal)
        }))
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let bearer = format!("Bearer {}", (self.0)()?);
        let mut value: MetadataValue<Ascii> = bearer.parse().map_err(ApiError::internal)?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        if let Ok(trace) = inject().0.parse::<MetadataValue<Ascii>>()
            && !trace.is_empty()
        {
            request.metadata_mut().insert("traceparent", trace);
        }
        Ok(request)
    }
}
