//! A mail client that looks at every reply.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::DEADLINE;
use crate::letter::Letter;

/// A connection that has said EHLO.
pub(crate) struct SmtpClient(BufReader<TcpStream>);

impl SmtpClient {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(address).await.unwrap()));
        assert_eq!(client.reply().await, 220);
        assert_eq!(client.says("EHLO client.example").await, 250);
        client
    }

    /// Sends a line and gives the reply's code.
    pub(crate) async fn says(&mut self, line: &str) -> u16 {
        self.writes(&format!("{line}\r\n")).await;
        self.reply().await
    }

    async fn writes(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next reply's code.
    pub(crate) async fn reply(&mut self) -> u16 {
        loop {
            let mut line = String::new();
            timeout(DEADLINE, self.0.read_line(&mut line))
                .await
                .expect("a reply in time")
                .unwrap();
            if line.as_bytes().get(3) == Some(&b' ') {
                return line[..3].parse().unwrap();
            }
        }
    }

    /// Begins a mail up to DATA, whose recipients must all be taken.
    pub(crate) async fn begins(&mut self, letter: &Letter) {
        assert_eq!(self.says(&format!("MAIL FROM:<{}>", letter.return_path)).await, 250);
        for to in &letter.to {
            assert_eq!(self.says(&format!("RCPT TO:<{to}>")).await, 250, "{to}");
        }
    }

    /// Sends the message of a mail that was begun; the code of the answer to it.
    pub(crate) async fn ends(&mut self, raw: &str) -> u16 {
        self.sends(raw).await;
        self.reply().await
    }

    /// Sends the message of a mail that was begun, and does not wait for the answer.
    pub(crate) async fn sends(&mut self, raw: &str) {
        assert_eq!(self.says("DATA").await, 354);
        self.writes(&format!("{raw}.\r\n")).await;
    }

    /// The code with which a recipient is answered.
    pub(crate) async fn asks_for(&mut self, to: &str) -> u16 {
        assert_eq!(self.says("MAIL FROM:<ann@customer.example>").await, 250);
        let code = self.says(&format!("RCPT TO:<{to}>")).await;
        assert_eq!(self.says("RSET").await, 250);
        code
    }
}

/// Sends a mail over a connection of its own; the code of the answer to its message.
pub(crate) async fn send(address: SocketAddr, letter: &Letter) -> u16 {
    send_raw(address, letter, &letter.raw_by("mx.example")).await
}

/// Sends a mail with exactly this message.
pub(crate) async fn send_raw(address: SocketAddr, letter: &Letter, raw: &str) -> u16 {
    let mut client = SmtpClient::connect(address).await;
    client.begins(letter).await;
    client.ends(raw).await
}
