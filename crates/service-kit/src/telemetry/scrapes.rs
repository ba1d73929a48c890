//! The endpoint that Prometheus scrapes.
//!
//! There is one format, the text of version 0.0.4, which every Prometheus reads and which Prometheus asks servers to
//! fall back to, whatever the scraper would have liked better. So nothing is negotiated, and the answer says what it is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Registry, TextEncoder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::TelemetryError;

const PATH: &str = "/metrics";
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// Connections at once; who is one too many waits in the system's queue.
const CONNECTIONS: usize = 16;
/// How long one connection may last, however slowly it is read.
const CONNECTION_TIME: Duration = Duration::from_mins(1);
/// How long a request may take to come.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// The most that is read of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// The wait after a connection could not be taken, for lack of file descriptors for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens, so that a taken address is known before any heavy work.
pub(super) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), TelemetryError> {
    let unusable = |source| TelemetryError::Listen { address, source };
    let listener = std::net::TcpListener::bind(address).map_err(unusable)?;
    listener.set_nonblocking(true).map_err(unusable)?;
    let bound = listener.local_addr().map_err(unusable)?;
    Ok((TcpListener::from_std(listener).map_err(unusable)?, bound))
}

/// Answers scrapes until it is dropped.
pub(super) async fn serve(listener: TcpListener, registry: Registry) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let registry = registry.clone();
                tokio::spawn(async move {
                    // Who reads too slowly is cut off, and scrapes again.
                    let _ = timeout(CONNECTION_TIME, converse(stream, registry)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a scraper's connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, registry: Registry) {
    let answering = service_fn(move |request| {
        let answer = answer(&request, &registry);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answering)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a scrape ended badly");
    }
}

fn answer<B>(request: &Request<B>, registry: &Registry) -> Response<Full<Bytes>> {
    if request.uri().path() != PATH {
        return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n".to_owned());
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD only\n".to_owned());
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(figures) => plain(StatusCode::OK, figures),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written down");
            plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics cannot be written down; the log says why\n".to_owned(),
            )
        }
    }
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, FORMAT);
    response
}

#[cfg(test)]
mod tests;
