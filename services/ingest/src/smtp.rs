//! Inbound mail: an ESMTP server that answers 250 only when the message is stored.
//!
//! The protocol is small and every byte of it matters for safety (SMTP smuggling), so it is read by
//! code of our own, in three steps that know no socket and can be tested alone: `framing` cuts
//! lines, `dialogue` decides what each command is answered, `data` takes the message. The command
//! parser of a library would come *after* the framing anyway, and the part that it would save
//! (`command`) is the smallest. `session` moves bytes and keeps time, `listener` keeps count.
//!
//! Rules and where they come from:
//! - A line ends with CR LF and with nothing else. A CR or LF alone, in commands or data, is
//!   answered `521 5.5.2` and the connection is closed: whoever relays mail to us and means
//!   something else by it could be made to relay two messages in one (CERT VU#302671).
//! - Who sends before it may (before the greeting, behind EHLO, DATA or STARTTLS) is a script or
//!   an injection: closed. The buffer is empty when TLS starts.
//! - Only configured addresses are taken; nothing is relayed; AUTH, CHUNKING and SMTPUTF8 are not
//!   offered.
//! - After the 250 the message is ours (RFC 5321, section 6.1). If it is not stored in time, the
//!   sender hears 451 and comes again; dedup recognises a message that was stored after all.

mod command;
mod data;
mod dialogue;
mod framing;
mod limits;
mod listener;
mod reply;
mod session;
pub mod tls;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::Trace;

pub use limits::Limits;
pub use listener::Server;

/// Where messages go.
#[async_trait]
pub trait MailSink: Send + Sync + 'static {
    /// Whether mail for `address` is taken. The address is in lower case: local parts are compared
    /// without regard to case, as every mail system does in practice.
    async fn rcpt(&self, address: &str) -> RcptAnswer;

    /// Stores a message; the sender is told success only after [`DeliverAnswer::Stored`]. Dropped
    /// when [`Limits::commit_timeout`] is over: what it had begun may still come to its end, and
    /// the same message comes again.
    async fn deliver(&self, envelope: Envelope, raw: Bytes) -> DeliverAnswer;
}

/// Whether an address is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RcptAnswer {
    /// It is.
    Accepted,
    /// It is not: 550.
    NoSuchMailbox,
    /// It cannot be said now: 451.
    TryLater,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliverAnswer {
    /// It is stored for good: 250.
    Stored,
    /// Not now: 451.
    TryLater,
    /// Never, in this form.
    Refused {
        /// A reply code from 500 to 599.
        code: u16,
        /// One line, beginning with an enhanced status code (RFC 3463) such as `5.7.1`.
        text: Cow<'static, str>,
    },
}

/// Who brought a message, from whom and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The peer's address. Personal data: stored with the message, never logged.
    pub peer: Option<IpAddr>,
    /// What the peer called itself; unverified.
    pub helo: String,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// The return path; none: `<>`, a bounce or automatic mail.
    pub mail_from: Option<String>,
    /// Accepted recipients in lower case, without repeats, in the order given.
    pub rcpts: Vec<String>,
    /// The message's span.
    pub trace: Trace,
}

/// Gives the `traceparent` of the span that is current where it is called.
pub type CurrentTrace = Arc<dyn Fn() -> Trace + Send + Sync>;

/// How the server is set up.
#[derive(Clone)]
pub struct Settings {
    /// The name under which it greets; a full domain name.
    pub hostname: String,
    /// Its limits.
    pub limits: Limits,
    /// Offers STARTTLS when given, see [`tls::server_config`].
    pub tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
    /// Where [`Envelope::trace`] comes from.
    pub current_trace: CurrentTrace,
}
