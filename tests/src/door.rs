//! The chat's door, byte by byte, for peers who break rules.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wait::DEADLINE;

/// What came back.
pub struct Answered {
    /// The status; 0 if the connection was closed without one.
    pub status: u16,
    /// The status line and the fields, in lower case, and what came along of the body.
    pub head: String,
    /// The connection, still open if the server wants it so.
    pub connection: TcpStream,
}

/// Sends a request and waits for the head of its answer.
pub async fn ask(server: SocketAddr, request: &str) -> Answered {
    let mut connection = TcpStream::connect(server).await.expect("it listens");
    // The server may close before it has read everything.
    let _ = connection.write_all(request.as_bytes()).await;
    let head = hear(&mut connection, |heard| heard.contains("\r\n\r\n")).await;
    let head = head.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answered {
        status: status.unwrap_or_default(),
        head,
        connection,
    }
}

/// The request for a socket at `path`, with header fields of one's own, each ended.
pub fn upgrade(server: SocketAddr, path: &str, fields: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
    )
}

/// Reads until `enough` is there, or the other side has closed.
pub async fn hear(connection: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut heard = Vec::new();
    let reading = async {
        let mut some = [0; 4096];
        while !enough(&String::from_utf8_lossy(&heard)) {
            match connection.read(&mut some).await? {
                0 => break,
                count => heard.extend(&some[..count]),
            }
        }
        io::Result::Ok(())
    };
    // To be cut off is an end as good as any.
    let _ = timeout(DEADLINE, reading).await.expect("an answer or an end");
    String::from_utf8_lossy(&heard).into_owned()
}

/// A frame as a browser sends it; its mask leaves the bytes as they are.
pub fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let length = u64::try_from(payload.len()).expect("it is in memory");
    [&announced(first_byte, length), payload].concat()
}

/// The beginning of a frame that says to be so long.
pub fn announced(first_byte: u8, length: u64) -> Vec<u8> {
    [&[first_byte, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat()
}
