//! What a peer may cost.

use std::time::Duration;

/// The server's limits. The defaults are those of RFC 5321, section 4.5.3, where it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message, announced as SIZE: 552.
    pub message_bytes: usize,
    /// Bytes of one message's header section: 554.
    pub header_bytes: usize,
    /// Header fields of one message: 554.
    pub header_fields: usize,
    /// `Received` fields at which a message is taken to run in circles: 554.
    pub received_fields: usize,
    /// Bytes of one line of a message, CR LF not counted (the standard says 998): 554.
    pub data_line_bytes: usize,
    /// Bytes that are read on after a message was found too large, so that the sender gets to
    /// hear why; then the connection is closed.
    pub discard_bytes: usize,
    /// Recipients of one message: 452.
    pub recipients: usize,
    /// Commands answered with 5xx until the connection is closed with 421.
    pub errors: u32,
    /// Commands that bring no message nearer (NOOP, RSET, EHLO …) between two messages, until each more
    /// counts as an error.
    pub idle_commands: u32,
    /// Bytes of all messages that are being received or stored at once: 452.
    pub memory_bytes: usize,
    /// Connections at once: 421.
    pub connections: usize,
    /// Connections at once from one address (IPv6: from one /64): 421.
    pub connections_per_peer: usize,
    /// How long the greeting waits for peers who talk too early.
    pub greeting_pause: Duration,
    /// For one whole command line to come, a reply to go, or a TLS handshake.
    pub command_timeout: Duration,
    /// Between two reads of a message.
    pub data_pause_timeout: Duration,
    /// For a whole message to come.
    pub data_timeout: Duration,
    /// The least speed of a message, in bytes per second, once `data_pause_timeout` has passed.
    pub data_bytes_per_second: u64,
    /// For storing a message. Senders wait longer, but a late 250 makes duplicates (RFC 1047).
    pub commit_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 25 << 20,
            header_bytes: 256 << 10,
            header_fields: 1000,
            received_fields: 50,
            data_line_bytes: 64 << 10,
            discard_bytes: 50 << 20,
            recipients: 100,
            errors: 10,
            idle_commands: 100,
            memory_bytes: 256 << 20,
            connections: 500,
            connections_per_peer: 50,
            greeting_pause: Duration::ZERO,
            command_timeout: Duration::from_mins(5),
            data_pause_timeout: Duration::from_mins(1),
            data_timeout: Duration::from_mins(10),
            data_bytes_per_second: 512,
            commit_timeout: Duration::from_secs(30),
        }
    }
}
