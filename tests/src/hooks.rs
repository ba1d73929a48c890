//! Where Tandem's webhooks go: takes them all, but fails now and then first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Every so many webhooks are answered with an error.
const FAILS_EVERY: usize = 7;

#[derive(Default)]
struct Heard {
    posts: usize,
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
}

async fn take(State(heard): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: String) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let Some(id) = id else {
        return StatusCode::BAD_REQUEST;
    };
    let mut heard = lock(&heard);
    heard.posts += 1;
    if heard.posts.is_multiple_of(FAILS_EVERY) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    heard.taken.entry(id.to_owned()).or_default().push(body);
    StatusCode::NO_CONTENT
}

fn lock(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
