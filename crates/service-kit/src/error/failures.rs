//! What callers are told when a store or a desk does not do it: the same in every service.

use tandem_desk::DeskError;
use tandem_domain::ErrorCode;
use tandem_domain::core::Rejected;
use tandem_store::StoreError;

use super::ApiError;

/// The code of a store's failure.
#[must_use]
pub const fn store_code(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::Fenced { .. } | StoreError::PositionMoved { .. } => ErrorCode::Aborted,
        StoreError::OutcomeUnknown(_) => ErrorCode::DeadlineExceeded,
        StoreError::Full(_) => ErrorCode::ResourceExhausted,
        StoreError::Unavailable(_) => ErrorCode::Unavailable,
        StoreError::Damaged { .. } | StoreError::NewerSchema(_) => ErrorCode::DataLoss,
        StoreError::InUse(_) => ErrorCode::Internal,
    }
}

impl From<StoreError> for ApiError {
    /// Callers learn what they can do, not what the store is.
    fn from(error: StoreError) -> Self {
        let code = store_code(&error);
        let text = match code {
            ErrorCode::Aborted => "somebody else changed it in between: repeat",
            ErrorCode::DeadlineExceeded => "it may or may not have happened: repeat under the same request id",
            ErrorCode::ResourceExhausted => "the store is full: nothing was changed",
            ErrorCode::Unavailable => "the store cannot be reached now",
            ErrorCode::DataLoss => "stored data cannot be read",
            _ => "the store did not do it",
        };
        Self::new(code, text).caused_by(error)
    }
}

impl<R: Rejected> From<DeskError<R>> for ApiError {
    fn from(error: DeskError<R>) -> Self {
        match &error {
            DeskError::Rejected(rejection) => Self::rejected(rejection),
            DeskError::UnknownDesk(desk) => Self::not_found("desk", desk).field("desk", error.to_string()),
            DeskError::RequestReused => Self::invalid_field("request_id", error.to_string()),
            DeskError::NotParked(_)
            | DeskError::Unavailable(_)
            | DeskError::Overloaded
            | DeskError::StoreFull
            | DeskError::DeadlineExceeded
            | DeskError::Parked(_)
            | DeskError::Failed(_)
            | DeskError::JournalLevel { .. }
            | DeskError::BadRequest(_) => {
                let answer = Self::new(error.code(), error.to_string());
                match error.field() {
                    Some(field) => answer.field(field, error.to_string()),
                    None => answer,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_says_whether_anything_happened_and_nothing_of_itself() {
        let why = || "table tickets".to_owned();
        for (error, expected) in [
            (StoreError::Unavailable(why()), ErrorCode::Unavailable),
            (StoreError::Full(why()), ErrorCode::ResourceExhausted),
            (StoreError::OutcomeUnknown(why()), ErrorCode::DeadlineExceeded),
            (StoreError::NewerSchema(why()), ErrorCode::DataLoss),
        ] {
            let error = ApiError::from(error);
            assert_eq!(error.code(), expected);
            assert!(!error.to_string().contains("table"), "{error}");
        }
    }
}
