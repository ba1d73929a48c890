use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

/// Somebody whose answer to every connection is the same bytes; with `hang`, the connection stays open behind them.
struct Receiver {
    port: u16,
    met: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

async fn receiver(answer: &'static [u8], hang: bool) -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let met = Arc::new(AtomicUsize::new(0));
    let counter = met.clone();
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
            open.extend(hang.then_some(stream));
        }
    });
    Receiver {
        port,
        met,
        _task: AbortOnDropHandle::new(task),
    }
}

impl Receiver {
    fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

fn caller(allow_private: bool, ca_file: Option<PathBuf>) -> Caller {
    let config = WebhooksConfig {
        secrets_dir: None,
        allow_private,
        ca_file,
        timeout: Duration::from_millis(500),
    };
    Caller::from_config(&config).unwrap()
}

async fn post(caller: &Caller, url: &str) -> Result<StatusCode, CallError> {
    let url: Url = url.parse().unwrap();
    caller.post(&url, HeaderMap::new(), Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let target = receiver(b"HTTP/1.1 200 OK\r\n\r\n", false).await;
    let to: String = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\n\r\n",
        target.port
    );
    let redirecting = receiver(to.leak().as_bytes(), false).await;
    let status = post(&caller(true, None), &format!("http://127.0.0.1:{}/x", redirecting.port)).await;
    assert_eq!(status.unwrap(), StatusCode::FOUND);
    assert_eq!((redirecting.met(), target.met()), (1, 0));
}

#[tokio::test]
async fn a_status_is_enough_whatever_comes_behind_it() {
    let dribbling = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nx", true).await;
    let status = post(&caller(true, None), &format!("http://localhost:{}/", dribbling.port)).await;
    assert_eq!(status.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_answer_is_none() {
    let endless: &'static [u8] = [
        b"HTTP/1.1 200 OK\r\n".as_slice(),
        &b"x-a: aaaaaaaaaaaaaaaa\r\n".repeat(5_000),
    ]
    .concat()
    .leak();
    for garbage in [
        b"".as_slice(),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        endless,
    ] {
        let confused = receiver(garbage, false).await;
        let answer = post(&caller(true, None), &format!("http://127.0.0.1:{}/", confused.port)).await;
        assert!(
            matches!(answer, Err(CallError::NoAnswer)),
            "{answer:?} to {:?}",
            garbage.first_chunk::<16>()
        );
    }
}

#[tokio::test]
async fn whoever_takes_too_long_is_left() {
    for slow in [
        b"".as_slice(),
        b"HTTP/1.1 200 OK\r\nx",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let slow = receiver(slow, true).await;
        let answer = post(&caller(true, None), &format!("http://127.0.0.1:{}/", slow.port)).await;
        assert!(matches!(answer, Err(CallError::TooSlow)), "{answer:?}");
    }
}

#[tokio::test]
async fn nobody_is_met_in_private_networks_unless_that_is_allowed() {
    let inside = receiver(b"HTTP/1.1 200 OK\r\n\r\n", false).await;
    let port = inside.port;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        // Other ways to write 127.0.0.1 in.
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
    ] {
        let answer = post(&caller(false, None), &url).await;
        assert!(matches!(answer, Err(CallError::Forbidden)), "{url}: {answer:?}");
    }
    assert_eq!(inside.met(), 0);
}

#[tokio::test]
async fn a_name_that_means_nothing_and_a_closed_port_are_told_apart() {
    let unknown = post(&caller(true, None), "http://nobody.invalid/").await;
    assert!(
        matches!(unknown, Err(CallError::Unresolved | CallError::TooSlow)),
        "{unknown:?}"
    );
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let refused = post(&caller(true, None), &format!("http://127.0.0.1:{closed}/")).await;
    assert!(matches!(refused, Err(CallError::Unreachable)), "{refused:?}");
}

/// A receiver with a certificate for `localhost`, and the certificate's PEM.
async fn protected_receiver() -> (u16, String, AbortOnDropHandle<()>) {
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, pair.cert.pem(), AbortOnDropHandle::new(task))
}

#[tokio::test]
async fn a_certificate_counts_only_from_an_authority_that_is_trusted_and_for_its_name() {
    let (port, pem, _receiver) = protected_receiver().await;
    let dir = tempfile::tempdir().unwrap();
    let authority = dir.path().join("authority.pem");
    std::fs::write(&authority, pem).unwrap();
    let trusting = caller(true, Some(authority));
    let good = post(&trusting, &format!("https://localhost:{port}/hook")).await;
    assert_eq!(good.unwrap(), StatusCode::NO_CONTENT);
    let other_name = post(&trusting, &format!("https://127.0.0.1:{port}/hook")).await;
    assert!(matches!(other_name, Err(CallError::Tls)), "{other_name:?}");
    let unknown = post(&caller(true, None), &format!("https://localhost:{port}/hook")).await;
    assert!(matches!(unknown, Err(CallError::Tls)), "{unknown:?}");
    let plain = receiver(b"HTTP/1.1 200 OK\r\n\r\n", false).await;
    let unprotected = post(&trusting, &format!("https://localhost:{}/", plain.port)).await;
    assert!(matches!(unprotected, Err(CallError::Tls)), "{unprotected:?}");
}
