//! The closed set of things that can go wrong, as callers see them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call failed. Every error of every part maps to exactly one of these, and each of
/// these to exactly one gRPC status (see `tandem-service-kit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The request itself is wrong, whatever the state: fix it.
    InvalidArgument,
    /// No, unreadable, expired or wrongly signed token.
    Unauthenticated,
    /// The token does not name the desk, or its role may not do this.
    PermissionDenied,
    /// The desk, ticket, agent, offer … does not exist.
    NotFound,
    /// It exists already, differently.
    AlreadyExists,
    /// Right request, wrong moment: the state does not allow it. Look, then decide.
    FailedPrecondition,
    /// Somebody else changed it in between. Look again, then repeat.
    Aborted,
    /// A limit was reached: size, rate, capacity, disk.
    ResourceExhausted,
    /// This process cannot answer now; the same call may succeed soon.
    Unavailable,
    /// It took too long; it may or may not have happened: repeat under the same request id.
    DeadlineExceeded,
    /// Stored data cannot be read by this version, or is damaged.
    DataLoss,
    /// A fault of Tandem's.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::AlreadyExists,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::ResourceExhausted,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::DataLoss,
        Self::Internal,
    ];

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Unavailable | Self::DeadlineExceeded | Self::ResourceExhausted
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
