//! The signals that stop a process.

use std::io;
use std::task::Poll;

use futures::Stream;
use tokio::signal::unix::{SignalKind, signal};

/// SIGTERM and SIGINT, by name, as they come.
///
/// # Errors
/// If they cannot be listened to.
pub fn signals() -> io::Result<impl Stream<Item = &'static str> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(futures::stream::poll_fn(move |cx| {
        if terminate.poll_recv(cx).is_ready() {
            return Poll::Ready(Some("SIGTERM"));
        }
        interrupt.poll_recv(cx).map(|_| Some("SIGINT"))
    }))
}
