//! A receiver of webhooks, as somebody would write one who has read nothing but <https://www.standardwebhooks.com>.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use tandem_domain::Clock;
use tandem_service_kit::ids::SystemClock;
use tokio::net::TcpListener;

use super::teller::{Teller, Weight};
use crate::failure::Failure;

/// What the receiver and the desk share. It protects nothing: it is printed here.
pub(crate) const SECRET: &str = "whsec_dGFuZGVtLWRlbW8tc2VjcmV0LTAwMDE=";
/// How old a webhook may be, in seconds.
const OLDEST: i64 = 300;

/// What has come in.
pub(crate) struct Receiver {
    key: Vec<u8>,
    teller: Arc<Teller>,
    verified: AtomicU64,
    refused: AtomicU64,
}

/// As much of the body as is told.
#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    ticket: u64,
    clock: String,
    rung: u32,
    queue: String,
    priority: String,
}

impl Receiver {
    /// Starts one; it ends with the process. Where it listens comes with it.
    pub(crate) async fn start(teller: Arc<Teller>) -> Result<(Arc<Self>, SocketAddr), Failure> {
        let unusable = |error| Failure::Unreachable(format!("webhooks cannot be received: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let encoded = SECRET.trim_start_matches("whsec_");
        let receiver = Arc::new(Self {
            key: STANDARD.decode(encoded).expect("the secret is base64"),
            teller,
            verified: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let routes = Router::new()
            .route("/on-call", post(receive))
            .with_state(Arc::clone(&receiver));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((receiver, address))
    }

    /// How many webhooks were signed as they should be.
    pub(crate) fn verified(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    /// How many were not.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether the signature is that of this body under this id, and fresh.
    fn is_genuine(&self, headers: &HeaderMap, body: &[u8], now: i64) -> bool {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
        let is_fresh = at.parse().is_ok_and(|at: i64| (now - at).abs() <= OLDEST);
        let signatures = header("webhook-signature").split(' ');
        let signatures = signatures.filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(body);
        is_fresh && !id.is_empty() && signatures.into_iter().any(|tag| mac.clone().verify_slice(&tag).is_ok())
    }

    fn tell(&self, body: &[u8]) -> Result<(), Failure> {
        let Ok(Body { data }) = serde_json::from_slice(body) else {
            return Ok(());
        };
        let Data {
            ticket,
            clock,
            rung,
            queue,
            priority,
        } = data;
        let clock = clock.replace('_', " ");
        let text = format!(
            "T{ticket:<3} webhook    to whoever is on call, signature verified: {clock}, rung {rung}, {queue}, {priority}"
        );
        self.teller.tell("webhook", Weight::Important, &text)
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = SystemClock.now().as_micros() / 1_000_000;
    if !receiver.is_genuine(&headers, &body, now) {
        receiver.refused.fetch_add(1, Ordering::Relaxed);
        return StatusCode::UNAUTHORIZED;
    }
    receiver.verified.fetch_add(1, Ordering::Relaxed);
    match receiver.tell(&body) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Format;

    /// The published example of Standard Webhooks.
    #[test]
    fn a_signature_counts_for_its_own_body_id_and_time_only() {
        let receiver = Receiver {
            key: STANDARD.decode("plJ3nmyCDGBKInavdOK15jsl").expect("base64"),
            teller: Arc::new(Teller::new(Format::Text)),
            verified: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        };
        let body = br#"{"event_type":"ping","data":{"success":true}}"#;
        let headers = |id: &'static str, at: &'static str| {
            let signature = "v1,AAAA v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";
            let all = [
                ("webhook-id", id),
                ("webhook-timestamp", at),
                ("webhook-signature", signature),
            ];
            all.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                .into_iter()
                .collect()
        };
        let (id, at, now) = ("msg_loFOjxBNrRLzqYUf", "1731705121", 1_731_705_200);
        assert!(receiver.is_genuine(&headers(id, at), body, now));
        assert!(!receiver.is_genuine(&headers(id, at), b"{}", now));
        assert!(!receiver.is_genuine(&headers("msg_other", at), body, now));
        assert!(!receiver.is_genuine(&headers(id, "1731705122"), body, now));
        assert!(!receiver.is_genuine(&headers(id, at), body, now + 600));
        assert!(!receiver.is_genuine(&HeaderMap::new(), body, now));
    }
}
