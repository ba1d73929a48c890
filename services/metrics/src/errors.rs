//! Everything that can go wrong in a call, and what its caller is told.

use tandem_domain::{DeskId, ErrorCode};
use tandem_service_kit::auth::TokenError;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::FieldError;
use tandem_store::StoreError;
use tonic::Status;

use crate::rows::ReadError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A field cannot be what it is.
    #[error("the request is not valid")]
    Field(#[from] FieldError),
    /// There is no such desk.
    #[error("there is no desk {0}")]
    NoDesk(DeskId),
    /// Nothing was heard yet of the desk's queues and teams.
    #[error("nothing is measured yet on desk {0}: try again")]
    NotBegun(DeskId),
    /// Stored measures cannot be read.
    #[error("measures cannot be read")]
    Read(#[from] ReadError),
    /// The service kit refused it.
    #[error("the call was refused")]
    Api(#[source] Box<ApiError>),
    /// Too many watch already.
    #[error("too many watch already: end a stream, or try again later")]
    TooManyWatchers,
    /// This replica stops.
    #[error("this replica stops: open the stream again, another one takes over")]
    Draining,
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Field(error) => error.into(),
            Failure::NoDesk(desk) => Self::not_found("desk", desk).field("desk", text),
            Failure::NotBegun(_) => Self::new(ErrorCode::Unavailable, text),
            Failure::Read(ReadError::Store(error)) => error.into(),
            Failure::Read(ReadError::Damaged(_)) => {
                Self::new(ErrorCode::DataLoss, "stored measures cannot be read").caused_by(failure)
            }
            Failure::Api(error) => *error,
            Failure::TooManyWatchers => Self::new(ErrorCode::ResourceExhausted, text).reason("TOO_MANY_WATCHERS"),
            Failure::Draining => Self::new(ErrorCode::Unavailable, text).reason("DRAINING"),
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        ApiError::from(failure).into()
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}
