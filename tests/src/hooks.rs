//! Where Tandem's webhooks go: takes them all, if they are signed, but fails now and then first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tandem_domain::Clock;
use tandem_service_kit::ids::SystemClock;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::desks::HOOK_SECRET;

/// What was signed longer ago, or is from the future, is not taken: so many seconds.
const SIGNED_WITHIN: u64 = 5 * 60;
/// Every so many webhooks are answered with an error.
const FAILS_EVERY: usize = 7;

#[derive(Default)]
struct Heard {
    posts: usize,
    /// Not signed, or not as they should be.
    forged: usize,
    /// Bodies of those that were taken, by `webhook-id`.
    taken: BTreeMap<String, Vec<String>>,
}

/// A running receiver on a port of its own; it ends with the test.
pub struct Hooks {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    _task: JoinSet<()>,
}

impl Hooks {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let router = Router::new().route("/", post(take)).with_state(heard.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.expect("it never ends by itself") });
        Self {
            address,
            heard,
            _task: task,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The bodies that were taken, by `webhook-id`.
    pub fn taken(&self) -> BTreeMap<String, Vec<String>> {
        lock(&self.heard).taken.clone()
    }

    /// How many came without a good signature; they were not taken.
    pub fn forged(&self) -> usize {
        lock(&self.heard).forged
    }
}

async fn take(State(heard): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: String) -> StatusCode {
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(id) = field("webhook-id") else {
        return StatusCode::BAD_REQUEST;
    };
    let (at, signatures) = (field("webhook-timestamp"), field("webhook-signature"));
    let is_signed = is_signed(id, at.unwrap_or_default(), signatures.unwrap_or_default(), &body);
    let mut heard = lock(&heard);
    if !is_signed {
        heard.forged += 1;
        return StatusCode::UNAUTHORIZED;
    }
    heard.posts += 1;
    if heard.posts.is_multiple_of(FAILS_EVERY) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    heard.taken.entry(id.to_owned()).or_default().push(body);
    StatusCode::NO_CONTENT
}

/// Whether it was signed just now by who knows the secret, as Standard Webhooks say, version `v1`.
fn is_signed(id: &str, at: &str, signatures: &str, body: &str) -> bool {
    let seconds: i64 = at.parse().unwrap_or_default();
    let now = SystemClock.now().as_micros() / 1_000_000;
    let is_fresh = now.abs_diff(seconds) < SIGNED_WITHIN;
    let key = HOOK_SECRET
        .strip_prefix("whsec_")
        .and_then(|key| STANDARD.decode(key).ok());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.expect("our own secret is one")).expect("any length is good");
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let is_ours = |signature: &str| {
        let bytes = signature
            .strip_prefix("v1,")
            .and_then(|code| STANDARD.decode(code).ok());
        bytes.is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    };
    is_fresh && signatures.split(' ').any(is_ours)
}

fn lock(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
