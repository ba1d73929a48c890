//! `[chat]`; `chat.default.toml` explains each key.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tandem_service_kit::config::{Check, Validate, values};

/// The documentation and defaults of `[chat]`, for whoever runs ingest among other services.
pub const CHAT_DEFAULTS: &str = include_str!("../chat.default.toml");

/// Bytes of one message or frame from a visitor: 1009.
pub(super) const FRAME_BYTES: usize = 16 << 10;
/// Bytes that are read at once, per connection.
pub(super) const READ_BUFFER_BYTES: usize = 4 << 10;
/// Bytes that may wait to be sent on one socket: 1013.
pub(super) const WRITE_BUFFER_BYTES: usize = 256 << 10;
/// Bytes of a request's head.
pub(super) const HEAD_BYTES: usize = 16 << 10;
/// Header fields of a request.
pub(super) const HEADERS: usize = 64;

/// `[chat]`
#[derive(Clone, Debug, Deserialize)]
pub struct ChatConfig {
    /// Where to listen; port 0 takes a free one.
    #[serde(deserialize_with = "values::parsed")]
    pub listen: SocketAddr,
    /// Names under which the page is reached.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub forwarded_by: Vec<IpAddr>,
    /// Where the accounts' secrets are.
    #[serde(deserialize_with = "values::optional")]
    pub secrets_dir: Option<PathBuf>,
    /// Connections at once.
    pub max_connections: usize,
    /// Sockets at once from one address.
    pub max_sockets_per_peer: usize,
    /// Sockets at once of one visitor.
    pub max_sockets_per_visitor: usize,
    /// Frames that a visitor may send each second.
    pub frames_per_second: u32,
    /// Frames that a visitor may send at once.
    pub frames_at_once: u32,
    /// For a request to come.
    #[serde(with = "values::duration")]
    pub handshake_timeout: Duration,
    /// For a socket's first frame to come.
    #[serde(with = "values::duration")]
    pub hello_timeout: Duration,
    /// Between two frames from a visitor, answers to pings included.
    #[serde(with = "values::duration")]
    pub idle_timeout: Duration,
    /// For one frame to go.
    #[serde(with = "values::duration")]
    pub write_timeout: Duration,
    /// Of a chat.
    #[serde(with = "values::duration")]
    pub max_life: Duration,
    /// How long a visitor may be away.
    #[serde(with = "values::duration")]
    pub grace: Duration,
    /// Between two looks at a visitor's place.
    #[serde(with = "values::duration")]
    pub refresh_interval: Duration,
}

impl ChatConfig {
    /// How often living sessions are marked, and silent ones looked for: often enough that one lost mark ends nobody.
    pub(super) fn mark_every(&self) -> Duration {
        self.grace / 3
    }
}

impl Validate for ChatConfig {
    fn validate(&self, check: &mut Check) {
        let numbers = [
            ("max_connections", self.max_connections),
            ("max_sockets_per_peer", self.max_sockets_per_peer),
            ("max_sockets_per_visitor", self.max_sockets_per_visitor),
            ("frames_per_second", self.frames_per_second as usize),
            ("frames_at_once", self.frames_at_once as usize),
        ];
        for (key, number) in numbers {
            check.rule(number > 0, key, "at least 1");
        }
        let durations = [
            ("handshake_timeout", self.handshake_timeout),
            ("hello_timeout", self.hello_timeout),
            ("idle_timeout", self.idle_timeout),
            ("write_timeout", self.write_timeout),
            ("max_life", self.max_life),
            ("grace", self.grace),
            ("refresh_interval", self.refresh_interval),
        ];
        for (key, duration) in durations {
            check.rule(
                duration >= Duration::from_millis(1),
                key,
                "longer than nothing, such as 5s",
            );
        }
        let is_host = |host: &String| host.parse::<http::uri::Authority>().is_ok();
        check.rule(
            self.hosts.iter().all(is_host),
            "hosts",
            "names such as chat.acme.example",
        );
    }
}
