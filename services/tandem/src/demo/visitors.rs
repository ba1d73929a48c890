//! Visitors who chat: over WebSocket, as the page does it (docs/chat.md).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::script::{Chat, chats};
use super::teller::{Teller, Weight};
use crate::failure::Failure;

/// Between two visitors.
const PACE: Duration = Duration::from_millis(1500);
/// For reading an answer and writing the next line.
const TYPING: Duration = Duration::from_millis(600);
/// The pause after "not now".
const RETRY: Duration = Duration::from_millis(200);
/// The desk's account for chats.
const PATH: &str = "chat/v1/acme/web";

/// All visitors, one after the other and then side by side; how many messages of theirs were taken.
pub(crate) async fn all(address: SocketAddr, teller: Arc<Teller>) -> Result<u64, Failure> {
    let mut visitors = JoinSet::new();
    for chat in chats() {
        let teller = Arc::clone(&teller);
        visitors.spawn(
            Visitor {
                chat,
                address,
                teller,
                sent: 0,
                accepted: 0,
                resume: None,
                last: None,
            }
            .run(),
        );
        tokio::time::sleep(PACE).await;
    }
    let mut accepted = 0;
    while let Some(left) = visitors.join_next().await {
        accepted += left.map_err(|error| Failure::Fault(format!("a visitor died: {error}")))??;
    }
    Ok(accepted)
}

struct Visitor {
    chat: Chat,
    address: SocketAddr,
    teller: Arc<Teller>,
    /// Lines that were sent.
    sent: usize,
    /// Lines that were taken.
    accepted: u64,
    resume: Option<String>,
    /// The last answer that was shown.
    last: Option<u64>,
}

/// What a frame asks of the visitor.
enum Next {
    Wait,
    /// The connection breaks.
    Drop,
    /// The chat is over.
    Over,
}

type Socket = WebSocketStream<TcpStream>;

impl Visitor {
    async fn run(mut self) -> Result<u64, Failure> {
        let mut socket = self.connect().await?;
        self.say(&mut socket).await?;
        while let Some(frame) = socket.next().await {
            let Message::Text(text) = frame.map_err(|error| self.broken(&error))? else {
                continue;
            };
            let frame: Value = serde_json::from_str(&text).map_err(|error| self.broken(&error))?;
            match self.look_at(&frame, &mut socket).await? {
                Next::Wait => {}
                Next::Drop => socket = self.connect().await?,
                Next::Over => break,
            }
        }
        Ok(self.accepted)
    }

    /// A new socket, on which the chat begins or goes on.
    async fn connect(&self) -> Result<Socket, Failure> {
        let url = format!("ws://{}/{PATH}", self.address);
        let mut request = url.into_client_request().map_err(|error| self.broken(&error))?;
        let origin = HeaderValue::from_str(&format!("http://{}", self.address)).map_err(|error| self.broken(&error))?;
        request.headers_mut().insert("origin", origin);
        let mut socket = loop {
            let stream = TcpStream::connect(self.address).await;
            let stream = stream.map_err(|error| self.broken(&error))?;
            match client_async(request.clone(), stream).await {
                Ok((socket, _)) => break socket,
                // The desk's version comes into use at the doors a moment after it is applied.
                Err(tungstenite::Error::Http(_)) => tokio::time::sleep(RETRY).await,
                Err(error) => return Err(self.broken(&error)),
            }
        };
        let hello = json!({
            "type": "hello", "language": self.chat.language, "resume": self.resume, "after": self.last,
        });
        self.send(&mut socket, &hello).await?;
        Ok(socket)
    }

    async fn look_at(&mut self, frame: &Value, socket: &mut Socket) -> Result<Next, Failure> {
        let name = self.chat.name.clone();
        let word = |key: &str| frame[key].as_str().unwrap_or_default().to_owned();
        match frame["type"].as_str().unwrap_or_default() {
            "welcome" => self.resume = Some(word("resume")),
            "accepted" => {
                self.accepted += 1;
                return self.after_accepted(socket).await;
            }
            "joined" => self.tell(&format!("{name} is served by {}", word("agent")))?,
            "message" if word("from") == "agent" => self.on_answer(frame, socket).await?,
            "ended" => {
                self.tell(&format!("{name}'s chat is over, ended by {}", ended_by(&word("by"))))?;
                return Ok(Next::Over);
            }
            "error" | "refused" => return Err(self.broken(&word("message"))),
            _ => {}
        }
        Ok(Next::Wait)
    }

    async fn after_accepted(&mut self, socket: &mut Socket) -> Result<Next, Failure> {
        if self.chat.impatient {
            self.tell(&format!("{} does not wait and leaves", self.chat.name))?;
            self.send(socket, &json!({ "type": "end" })).await?;
        }
        if std::mem::take(&mut self.chat.drops) {
            self.tell(&format!(
                "{}'s connection breaks, and is taken up again",
                self.chat.name
            ))?;
            return Ok(Next::Drop);
        }
        Ok(Next::Wait)
    }

    async fn on_answer(&mut self, frame: &Value, socket: &mut Socket) -> Result<(), Failure> {
        let said = frame["text"].as_str().unwrap_or_default();
        let agent = frame["agent"].as_str().unwrap_or("the desk");
        self.tell(&format!("{agent} to {}: “{said}”", self.chat.name))?;
        self.last = frame["seq"].as_u64();
        self.send(socket, &json!({ "type": "ack", "seq": self.last })).await?;
        if self.sent < self.chat.lines.len() {
            tokio::time::sleep(TYPING).await;
            self.say(socket).await?;
        }
        Ok(())
    }

    /// Says the next line.
    async fn say(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        let text = self.chat.lines[self.sent].clone();
        self.tell(&format!("{}: “{text}”", self.chat.name))?;
        let message = json!({ "type": "message", "id": format!("line-{}", self.sent), "text": text });
        self.sent += 1;
        self.send(socket, &message).await
    }

    async fn send(&self, socket: &mut Socket, frame: &Value) -> Result<(), Failure> {
        let sent = socket.send(Message::text(frame.to_string())).await;
        match sent {
            // Between two frames the desk may have ended the chat.
            Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => Ok(()),
            sent => sent.map_err(|error| self.broken(&error)),
        }
    }

    fn tell(&self, text: &str) -> Result<(), Failure> {
        self.teller.tell("chat", Weight::Chapter, &format!("chat {text}"))
    }

    fn broken(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::Fault(format!("{}'s chat is broken: {why}", self.chat.name))
    }
}

fn ended_by(side: &str) -> &str {
    match side {
        "agent" => "the agent",
        "visitor" => "the visitor",
        other => other,
    }
}
