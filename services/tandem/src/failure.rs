//! What can go wrong on the command line, and with which exit code it ends.

use std::process::ExitCode;

use tandem_store::StoreError;
use tonic::Code;
use tonic_types::StatusExt;

/// Why a command failed, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The answer is no.
    #[error("{0}")]
    No(String),
    /// Wrong arguments or input.
    #[error("{0}")]
    Input(String),
    /// Nobody there, or too busy.
    #[error("{0}")]
    Unreachable(String),
    /// The token does not allow it.
    #[error("{0}")]
    Denied(String),
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(String),
    /// A fault of Tandem's.
    #[error("{0}")]
    Fault(String),
}

impl Failure {
    /// The process's exit code; listed in `tandem --help`.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::No(_) => 1,
            Self::Input(_) => 2,
            Self::Unreachable(_) => 3,
            Self::Denied(_) => 4,
            Self::Configuration(_) => 64,
            Self::Fault(_) => 70,
        })
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        let text = describe(&status);
        match status.code() {
            Code::InvalidArgument | Code::NotFound | Code::OutOfRange => Self::Input(text),
            Code::FailedPrecondition | Code::AlreadyExists | Code::Aborted => Self::No(text),
            Code::Unauthenticated | Code::PermissionDenied => Self::Denied(text),
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled => {
                Self::Unreachable(text)
            }
            Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss | Code::Unimplemented => Self::Fault(text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse(_) | StoreError::Unavailable(_) | StoreError::Full(_) => {
                Self::Unreachable(error.to_string())
            }
            StoreError::NewerSchema(_) => Self::Configuration(error.to_string()),
            other => Self::Fault(other.to_string()),
        }
    }
}

/// The message in one line; several violations on a line each.
fn describe(status: &tonic::Status) -> String {
    let violations = status
        .get_details_bad_request()
        .map(|details| details.field_violations)
        .unwrap_or_default();
    let message = status.message();
    match violations.as_slice() {
        [] => message.to_owned(),
        // A single one often is what the message says.
        [only] if only.description == message => message.to_owned(),
        [only] => format!("{message}: {}: {}", only.field, only.description),
        many => {
            let lines = many
                .iter()
                .map(|each| format!("\n  {}: {}", each.field, each.description));
            std::iter::once(message.to_owned()).chain(lines).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_and_a_wrong_argument_end_differently() {
        assert!(matches!(
            Failure::from(tonic::Status::not_found("no ticket 9")),
            Failure::Input(_)
        ));
        assert!(matches!(
            Failure::from(tonic::Status::failed_precondition("over")),
            Failure::No(_)
        ));
        assert!(matches!(
            Failure::from(tonic::Status::unavailable("later")),
            Failure::Unreachable(_)
        ));
    }

    #[test]
    fn a_single_violation_is_not_said_twice() {
        let failure = |message: &str| {
            let details = tonic_types::ErrorDetails::with_bad_request_violation("queue", "no queue `x`");
            Failure::from(tonic::Status::with_error_details(Code::NotFound, message, details)).to_string()
        };
        assert_eq!(failure("no queue `x`"), "no queue `x`");
        assert_eq!(
            failure("the request is not valid"),
            "the request is not valid: queue: no queue `x`"
        );
    }

    #[test]
    fn every_violation_is_shown() {
        let details = tonic_types::ErrorDetails::with_bad_request(vec![
            tonic_types::FieldViolation::new("3:5 agents", "no team"),
            tonic_types::FieldViolation::new("9:1 rules", "no queue"),
        ]);
        let status = tonic::Status::with_error_details(Code::InvalidArgument, "2 faults", details);
        assert_eq!(
            Failure::from(status).to_string(),
            "2 faults\n  3:5 agents: no team\n  9:1 rules: no queue"
        );
    }
}
