//! `grpc.health.v1`: whether the process lives, and whether it should be sent work.
//!
//! *Liveness* (`""` and `liveness`) answers as long as the process does. It never depends on
//! anything else, since a restart repairs no database. *Readiness* (`readiness` and every service by its name) holds
//! while all conditions are met and nothing drains. A desk that cannot be loaded is no condition:
//! the others on this process are served.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_check_response::ServingStatus as WireStatus;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use tandem_domain::ErrorCode;

use crate::error::ApiError;

/// Whether the process answers.
pub const LIVENESS: &str = "liveness";
/// Whether the process should be sent work.
pub const READINESS: &str = "readiness";

#[derive(Debug, Default)]
struct State {
    conditions: BTreeMap<&'static str, bool>,
    draining: bool,
}

impl State {
    fn is_ready(&self) -> bool {
        !self.draining && self.conditions.values().all(|met| *met)
    }
}

/// The health of a process. Clones share it.
#[derive(Clone, Debug)]
pub struct Health {
    services: Arc<BTreeSet<String>>,
    state: Arc<watch::Sender<State>>,
}

impl Health {
    /// The health of a process with these services, such as `tandem.v1.TicketService`, until it
    /// drains. Must be called inside a runtime.
    #[must_use]
    pub fn new(services: &[&str], draining: CancellationToken) -> Self {
        let services = services.iter().map(|&service| service.to_owned()).collect();
        let state = Arc::new(watch::Sender::default());
        let drained = Arc::clone(&state);
        tokio::spawn(async move {
            draining.cancelled().await;
            drained.send_modify(|state: &mut State| state.draining = true);
        });
        Self {
            services: Arc::new(services),
            state,
        }
    }

    /// Adds a condition of readiness, such as `store`. It is not met until it is set.
    #[must_use]
    pub fn condition(&self, name: &'static str) -> Condition {
        let condition = Condition {
            name,
            state: Arc::clone(&self.state),
        };
        condition.set(false);
        condition
    }

    /// Whether the process should be sent work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state.borrow().is_ready()
    }

    /// The gRPC service.
    #[must_use]
    pub fn server(&self) -> HealthServer<Self> {
        HealthServer::new(self.clone())
    }

    fn knows(&self, service: &str) -> Result<Scope, Status> {
        match service {
            "" | LIVENESS => Ok(Scope::Alive),
            _ if service == READINESS || self.services.contains(service) => Ok(Scope::Ready),
            _ => Err(ApiError::new(ErrorCode::NotFound, "no such service here").into()),
        }
    }
}

/// One condition of readiness.
#[derive(Clone, Debug)]
pub struct Condition {
    name: &'static str,
    state: Arc<watch::Sender<State>>,
}

impl Condition {
    /// Says whether it is met. Logs when that changes.
    pub fn set(&self, met: bool) {
        let changed = |state: &mut State| state.conditions.insert(self.name, met) != Some(met);
        if self.state.send_if_modified(changed) {
            tracing::info!(condition = self.name, met, "readiness changed");
        }
    }
}

#[derive(Clone, Copy)]
enum Scope {
    Alive,
    Ready,
}

impl Scope {
    fn status(self, state: &State) -> ServingStatus {
        match self {
            Self::Ready if !state.is_ready() => ServingStatus::NotServing,
            Self::Alive | Self::Ready => ServingStatus::Serving,
        }
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: WireStatus::from(status) as i32,
    }
}

type Statuses = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

#[tonic::async_trait]
impl HealthApi for Health {
    type WatchStream = Statuses;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let scope = self.knows(&request.get_ref().service)?;
        Ok(Response::new(response(scope.status(&self.state.borrow()))))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Statuses>, Status> {
        let scope = self.knows(&request.get_ref().service)?;
        Ok(Response::new(Box::pin(statuses(scope, self.state.subscribe()))))
    }
}

/// The status now and whenever it changes. Ends after the last one of a draining process: the server
/// waits for its streams.
fn statuses(
    scope: Scope,
    state: watch::Receiver<State>,
) -> impl Stream<Item = Result<HealthCheckResponse, Status>> + Send {
    futures::stream::unfold((state, None), move |(mut state, last)| async move {
        loop {
            let (status, draining) = {
                let state = state.borrow_and_update();
                (scope.status(&state), state.draining)
            };
            if last != Some(status) {
                return Some((Ok(response(status)), (state, Some(status))));
            }
            if draining {
                return None;
            }
            state.changed().await.ok()?;
        }
    })
}
