//! Why a call to a desk failed.

use serde::{Deserialize, Serialize};
use tandem_domain::core::Rejected;
use tandem_domain::{DeskId, ErrorCode};

/// Why a call to a desk failed. `R` is the core's own refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DeskError<R> {
    /// The core said no. Nothing changed, and nothing is remembered of it.
    #[error("{0}")]
    Rejected(R),
    /// The same request id was used for another request.
    #[error("this request id was used for another request: use a new one")]
    RequestReused,
    /// There is no such desk.
    #[error("there is no desk `{0}`")]
    UnknownDesk(DeskId),
    /// Nobody can answer now: no owner, no lease, no store or no bus. A write may be repeated under
    /// the same request id.
    #[error("desk cannot be reached now: {0}")]
    Unavailable(String),
    /// The desk's queue is full. Nothing was done.
    #[error("desk has too much to do: try again later")]
    Overloaded,
    /// The store has no space left. Nothing was done.
    #[error("the store is full: nothing was changed")]
    StoreFull,
    /// It took too long, and may or may not have happened: repeat under the same request id.
    #[error("no answer in time: it may or may not have happened; repeat under the same request id")]
    DeadlineExceeded,
    /// The request made the core panic. A command that did so twice is kept where it can be listed and retried.
    #[error("the request made the desk fail and was set aside: {0}")]
    Parked(String),
    /// No parked item has this id.
    #[error("nothing is parked under `{0}`")]
    NotParked(String),
    /// The desk cannot be loaded: an unknown kind of event, or a damaged journal.
    #[error("desk cannot be loaded: {0}")]
    Failed(String),
    /// The desk's journal level does not allow it.
    #[error("this needs journal level {needs}, and the desk has {has}; this program knows {knows}")]
    JournalLevel {
        /// The level that it needs.
        needs: u32,
        /// The desk's level.
        has: u32,
        /// The highest level of the program.
        knows: u32,
    },
    /// The request cannot be read, or is larger than the bus takes.
    #[error("the request cannot be sent: {0}")]
    BadRequest(String),
}

impl<R: Rejected> DeskError<R> {
    /// The code that callers get.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::RequestReused | Self::BadRequest(_) => ErrorCode::InvalidArgument,
            Self::UnknownDesk(_) | Self::NotParked(_) => ErrorCode::NotFound,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Overloaded | Self::StoreFull => ErrorCode::ResourceExhausted,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::Parked(_) => ErrorCode::Internal,
            Self::Failed(_) => ErrorCode::DataLoss,
            Self::JournalLevel { .. } => ErrorCode::FailedPrecondition,
        }
    }

    /// The request's field that is wrong, if one is.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Rejected(rejection) => rejection.field(),
            Self::RequestReused => Some("request_id"),
            Self::UnknownDesk(_) => Some("desk_id"),
            Self::NotParked(_) => Some("parked_id"),
            Self::JournalLevel { .. } => Some("level"),
            _ => None,
        }
    }
}
