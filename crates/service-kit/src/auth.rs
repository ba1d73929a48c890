//! Who asks, and what they may.
//!
//! Every call carries a token: a JWT, signed with Ed25519, that names a subject, a role and
//! desks. [`Gate`] checks the token and the role against one table ([`table`]), and
//! [`authorize`] checks the desk. A service that forgets to call it answers nothing: the gate
//! replaces its answer by an error.

mod checked;
mod desk;
mod gate;
mod principal;
mod private_file;
mod shared_secret;
mod signer;
pub mod table;
mod token;
mod verifier;

pub use desk::{Caller, authorize};
pub use gate::{Gate, GateService, Reflection};
pub use principal::{DeskScope, Principal};
pub use shared_secret::own_secret;
pub use signer::{ADMIN_TOKEN_TTL, Grant, Signer};
pub use table::{DeskRule, MethodRule};
pub use token::TokenError;
pub use verifier::Verifier;

use std::path::PathBuf;

use tandem_domain::InvalidKey;

/// Why keys or token files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others than its owner can read a private file.
    #[error(
        "{path} may be read by others (mode {mode:o}): run `chmod 600 {path}`, and replace it if others have used this machine"
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file does not hold an Ed25519 key.
    #[error("{0} does not hold an Ed25519 key in PEM form")]
    NotAKey(PathBuf),
    /// Two files would be the same `kid`.
    #[error("two key files are named `{0}`: a key's name must be unique, since tokens refer to it")]
    SameName(String),
    /// An agent's token needs the agent's key as its subject.
    #[error("the subject of an agent's token must be the agent's key")]
    Subject(#[source] InvalidKey),
    /// The library could not make a key or a signature.
    #[error("cannot sign: {0}")]
    Signing(String),
}
