//! One SMTP session, command by command, so that tests can also do what no client should.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the server may take to store a mail, so that silence is a fault.
const ANSWER_LIMIT: Duration = Duration::from_secs(45);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Such as 250.
    pub code: u16,
    /// All lines, as they came.
    pub text: String,
}

/// A connection that was greeted.
pub struct Session {
    connection: BufReader<TcpStream>,
}

impl Session {
    /// Connects, and waits for the greeting.
    pub async fn open(server: SocketAddr) -> io::Result<Self> {
        let mut session = Self::connect(server).await?;
        match session.reply().await? {
            Reply { code: 220, .. } => Ok(session),
            other => Err(io::Error::other(other.text)),
        }
    }

    /// Connects, and waits for nothing.
    pub async fn connect(server: SocketAddr) -> io::Result<Self> {
        let connection = TcpStream::connect(server).await?;
        Ok(Self {
            connection: BufReader::new(connection),
        })
    }

    /// Sends a command and waits for its answer.
    pub async fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.send(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends a mail and the dot behind it, and waits for the answer.
    pub async fn body(&mut self, raw: &[u8]) -> io::Result<Reply> {
        self.send(&dotted(raw)).await?;
        self.send(b".\r\n").await?;
        self.reply().await
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.write_all(bytes).await
    }

    /// Waits for an answer, however many lines it has.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        timeout(ANSWER_LIMIT, self.read_reply())
            .await
            .map_err(|_| ErrorKind::TimedOut)?
    }

    async fn read_reply(&mut self) -> io::Result<Reply> {
        let mut text = String::new();
        loop {
            let start = text.len();
            if self.connection.read_line(&mut text).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let line = &text[start..];
            if line.as_bytes().get(3) != Some(&b'-') {
                let code = line.get(..3).and_then(|code| code.parse().ok());
                return Ok(Reply {
                    code: code.ok_or(ErrorKind::InvalidData)?,
                    text,
                });
            }
        }
    }
}

/// With every line's first dot doubled, and ended by a line's end.
fn dotted(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 2);
    let mut at_line_start = true;
    for byte in raw {
        if at_line_start && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        at_line_start = *byte == b'\n';
    }
    if !at_line_start {
        out.extend(b"\r\n");
    }
    out
}
