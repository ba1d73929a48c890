//! Connections: so many at once, and none that says nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// The bytes with which every HTTP/2 connection begins; a TLS one sends more.
const PREFACE_BYTES: usize = 24;

/// How long to wait after `accept` failed, for instance because all file descriptors are in use.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Accepts at most `limit` connections at once; further ones wait in the system's queue.
pub(super) fn connections(
    listener: TcpListener,
    limit: usize,
    handshake: Duration,
) -> impl Stream<Item = io::Result<Connection>> + Send {
    let permits = Arc::new(Semaphore::new(limit));
    futures::stream::unfold((listener, permits), move |(listener, permits)| async move {
        let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
        let accepted = match listener.accept().await {
            Ok((stream, _)) => stream
                .set_nodelay(true)
                .map(|()| Connection::new(stream, permit, handshake)),
            Err(error) => {
                sleep(AFTER_FAILURE).await;
                Err(error)
            }
        };
        Some((accepted, (listener, permits)))
    })
}

/// A connection that holds its place until it is closed.
pub(super) struct Connection {
    stream: TcpStream,
    greeting: Option<Greeting>,
    _permit: OwnedSemaphorePermit,
}

/// What must still come, and until when: neither HTTP/2 pings nor request deadlines begin before it.
struct Greeting {
    missing: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit, handshake: Duration) -> Self {
        let greeting = Greeting {
            missing: PREFACE_BYTES,
            deadline: Box::pin(sleep(handshake)),
        };
        Self {
            stream,
            greeting: Some(greeting),
            _permit: permit,
        }
    }

    fn note_read(&mut self, bytes: usize) {
        self.greeting = self.greeting.take().and_then(|greeting| {
            let missing = greeting.missing.checked_sub(bytes).filter(|missing| *missing > 0)?;
            Some(Greeting { missing, ..greeting })
        });
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(greeting) = &mut self.greeting
            && greeting.deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.note_read(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
