//! A visitor's socket as frames: bounded in size, pace and time, whatever the visitor's side does.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite;
use tungstenite::error::CapacityError;

use super::config::ChatConfig;
use super::pace::Pace;
use super::protocol::{EndedBy, ErrorCode, FromVisitor, ToVisitor, decode};

/// How long the last frame of a socket may take, and the peer's answer to it.
const CLOSING: Duration = Duration::from_secs(2);

/// Why a socket is closed.
#[derive(Debug)]
pub(super) enum Closing {
    /// The visitor's side is gone.
    Gone,
    /// The chat is over.
    Ended(EndedBy),
    /// The socket cannot go on.
    Failed(ErrorCode, String),
}

impl Closing {
    /// Not now: the visitor's side comes again with its resume token.
    pub(super) fn later(why: &str) -> Self {
        Self::Failed(ErrorCode::TryLater, why.to_owned())
    }
}

/// A visitor's socket.
pub(super) struct Wire {
    socket: WebSocket,
    pace: Pace,
    idle_timeout: Duration,
    write_timeout: Duration,
    heard: Instant,
    ping_at: Instant,
}

impl Wire {
    /// Takes a socket over.
    pub(super) fn new(socket: WebSocket, config: &ChatConfig) -> Self {
        let now = Instant::now();
        Self {
            socket,
            pace: Pace::new(config.frames_per_second, config.frames_at_once, now),
            idle_timeout: config.idle_timeout,
            write_timeout: config.write_timeout,
            heard: now,
            ping_at: now + config.idle_timeout / 3,
        }
    }

    /// The next frame of the visitor's side. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<FromVisitor, Closing> {
        loop {
            let idle = self.heard + self.idle_timeout;
            tokio::select! {
                received = self.socket.recv() => if let Some(frame) = self.take(received)? {
                    return Ok(frame);
                },
                () = sleep_until(self.ping_at.min(idle)) => self.ping().await?,
            }
        }
    }

    fn take(&mut self, received: Option<Result<Message, axum::Error>>) -> Result<Option<FromVisitor>, Closing> {
        let message = received.ok_or(Closing::Gone)?.map_err(closing)?;
        self.heard = Instant::now();
        if !self.pace.take(self.heard) {
            let why = "too many frames too fast: pause, then go on with the resume token";
            return Err(Closing::Failed(ErrorCode::TooFast, why.to_owned()));
        }
        match message {
            Message::Text(text) => decode(&text).map(Some).map_err(bad_frame),
            Message::Binary(_) => Err(bad_frame("frames are text, not binary".to_owned())),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(Closing::Gone),
        }
    }

    async fn ping(&mut self) -> Result<(), Closing> {
        let now = Instant::now();
        if now >= self.heard + self.idle_timeout {
            return Err(Closing::Failed(
                ErrorCode::Idle,
                "nothing was heard for too long".to_owned(),
            ));
        }
        self.ping_at = now + self.idle_timeout / 3;
        self.write(Message::Ping(axum::body::Bytes::new())).await
    }

    /// Sends a frame. What the visitor's side does not take in time ends the socket, so that nothing piles up here.
    pub(super) async fn send(&mut self, frame: &ToVisitor<'_>) -> Result<(), Closing> {
        self.write(Message::text(frame.encode())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Closing> {
        match timeout(self.write_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(closing(error)),
            Err(_elapsed) => Err(too_slow()),
        }
    }

    /// Says why, if it can still be said, and waits a moment for the other side to close.
    pub(super) async fn close(mut self, closing: Closing) {
        let until = Instant::now() + CLOSING;
        let code = match &closing {
            Closing::Gone => return,
            Closing::Ended(by) => {
                self.say_last(&ToVisitor::Ended { by: *by }, until).await;
                1000
            }
            Closing::Failed(code, message) => {
                // More words do not help a side that does not listen.
                if *code != ErrorCode::TooSlow {
                    self.say_last(&ToVisitor::Error { code: *code, message }, until).await;
                }
                code.close_code()
            }
        };
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        let answer = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Whether the other side answers is its own affair.
        let _ = timeout_at(until, answer).await;
    }

    async fn say_last(&mut self, frame: &ToVisitor<'_>, until: Instant) {
        // It may be gone already.
        let _ = timeout_at(until, self.socket.send(Message::text(frame.encode()))).await;
    }
}

fn bad_frame(why: String) -> Closing {
    Closing::Failed(ErrorCode::BadFrame, why)
}

fn too_slow() -> Closing {
    Closing::Failed(ErrorCode::TooSlow, "what is sent is not taken in time".to_owned())
}

/// What an error of the library means for the visitor's side.
fn closing(error: axum::Error) -> Closing {
    let Ok(error) = error.into_inner().downcast::<tungstenite::Error>() else {
        return Closing::Gone;
    };
    match *error {
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Closing::Failed(ErrorCode::TooLarge, "a frame has at most 16384 bytes".to_owned())
        }
        tungstenite::Error::WriteBufferFull(_) => too_slow(),
        tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_) => {
            bad_frame("the frame breaks the rules of WebSocket (RFC 6455)".to_owned())
        }
        _ => Closing::Gone,
    }
}
