//! gRPC with its limits: nothing that a client does, or leaves undone, costs more than is configured.

mod answer;
mod client;
mod connection;
mod contracts;
mod measured;
mod peer;
mod server;

pub use client::{Client, ClientOptions, Credentials, connect};
pub use contracts::{Contracts, add_reflection};
pub use peer::Peer;
pub use server::GrpcServer;

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server or a client cannot work.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// The address is taken or is not this machine's.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate and key do not fit, or the transport failed.
    #[error("the gRPC transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// A client was given something that is no address.
    #[error("`{0}` is not an address: use http://HOST:PORT or https://HOST:PORT")]
    Address(String),
}

/// Gives a generated server the message sizes of a [`GrpcConfig`](crate::config::GrpcConfig).
#[macro_export]
macro_rules! limited {
    ($server:expr, $config:expr) => {
        $server
            .max_decoding_message_size($config.max_request_bytes)
            .max_encoding_message_size($config.max_response_bytes)
    };
}
