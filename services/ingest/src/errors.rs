//! What callers are told when the store does not do it. The one place where this service turns failures
//! into [`ApiError`]s.

use tandem_domain::ErrorCode;
use tandem_service_kit::error::ApiError;
use tandem_store::StoreError;

/// Callers learn what they can do, not what the store is.
#[must_use]
pub(crate) fn api_error(error: StoreError) -> ApiError {
    let (code, text) = match &error {
        StoreError::OutcomeUnknown(_) => (
            ErrorCode::DeadlineExceeded,
            "it may or may not have happened: repeat under the same request id",
        ),
        StoreError::Full(_) => (ErrorCode::ResourceExhausted, "the store is full: nothing was changed"),
        StoreError::Unavailable(_) => (ErrorCode::Unavailable, "the store cannot be reached now"),
        StoreError::Damaged { .. } | StoreError::NewerSchema(_) => (ErrorCode::DataLoss, "stored data cannot be read"),
        StoreError::Fenced { .. } | StoreError::PositionMoved { .. } => {
            (ErrorCode::Aborted, "somebody else changed it in between: repeat")
        }
        StoreError::InUse(_) => (ErrorCode::Internal, "the store did not do it"),
    };
    ApiError::new(code, text).caused_by(error)
}
