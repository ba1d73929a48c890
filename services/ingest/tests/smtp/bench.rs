//! A server with a sink that remembers, and a client that says exactly what it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::Trace;
use tandem_ingest::smtp::{DeliverAnswer, Envelope, Limits, MailSink, RcptAnswer, Server, Settings, tls};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Limits small enough to be reached.
pub(crate) fn limits() -> Limits {
    Limits {
        message_bytes: 4000,
        header_bytes: 500,
        header_fields: 20,
        received_fields: 10,
        data_line_bytes: 200,
        discard_bytes: 20_000,
        ..Limits::default()
    }
}

/// What the sink does with the next messages.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Store,
    TryLater,
    Refuse,
    /// Store, when released.
    Hold,
}

/// Serves `support@` and `sales@acme.example`; cannot say whether there is a `later@`.
pub(crate) struct Recorder {
    outcome: Mutex<Outcome>,
    delivered: Mutex<Vec<(Envelope, Bytes)>>,
    pub(crate) begun: Notify,
    pub(crate) release: Notify,
}

impl Recorder {
    fn new() -> Self {
        Self {
            outcome: Mutex::new(Outcome::Store),
            delivered: Mutex::default(),
            begun: Notify::new(),
            release: Notify::new(),
        }
    }

    pub(crate) fn answer(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap() = outcome;
    }

    pub(crate) fn delivered(&self) -> Vec<(Envelope, Bytes)> {
        self.delivered.lock().unwrap().clone()
    }
}

#[async_trait]
impl MailSink for Recorder {
    async fn rcpt(&self, address: &str) -> RcptAnswer {
        match address {
            "support@acme.example" | "sales@acme.example" => RcptAnswer::Accepted,
            "later@acme.example" => RcptAnswer::TryLater,
            _ => RcptAnswer::NoSuchMailbox,
        }
    }

    async fn deliver(&self, envelope: Envelope, raw: Bytes) -> DeliverAnswer {
        let outcome = *self.outcome.lock().unwrap();
        self.begun.notify_one();
        match outcome {
            Outcome::TryLater => return DeliverAnswer::TryLater,
            Outcome::Refuse => {
                return DeliverAnswer::Refused {
                    code: 554,
                    text: "5.7.1 Not wanted".into(),
                };
            }
            Outcome::Hold => self.release.notified().await,
            Outcome::Store => {}
        }
        self.delivered.lock().unwrap().push((envelope, raw));
        DeliverAnswer::Stored
    }
}

/// A running server.
pub(crate) struct Bench {
    pub(crate) address: SocketAddr,
    pub(crate) sink: Arc<Recorder>,
    pub(crate) shutdown: CancellationToken,
    server: JoinHandle<()>,
    certificate: Option<CertificateDer<'static>>,
}

impl Bench {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_server(limits, None).await
    }

    pub(crate) async fn start_with_tls(limits: Limits) -> Self {
        let identity = rcgen::generate_simple_self_signed(["mx.acme.example".to_owned()]).unwrap();
        Self::start_server(limits, Some(identity)).await
    }

    async fn start_server(limits: Limits, identity: Option<rcgen::CertifiedKey<rcgen::KeyPair>>) -> Self {
        let sink = Arc::new(Recorder::new());
        let certificate = identity.as_ref().map(|identity| identity.cert.der().clone());
        let settings = Settings {
            hostname: "mx.acme.example".to_owned(),
            limits,
            tls: identity.map(|identity| {
                let folder = TempDir::new().unwrap();
                let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
                std::fs::write(&cert, identity.cert.pem()).unwrap();
                std::fs::write(&key, identity.signing_key.serialize_pem()).unwrap();
                tls::server_config(&cert, &key).unwrap()
            }),
            current_trace: Arc::new(|| Trace("00-trace".into())),
        };
        let server = Server::bind("127.0.0.1:0", settings, Arc::clone(&sink) as Arc<dyn MailSink>)
            .await
            .unwrap();
        let address = server.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(server.run(shutdown.clone()));
        Self {
            address,
            sink,
            shutdown,
            server,
            certificate,
        }
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone().expect("started with TLS")
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// A client that was greeted and has said EHLO.
    pub(crate) async fn hello(&self) -> Client {
        let mut client = self.connect().await;
        assert_eq!(client.code().await, 220);
        client.send(b"EHLO client.example\r\n").await;
        assert_eq!(client.code().await, 250);
        client
    }

    /// Waits until the server has ended; says how many messages it took.
    pub(crate) async fn ended(self) -> usize {
        timeout(PATIENCE, self.server).await.expect("ends").unwrap();
        self.sink.delivered().len()
    }
}

/// A peer.
pub(crate) struct Client<S = TcpStream> {
    stream: BufReader<S>,
}

impl<S: tokio::io::AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends; a server that has closed already is no failure, its reply tells.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// The next reply: its code and text.
    pub(crate) async fn reply(&mut self) -> (u16, String) {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.stream.read_line(&mut line))
                .await
                .expect("a reply in time")
                .unwrap();
            assert!(read > 0, "closed instead of replying");
            assert!(line.ends_with("\r\n"), "{line:?}");
            text.push_str(&line[4..]);
            if line.as_bytes()[3] == b' ' {
                return (line[..3].parse().unwrap(), text);
            }
        }
    }

    pub(crate) async fn code(&mut self) -> u16 {
        self.reply().await.0
    }

    pub(crate) async fn codes(&mut self, count: usize) -> Vec<u16> {
        let mut codes = Vec::new();
        for _ in 0..count {
            codes.push(self.code().await);
        }
        codes
    }

    /// The code of the last reply before the connection is closed.
    pub(crate) async fn last_code(&mut self) -> u16 {
        let mut all = String::new();
        timeout(PATIENCE, self.stream.read_to_string(&mut all))
            .await
            .expect("closed in time")
            .unwrap();
        let last = all.lines().last().expect("a reply");
        last[..3].parse().unwrap()
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        matches!(timeout(PATIENCE, self.stream.read_u8()).await, Ok(Err(_)))
    }

    /// Whether no reply comes for a moment.
    pub(crate) async fn says_nothing(&mut self) -> bool {
        timeout(Duration::from_millis(50), self.stream.fill_buf())
            .await
            .is_err()
    }
}

impl Client<TcpStream> {
    pub(crate) async fn start_tls(
        self,
        certificate: CertificateDer<'static>,
    ) -> Client<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let name = "mx.acme.example".try_into().unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        Client::new(connector.connect(name, self.stream.into_inner()).await.unwrap())
    }
}
