//! A visitor in a chat, by hand.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::desks::origin;
use crate::wait::DEADLINE;

/// How long opening a socket may take.
const OPEN_LIMIT: Duration = Duration::from_secs(5);

/// A visitor with an open socket.
pub struct Visitor {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// With this the chat goes on elsewhere.
    pub resume: String,
}

/// Why there is no frame.
#[derive(Debug)]
pub enum Lost {
    /// The socket broke, or was never there.
    Broken,
    /// The server said why it closes.
    Closed(String),
}

impl From<Error> for Lost {
    fn from(_: Error) -> Self {
        Self::Broken
    }
}

impl Visitor {
    /// Opens a socket and says hello; with a token, the chat goes on behind the answer `after`.
    pub async fn open(server: SocketAddr, desk: &str, resume: Option<(&str, u64)>) -> Result<Self, Lost> {
        let opening = async {
            let mut request = format!("ws://{server}/chat/v1/{desk}/site").into_client_request()?;
            let origin = origin(desk).parse().expect("an origin is a header's value");
            request.headers_mut().insert("Origin", origin);
            let (socket, _) = connect_async(request).await?;
            let mut visitor = Self {
                socket,
                resume: String::new(),
            };
            let (token, after) = resume.unzip();
            visitor
                .send(&json!({"type": "hello", "language": "en", "resume": token, "after": after}))
                .await?;
            let welcome = visitor.until(|frame| frame["type"] == "welcome").await?;
            welcome["resume"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut visitor.resume);
            Ok(visitor)
        };
        timeout(OPEN_LIMIT, opening).await.unwrap_or(Err(Lost::Broken))
    }

    /// Says something under an id of its own; it is stored once `accepted` names the id.
    pub async fn say(&mut self, id: &str, text: &str) -> Result<(), Lost> {
        self.send(&json!({"type": "message", "id": id, "text": text})).await
    }

    /// Has shown everything up to this answer.
    pub async fn acknowledge(&mut self, seq: u64) -> Result<(), Lost> {
        self.send(&json!({"type": "ack", "seq": seq})).await
    }

    /// Leaves.
    pub async fn end(&mut self) -> Result<(), Lost> {
        self.send(&json!({"type": "end"})).await
    }

    /// The next frame.
    pub async fn next(&mut self) -> Result<Value, Lost> {
        loop {
            match self.socket.next().await.ok_or(Lost::Broken)?? {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("the server speaks JSON");
                    if frame["type"] == "error" {
                        return Err(Lost::Closed(frame["code"].to_string()));
                    }
                    return Ok(frame);
                }
                Message::Close(_) => return Err(Lost::Broken),
                _ => {}
            }
        }
    }

    /// The next frame that is wanted; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value, Lost> {
        loop {
            let frame = self.next().await?;
            if wanted(&frame) {
                return Ok(frame);
            }
        }
    }

    /// The next frame that is wanted, which must come.
    pub async fn hears(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let heard = timeout(DEADLINE, self.until(wanted)).await;
        let heard = heard.unwrap_or_else(|_| panic!("waited in vain for {what}"));
        heard.unwrap_or_else(|lost| panic!("instead of {what}: {lost:?}"))
    }

    /// Says something, and waits until it is stored for good.
    pub async fn is_heard(&mut self, id: &str, text: &str) {
        self.say(id, text).await.expect("an open socket");
        self.hears("an acknowledgement", |frame| {
            frame["type"] == "accepted" && frame["id"] == id
        })
        .await;
    }

    /// The next answer, which must come: its number and its words. It counts as delivered then.
    pub async fn answer(&mut self) -> (u64, String) {
        let frame = self.hears("an answer", |frame| frame["from"] == "agent").await;
        let seq = frame["seq"].as_u64().expect("answers are numbered");
        self.acknowledge(seq).await.expect("an open socket");
        (seq, frame["text"].as_str().unwrap_or_default().to_owned())
    }

    async fn send(&mut self, frame: &Value) -> Result<(), Lost> {
        Ok(self.socket.send(Message::text(frame.to_string())).await?)
    }
}
