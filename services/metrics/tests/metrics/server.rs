//! The service over real gRPC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{Clock, Role};
use tandem_metrics::ServiceConfig;
use tandem_proto::v1::metrics_service_client::MetricsServiceClient;
use tandem_service_kit::auth::{DeskScope, Gate, Grant, Reflection, Signer, Verifier, table};
use tandem_service_kit::config::Secret;
use tandem_service_kit::grpc::{Client, ClientOptions, Credentials, GrpcServer, connect};
use tandem_service_kit::ids::SystemClock;
use tonic::Status;
use tonic::service::Routes;
use tonic_types::StatusExt;

use crate::harness::{Replica, key};

/// Nothing over the wire takes as long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long tokens are good.
const TTL: Duration = Duration::from_mins(10);

/// The desk that usual tokens name.
pub(crate) fn own_desk() -> DeskScope {
    DeskScope::Named([key("acme")].into())
}

/// A process that answers.
pub(crate) struct Served {
    pub(crate) replica: Replica,
    address: SocketAddr,
    signer: Signer,
    _keys: tempfile::TempDir,
}

impl Served {
    pub(crate) async fn of(replica: Replica) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let signer = Signer::open(&keys.path().join("keys")).unwrap();
        let given = [
            ("TANDEM_GRPC__LISTEN", "127.0.0.1:0"),
            ("TANDEM_STORE__DATA_DIR", "unused"),
            ("TANDEM_AUTH__PUBLIC_KEY_FILES", "unused"),
        ];
        let config = ServiceConfig::load(None, given.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let mut routes = Routes::builder();
        replica.metrics.add_services(&mut routes, &config.grpc);
        let server = GrpcServer::bind(&config.grpc).await.unwrap();
        let address = server.address();
        let gate = Gate::new(Arc::new(Verifier::of(&signer)), table::METHODS, Reflection::Closed);
        let life = &replica.life;
        life.spawn("grpc", server.serve(routes.routes(), gate, life.draining(), PATIENCE));
        Self {
            replica,
            address,
            signer,
            _keys: keys,
        }
    }

    /// A caller whose token names the desk `acme`.
    pub(crate) async fn caller(&self, role: Role) -> MetricsServiceClient<Client> {
        let subject = if role == Role::Agent { "ana" } else { "rita" };
        self.caller_on(role, subject, own_desk(), Duration::ZERO).await
    }

    /// A caller whose token expired so long ago; a few seconds count as a difference of clocks.
    pub(crate) async fn caller_on(
        &self,
        role: Role,
        subject: &str,
        desks: DeskScope,
        expired_for: Duration,
    ) -> MetricsServiceClient<Client> {
        let grant = Grant {
            role,
            subject: subject.to_owned(),
            desks,
        };
        let minted_at = if expired_for.is_zero() {
            SystemClock.now()
        } else {
            SystemClock.now().minus(TTL + expired_for)
        };
        let token = self.signer.mint(&grant, TTL, minted_at).unwrap();
        let options = ClientOptions {
            address: format!("http://{}", self.address),
            ca_file: None,
            connect_timeout: PATIENCE,
            call_timeout: PATIENCE,
        };
        let client = connect(&options, Credentials::fixed(Secret::new(token))).await.unwrap();
        MetricsServiceClient::new(client)
    }
}

/// The fields that a status names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request();
    let violations = bad.map(|details| details.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
