//! Receivers of webhooks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// The secret that receivers share with the desk.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver does with the next call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Answers with these bytes.
    Raw(String),
    /// Never answers.
    Hang,
}

/// A status and nothing else.
pub(crate) fn status(code: u16) -> Answer {
    Answer::Raw(format!("HTTP/1.1 {code} Whatever\r\ncontent-length: 0\r\n\r\n"))
}

/// A call that was received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn data(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).expect("JSON")["data"].clone()
    }

    /// Whether the signature is that of whoever knows the secret, as Standard Webhooks has it computed.
    pub(crate) fn is_signed(&self) -> bool {
        let key = STANDARD.decode(&SECRET["whsec_".len()..]).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let signed = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        mac.update(signed.as_bytes());
        self.headers["webhook-signature"] == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// A receiver. It answers as planned, and then 204 for ever.
pub(crate) struct Sink {
    pub(crate) port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    planned: Arc<Mutex<VecDeque<Answer>>>,
    _task: AbortOnDropHandle<()>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (calls, planned) = (
            Arc::<Mutex<Vec<Call>>>::default(),
            Arc::<Mutex<VecDeque<Answer>>>::default(),
        );
        let (seen, plan) = (calls.clone(), planned.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, seen.clone(), plan.clone()));
            }
        });
        Self {
            port,
            calls,
            planned,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?key=1", self.port)
    }

    /// The next calls are answered so.
    pub(crate) fn plan(&self, answers: impl IntoIterator<Item = Answer>) {
        self.planned.lock().unwrap().extend(answers);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

async fn receive(mut stream: TcpStream, calls: Arc<Mutex<Vec<Call>>>, planned: Arc<Mutex<VecDeque<Answer>>>) {
    let Some(call) = read(&mut stream).await else { return };
    calls.lock().unwrap().push(call);
    let answer = planned.lock().unwrap().pop_front().unwrap_or_else(|| status(204));
    match answer {
        Answer::Raw(bytes) => drop(stream.write_all(bytes.as_bytes()).await),
        Answer::Hang => std::future::pending().await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            let headers: BTreeMap<String, String> = headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if body.len() >= length {
                let body = body.to_owned();
                return Some(Call { headers, body });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
