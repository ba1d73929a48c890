//! One call of a webhook: resolve once, check, connect to what was checked, post, read the status.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::task::AbortOnDropHandle;
use url::{Host, Url};

use super::public::is_public;
use crate::config::WebhooksConfig;

/// Addresses of a name that are tried, the first ones.
const MOST_ADDRESSES: usize = 4;
/// The longest status line and headers that a receiver may answer with.
const MOST_HEAD_BYTES: usize = 16 * 1024;
const AGENT: &str = concat!("Tandem/", env!("CARGO_PKG_VERSION"));

/// Calls webhooks. Each over a connection of its own: whom it reaches was checked for just this call.
pub(crate) struct Caller {
    tls: TlsConnector,
    allow_private: bool,
    limit: Duration,
}

/// Why webhooks cannot be called with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The authority's certificate cannot be read.
    #[error("the certificate in {path} cannot be used")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The cryptographic library does not offer what TLS needs.
    #[error("TLS cannot be set up")]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// Why a receiver gave no answer. Says nothing of its address, in which there may be a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// It is where no webhook may go.
    #[error("its address is not on the public internet: allow it with [webhooks] allow_private, or give another")]
    Forbidden,
    /// The URL names nobody.
    #[error("its URL names no host and port")]
    NoHost,
    /// The name means nothing at the moment.
    #[error("its name cannot be resolved")]
    Unresolved,
    /// Nobody takes the connection.
    #[error("it does not take the connection")]
    Unreachable,
    /// It is not who its certificate says, or does not speak TLS.
    #[error("the connection to it cannot be protected")]
    Tls,
    /// What came back is no answer.
    #[error("what it answers is not HTTP, or too long")]
    NoAnswer,
    /// Nothing came back.
    #[error("it takes too long")]
    TooSlow,
}

impl Caller {
    /// A caller that trusts the system's authorities and the configured one.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub(crate) fn from_config(config: &WebhooksConfig) -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        // A machine without a list of authorities can still call those that the configured one vouches for.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &config.ca_file {
            let broken = |source: Box<dyn std::error::Error + Send + Sync>| SetupError::Authority {
                path: path.clone(),
                source,
            };
            let authority = CertificateDer::from_pem_file(path).map_err(|error| broken(error.into()))?;
            roots.add(authority).map_err(|error| broken(error.into()))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(tls)),
            allow_private: config.allow_private,
            limit: config.timeout,
        })
    }

    /// Posts JSON and says what the receiver answered.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<StatusCode, CallError> {
        let posting = self.try_post(url, headers, body);
        timeout(self.limit, posting).await.unwrap_or(Err(CallError::TooSlow))
    }

    async fn try_post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<StatusCode, CallError> {
        let stream = connect(&self.allowed(resolve(url).await?)?).await?;
        let request = request(url, headers, body)?;
        if url.scheme() == "https" {
            let name = server_name(url)?;
            let stream = self.tls.connect(name, stream).await.map_err(|_| CallError::Tls)?;
            exchange(stream, request).await
        } else {
            exchange(stream, request).await
        }
    }

    fn allowed(&self, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, CallError> {
        if addresses.is_empty() {
            return Err(CallError::Unresolved);
        }
        addresses.retain(|address| self.allow_private || is_public(address.ip()));
        addresses.truncate(MOST_ADDRESSES);
        if addresses.is_empty() {
            return Err(CallError::Forbidden);
        }
        Ok(addresses)
    }
}

async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, CallError> {
    let port = url.port_or_known_default().ok_or(CallError::NoHost)?;
    match url.host().ok_or(CallError::NoHost)? {
        Host::Ipv4(address) => Ok(vec![(address, port).into()]),
        Host::Ipv6(address) => Ok(vec![(address, port).into()]),
        Host::Domain(name) => {
            let found = lookup_host((name, port)).await.map_err(|_| CallError::Unresolved)?;
            Ok(found.collect())
        }
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, CallError> {
    TcpStream::connect(addresses).await.map_err(|_| CallError::Unreachable)
}

fn server_name(url: &Url) -> Result<ServerName<'static>, CallError> {
    match url.host().ok_or(CallError::NoHost)? {
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(address))),
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| CallError::NoHost),
    }
}

fn request(url: &Url, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, CallError> {
    let host = url.host_str().ok_or(CallError::NoHost)?;
    let authority = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|_| CallError::NoHost)?;
    request.headers_mut().extend(headers);
    Ok(request)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new()
        .max_buf_size(MOST_HEAD_BYTES)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| CallError::NoAnswer)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|_| CallError::NoAnswer)?;
    // The status has said it all; the body is not read.
    Ok(answer.status())
}

#[cfg(test)]
mod tests;
