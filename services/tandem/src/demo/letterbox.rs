//! Where answers by mail go: a mail server that takes everything and keeps nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use tandem_ingest::smtp::{DeliverAnswer, Envelope, Limits, MailSink, RcptAnswer, Server, Settings};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

struct Letterbox;

#[tonic::async_trait]
impl MailSink for Letterbox {
    async fn rcpt(&self, _address: &str) -> RcptAnswer {
        RcptAnswer::Accepted
    }

    async fn deliver(&self, _envelope: Envelope, _raw: Bytes) -> DeliverAnswer {
        DeliverAnswer::Stored
    }
}

/// Starts one; it ends with the process. Where it listens.
pub(crate) async fn start() -> Result<SocketAddr, Failure> {
    let unusable = |error| Failure::Unreachable(format!("answers cannot be received: {error}"));
    let settings = Settings {
        hostname: "customers.example".to_owned(),
        limits: Limits::default(),
        tls: None,
        current_trace: Arc::new(tandem_service_kit::telemetry::inject),
    };
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0), settings, Arc::new(Letterbox))
        .await
        .map_err(unusable)?;
    let address = server.local_addr().map_err(unusable)?;
    tokio::spawn(server.run(CancellationToken::new()));
    Ok(address)
}
