//! What a token says.

use jsonwebtoken::errors::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use tandem_domain::{ErrorCode, Role};
use tonic::Status;

use super::DeskScope;
use crate::error::ApiError;

/// `iss` and `aud` of every token.
pub(super) const TANDEM: &str = "tandem";

/// The claims. Times are seconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub iat: u64,
    pub exp: u64,
    pub role: Role,
    pub desks: DeskScope,
}

/// Why a token is not accepted. Says nothing that would help to make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The call has none.
    #[error("a token is needed: send the metadata `authorization: Bearer TOKEN`")]
    Missing,
    /// It is too old.
    #[error("the token has expired: get a new one")]
    Expired,
    /// It was signed with a key that this service does not know.
    #[error("the token's key is not known here")]
    UnknownKey,
    /// It was not made by Tandem, not for Tandem, or was changed.
    #[error("the token is not valid")]
    Invalid,
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            _ => Self::Invalid,
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        let reason = match error {
            TokenError::Missing => "TOKEN_MISSING",
            TokenError::Expired => "TOKEN_EXPIRED",
            TokenError::UnknownKey => "TOKEN_KEY_UNKNOWN",
            TokenError::Invalid => "TOKEN_INVALID",
        };
        Self::new(ErrorCode::Unauthenticated, error.to_string()).reason(reason)
    }
}

impl From<TokenError> for Status {
    fn from(error: TokenError) -> Self {
        ApiError::from(error).into()
    }
}
