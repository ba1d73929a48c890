//! gRPC over real connections: limits, deadlines, TLS, and an end in time.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, stream};
use http::uri::PathAndQuery;
use tandem_domain::{Clock, Role};
use tandem_service_kit::auth::{DeskRule, DeskScope, Gate, Grant, MethodRule, Principal, Reflection, Signer, Verifier};
use tandem_service_kit::config::{self, Check, GrpcConfig, Secret, Validate, defaults};
use tandem_service_kit::grpc::{Client, ClientOptions, Credentials, GrpcError, GrpcServer, connect};
use tandem_service_kit::health::{Health, READINESS};
use tandem_service_kit::ids::SystemClock;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::client::Grpc as GrpcClient;
use tonic::server::{Grpc, NamedService};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// Longer than anything here takes on a busy machine; reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

const TABLE: &[MethodRule] = &[
    MethodRule {
        path: "/t.S/Who",
        roles: &Role::ALL,
        desk: DeskRule::Any,
    },
    MethodRule {
        path: "/t.S/Never",
        roles: &Role::ALL,
        desk: DeskRule::Any,
    },
    MethodRule {
        path: "/t.S/Ticks",
        roles: &Role::ALL,
        desk: DeskRule::Any,
    },
];

/// `Who` says who asks, `Never` never answers, `Ticks` sends one message whenever it is asked to.
#[derive(Clone)]
struct Sample {
    ticks: Arc<Notify>,
    limit: usize,
}

impl NamedService for Sample {
    const NAME: &'static str = "t.S";
}

type Texts = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

impl Service<http::Request<Body>> for Sample {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let ticks = Arc::clone(&self.ticks);
        let mut grpc = Grpc::new(ProstCodec::<String, String>::default()).max_decoding_message_size(self.limit);
        async move {
            Ok(match request.uri().path() {
                "/t.S/Who" => grpc.unary(service_fn(who), request).await,
                "/t.S/Ticks" => {
                    grpc.server_streaming(service_fn(move |_| ticking(Arc::clone(&ticks))), request)
                        .await
                }
                _ => std::future::pending().await,
            })
        }
        .boxed()
    }
}

async fn who(request: Request<String>) -> Result<Response<String>, Status> {
    Ok(Response::new(
        request.extensions().get::<Principal>().unwrap().subject.clone(),
    ))
}

fn ticking(ticks: Arc<Notify>) -> Ready<Result<Response<Texts>, Status>> {
    let texts = stream::unfold(ticks, |ticks| async move {
        ticks.notified().await;
        Some((Ok("tick".to_owned()), ticks))
    });
    ready(Ok(Response::new(Box::pin(texts))))
}

#[derive(serde::Deserialize)]
struct Settings {
    grpc: GrpcConfig,
}

impl Validate for Settings {
    fn validate(&self, check: &mut Check) {
        check.section("grpc", &self.grpc);
    }
}

fn grpc_config() -> GrpcConfig {
    config::load::<Settings>(&[defaults::GRPC], None, []).unwrap().grpc
}

struct Running {
    _dir: tempfile::TempDir,
    signer: Arc<Signer>,
    address: SocketAddr,
    health: Health,
    ticks: Arc<Notify>,
    draining: CancellationToken,
    serving: JoinHandle<Result<(), GrpcError>>,
}

impl Running {
    async fn start(config: GrpcConfig) -> Self {
        Self::start_with_grace(config, PATIENCE * 2).await
    }

    async fn start_with_grace(config: GrpcConfig, grace: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let signer = Arc::new(Signer::open(dir.path()).unwrap());
        let gate = Gate::new(Arc::new(Verifier::of(&signer)), TABLE, Reflection::Closed);
        let draining = CancellationToken::new();
        let health = Health::new(&["t.S"], draining.clone());
        let ticks = Arc::new(Notify::new());
        let sample = Sample {
            ticks: Arc::clone(&ticks),
            limit: config.max_request_bytes,
        };
        let routes = Routes::new(sample).add_service(health.server());
        let server = GrpcServer::bind(&config).await.unwrap();
        let address = server.address();
        let serving = tokio::spawn(server.serve(routes, gate, draining.clone(), grace));
        Self {
            _dir: dir,
            signer,
            address,
            health,
            ticks,
            draining,
            serving,
        }
    }

    fn credentials(&self) -> Credentials {
        let grant = Grant {
            role: Role::Reader,
            subject: "eve".to_owned(),
            desks: DeskScope::All,
        };
        Credentials::from_signer(Arc::clone(&self.signer), grant, Arc::new(SystemClock))
    }

    async fn client(&self) -> GrpcClient<Client> {
        client(format!("http://{}", self.address), None, self.credentials())
            .await
            .unwrap()
    }

    async fn health_client(&self) -> HealthClient<Channel> {
        HealthClient::new(
            Endpoint::new(format!("http://{}", self.address))
                .unwrap()
                .connect()
                .await
                .unwrap(),
        )
    }
}

async fn client(
    address: String,
    ca_file: Option<PathBuf>,
    credentials: Credentials,
) -> Result<GrpcClient<Client>, GrpcError> {
    let options = ClientOptions {
        address,
        ca_file,
        connect_timeout: PATIENCE,
        call_timeout: PATIENCE,
    };
    Ok(GrpcClient::new(connect(&options, credentials).await?))
}

async fn call(client: &mut GrpcClient<Client>, method: &'static str, text: String) -> Result<String, Status> {
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(method);
    client
        .unary(Request::new(text), path, ProstCodec::default())
        .await
        .map(Response::into_inner)
}

async fn ticks(client: &mut GrpcClient<Client>) -> tonic::Streaming<String> {
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/t.S/Ticks");
    let streaming = client.server_streaming(Request::new(String::new()), path, ProstCodec::default());
    streaming.await.unwrap().into_inner()
}

#[tokio::test]
async fn a_call_carries_its_callers_token() {
    let running = Running::start(grpc_config()).await;
    assert_ne!(running.address.port(), 0);
    assert_eq!(
        call(&mut running.client().await, "/t.S/Who", String::new())
            .await
            .unwrap(),
        "eve"
    );
    let stranger = Credentials::fixed(Secret::new("x.y.z".to_owned()));
    let mut stranger = client(format!("http://{}", running.address), None, stranger)
        .await
        .unwrap();
    assert_eq!(
        call(&mut stranger, "/t.S/Who", String::new()).await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn a_token_is_read_from_its_file_for_every_call() {
    let running = Running::start(grpc_config()).await;
    let dir = tempfile::tempdir().unwrap();
    let file = running.signer.write_admin_token(dir.path(), SystemClock.now()).unwrap();
    let credentials = Credentials::from_file(&file);
    let mut client = client(format!("http://{}", running.address), None, credentials)
        .await
        .unwrap();
    assert_eq!(call(&mut client, "/t.S/Who", String::new()).await.unwrap(), "admin");
    std::fs::remove_file(file).unwrap();
    assert_eq!(
        call(&mut client, "/t.S/Who", String::new()).await.unwrap_err().code(),
        Code::Internal
    );
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let running = Running::start(grpc_config()).await;
    let config = GrpcConfig {
        listen: running.address,
        ..grpc_config()
    };
    let error = GrpcServer::bind(&config).await.err().unwrap();
    assert_eq!(error.to_string(), format!("cannot listen on {}", running.address));
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_in_time() {
    let config = GrpcConfig {
        request_timeout: Duration::from_millis(100),
        ..grpc_config()
    };
    let running = Running::start(config).await;
    let refused = call(&mut running.client().await, "/t.S/Never", String::new())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_and_the_next_is_served() {
    let running = Running::start(GrpcConfig {
        max_request_bytes: 1024,
        ..grpc_config()
    })
    .await;
    let mut client = running.client().await;
    let refused = call(&mut client, "/t.S/Who", "x".repeat(2048)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert_eq!(call(&mut client, "/t.S/Who", String::new()).await.unwrap(), "eve");
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let running = Running::start(grpc_config()).await;
    let mut request = Request::new(HealthCheckRequest { service: String::new() });
    request
        .metadata_mut()
        .insert("x-much", "x".repeat(64 * 1024).parse().unwrap());
    assert!(running.health_client().await.check(request).await.is_err());
    assert!(
        running
            .health_client()
            .await
            .check(HealthCheckRequest::default())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_address_says_how_to_speak_to_it() {
    for address in ["nonsense", "localhost:7420", "ftp://localhost:7420", "http:// x"] {
        let credentials = Credentials::fixed(Secret::new("token".to_owned()));
        let refused = client(address.to_owned(), None, credentials).await;
        assert!(matches!(refused, Err(GrpcError::Address(_))), "{address}");
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let config = GrpcConfig {
        handshake_timeout: Duration::from_millis(100),
        ..grpc_config()
    };
    let running = Running::start(config).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut rest = Vec::new();
    // Whether it ends in order or is reset does not matter.
    let _ = timeout(PATIENCE, silent.read_to_end(&mut rest))
        .await
        .expect("the server closes the connection");
}

#[tokio::test]
async fn a_connection_above_the_limit_waits_for_a_place() {
    let running = Running::start(GrpcConfig {
        max_connections: 1,
        ..grpc_config()
    })
    .await;
    let mut first = running.client().await;
    call(&mut first, "/t.S/Who", String::new()).await.unwrap();
    let mut second = running.client().await;
    let mut waiting = Box::pin(call(&mut second, "/t.S/Who", String::new()));
    assert!(
        timeout(Duration::from_millis(200), &mut waiting).await.is_err(),
        "there is one place only"
    );
    drop(first);
    assert_eq!(timeout(PATIENCE, waiting).await.unwrap().unwrap(), "eve");
}

#[tokio::test]
async fn an_old_connection_is_asked_to_leave_and_its_stream_lives_on() {
    let age = Duration::from_millis(100);
    let running = Running::start(GrpcConfig {
        max_connection_age: age,
        max_connections: 1,
        ..grpc_config()
    })
    .await;
    let mut old = running.client().await;
    let mut stream = ticks(&mut old).await;
    let begun = Instant::now();
    while begun.elapsed() < age * 4 {
        running.ticks.notify_one();
        assert_eq!(
            timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap(),
            "tick"
        );
    }
    drop(stream);
    // There is one place only, and the old client still holds its connection: the server must have ended it.
    let mut new = running.client().await;
    assert_eq!(
        timeout(PATIENCE, call(&mut new, "/t.S/Who", String::new()))
            .await
            .unwrap()
            .unwrap(),
        "eve"
    );
    drop(old);
}

#[tokio::test]
async fn a_server_that_drains_ends_in_time_although_a_stream_hangs() {
    let running = Running::start_with_grace(grpc_config(), Duration::from_millis(100)).await;
    let mut client = running.client().await;
    let _stream = ticks(&mut client).await;
    running.draining.cancel();
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn health_follows_the_service_and_a_watcher_does_not_hold_up_a_drain() {
    let running = Running::start(grpc_config()).await;
    let store = running.health.condition("store");
    let mut client = running.health_client().await;
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut watched = client.watch(ask(READINESS)).await.unwrap().into_inner();
    let mut next = async || {
        timeout(PATIENCE, watched.next())
            .await
            .unwrap()
            .map(|status| status.unwrap().status)
    };
    assert_eq!(next().await, Some(2), "not serving: the store is not connected yet");
    store.set(true);
    assert_eq!(next().await, Some(1), "serving");
    assert_eq!(client.check(ask("t.S")).await.unwrap().into_inner().status, 1);
    store.set(false);
    assert_eq!(next().await, Some(2));
    for alive in ["", "liveness"] {
        assert_eq!(
            client.check(ask(alive)).await.unwrap().into_inner().status,
            1,
            "{alive} depends on nothing"
        );
    }
    assert_eq!(client.check(ask("other.S")).await.unwrap_err().code(), Code::NotFound);
    store.set(true);
    assert_eq!(next().await, Some(1));
    running.draining.cancel();
    assert_eq!(next().await, Some(2), "a draining process gets no work");
    assert_eq!(next().await, None);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn with_a_certificate_plain_text_is_refused() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert_file, cert.pem()).unwrap();
    std::fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let config = GrpcConfig {
        tls_cert_file: Some(cert_file.clone()),
        tls_key_file: Some(key_file),
        ..grpc_config()
    };
    let running = Running::start(config).await;
    let port = running.address.port();
    let mut safe = client(
        format!("https://localhost:{port}"),
        Some(cert_file),
        running.credentials(),
    )
    .await
    .unwrap();
    assert_eq!(call(&mut safe, "/t.S/Who", String::new()).await.unwrap(), "eve");
    let plain = client(format!("http://localhost:{port}"), None, running.credentials()).await;
    if let Ok(mut plain) = plain {
        assert!(call(&mut plain, "/t.S/Who", String::new()).await.is_err());
    }
}
