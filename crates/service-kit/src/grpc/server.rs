//! The server: binds first, serves until it drains, and ends in time.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tandem_domain::{Clock, IdSource};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::server::Server;
use tonic::transport::{Identity, ServerTlsConfig};
use tower::layer::util::{Identity as NoLayer, Stack};
use tracing::Span;

use super::GrpcError;
use super::answer::AnswerLayer;
use super::connection::connections;
use super::measured::known;
use crate::auth::Gate;
use crate::config::GrpcConfig;
use crate::ids::{SystemClock, SystemIds};
use crate::telemetry::{set_parent, trace_of};

/// Metadata of one request, in bytes.
const MAX_HEADER_BYTES: u32 = 16 * 1024;

type Layered = Server<Stack<Gate, Stack<AnswerLayer, NoLayer>>>;

/// A bound server.
pub struct GrpcServer {
    listener: TcpListener,
    address: SocketAddr,
    config: GrpcConfig,
    tls: Option<ServerTlsConfig>,
}

impl GrpcServer {
    /// Binds, so that a taken address is known before any heavy work.
    ///
    /// # Errors
    /// If the address cannot be bound, or certificate or key not be read.
    pub async fn bind(config: &GrpcConfig) -> Result<Self, GrpcError> {
        let tls = tls(config).await?;
        let unusable = |source| GrpcError::Bind {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        Ok(Self {
            listener,
            address,
            config: config.clone(),
            tls,
        })
    }

    /// The address that was bound; with port 0 configured, the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `draining`: then nothing new is accepted, and what runs may finish for as long as
    /// `grace`. Streams that live longer must end by themselves when `draining` is cancelled.
    ///
    /// # Errors
    /// If certificate and key do not fit.
    pub async fn serve(
        self,
        routes: Routes,
        gate: Gate,
        draining: CancellationToken,
        grace: Duration,
    ) -> Result<(), GrpcError> {
        let server = self.layered(gate)?;
        let incoming = connections(
            self.listener,
            self.config.max_connections,
            self.config.handshake_timeout,
        );
        let serving = server.serve_with_incoming_shutdown(routes, incoming, draining.cancelled());
        let too_long = async {
            draining.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            outcome = serving => Ok(outcome?),
            () = too_long => {
                tracing::warn!("calls did not finish in time and are cut off");
                Ok(())
            }
        }
    }

    fn layered(&self, gate: Gate) -> Result<Layered, GrpcError> {
        let config = &self.config;
        let mut server = Server::builder();
        if let Some(tls) = &self.tls {
            server = server.tls_config(tls.clone())?;
        }
        // No `max_connection_age_grace`: with it, tonic sends no GOAWAY at all and cuts running streams.
        Ok(server
            .max_concurrent_streams(config.max_streams)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_keepalive_interval(Some(config.keepalive_interval))
            .http2_keepalive_timeout(Some(config.keepalive_timeout))
            .max_connection_age(jittered(config.max_connection_age, random()))
            .trace_fn(request_span)
            .layer(AnswerLayer::new(config.request_timeout))
            .layer(gate))
    }
}

/// One span per call, a child of the caller's. Only known paths are named: anything can stand in a path.
fn request_span(request: &http::Request<()>) -> Span {
    let rpc = known(request.uri().path()).map_or("other", |rule| rule.path);
    let span = tracing::info_span!("grpc", rpc, otel.name = rpc, otel.kind = "server");
    set_parent(&span, &trace_of(request.headers()));
    span
}

async fn tls(config: &GrpcConfig) -> Result<Option<ServerTlsConfig>, GrpcError> {
    let (Some(certificate), Some(key)) = (&config.tls_cert_file, &config.tls_key_file) else {
        return Ok(None);
    };
    let identity = Identity::from_pem(read(certificate).await?, read(key).await?);
    Ok(Some(
        ServerTlsConfig::new()
            .identity(identity)
            .timeout(config.handshake_timeout),
    ))
}

pub(super) async fn read(path: &Path) -> Result<Vec<u8>, GrpcError> {
    tokio::fs::read(path).await.map_err(|source| GrpcError::File {
        path: path.to_owned(),
        source,
    })
}

/// Ten percent more or less, so that the connections of all replicas do not end at once.
fn jittered(age: Duration, random: u64) -> Duration {
    let percent = 90 + u32::try_from(random % 21).unwrap_or(10);
    age * percent / 100
}

fn random() -> u64 {
    let (_, random) = SystemIds.next(SystemClock.now()).as_u64_pair();
    random
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connections_age_varies_by_ten_percent() {
        let age = Duration::from_secs(1000);
        let ages: Vec<u64> = (0..100).map(|random| jittered(age, random).as_secs()).collect();
        assert_eq!((ages.iter().min(), ages.iter().max()), (Some(&900), Some(&1100)));
    }
}
