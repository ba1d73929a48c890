//! From Tandem's closed set of error codes to gRPC statuses with `google.rpc` details.
//!
//! This is also the one place where a failed call is logged: faults of Tandem's own at `error`
//! with all their sources, which the caller never sees; everything else at `debug`.

mod failures;

pub use failures::store_code;

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use tandem_domain::core::Rejected;
use tandem_domain::{ErrorCode, InvalidKey};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "tandem.dev";

/// When a caller who is not told otherwise may try an unavailable service again.
const DEFAULT_RETRY: Duration = Duration::from_secs(1);

/// The gRPC code of an error code.
#[must_use]
pub const fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidArgument => Code::InvalidArgument,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::PermissionDenied => Code::PermissionDenied,
        ErrorCode::NotFound => Code::NotFound,
        ErrorCode::AlreadyExists => Code::AlreadyExists,
        ErrorCode::FailedPrecondition => Code::FailedPrecondition,
        ErrorCode::Aborted => Code::Aborted,
        ErrorCode::ResourceExhausted => Code::ResourceExhausted,
        ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorCode::DataLoss => Code::DataLoss,
        ErrorCode::Internal => Code::Internal,
    }
}

/// The reason given where none is more exact.
const fn default_reason(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "INVALID_ARGUMENT",
        ErrorCode::Unauthenticated => "UNAUTHENTICATED",
        ErrorCode::PermissionDenied => "PERMISSION_DENIED",
        ErrorCode::NotFound => "NOT_FOUND",
        ErrorCode::AlreadyExists => "ALREADY_EXISTS",
        ErrorCode::FailedPrecondition => "FAILED_PRECONDITION",
        ErrorCode::Aborted => "ABORTED",
        ErrorCode::ResourceExhausted => "RESOURCE_EXHAUSTED",
        ErrorCode::Unavailable => "UNAVAILABLE",
        ErrorCode::DeadlineExceeded => "DEADLINE_EXCEEDED",
        ErrorCode::DataLoss => "DATA_LOSS",
        ErrorCode::Internal => "INTERNAL",
    }
}

type Source = Box<dyn Error + Send + Sync>;

/// Why a call failed, as its caller is told. Becomes a [`Status`] with `?`.
#[derive(Debug)]
pub struct ApiError(Box<Parts>);

/// Behind a box, so that results stay small.
#[derive(Debug)]
struct Parts {
    code: ErrorCode,
    message: String,
    reason: &'static str,
    fields: Vec<(String, String)>,
    resource: Option<(&'static str, String)>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl ApiError {
    /// An error with a message that says what to do.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            reason: default_reason(code),
            fields: Vec::new(),
            resource: None,
            request_id: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A request with one wrong field, and what is allowed there.
    pub fn invalid_field(field: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, "the request is not valid").field(field, allowed)
    }

    /// Something that is not there, such as (`ticket`, `T17`).
    pub fn not_found(kind: &'static str, name: impl fmt::Display) -> Self {
        let mut error = Self::new(ErrorCode::NotFound, format!("there is no {kind} {name}"));
        error.0.resource = Some((kind, name.to_string()));
        error
    }

    /// A fault of Tandem's own. The caller learns nothing of `source`.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(ErrorCode::Internal, "an internal error").caused_by(source)
    }

    /// A core's reason to refuse a command.
    pub fn rejected(rejection: &impl Rejected) -> Self {
        let error = Self::new(rejection.code(), rejection.to_string());
        match rejection.field() {
            Some(field) => error.field(field, rejection.to_string()),
            None => error,
        }
    }

    /// Narrows the reason: a constant in `UPPER_SNAKE_CASE` on which programs may rely.
    #[must_use]
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.0.reason = reason;
        self
    }

    /// Adds a wrong field and what is allowed there; may be repeated.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, allowed: impl Into<String>) -> Self {
        self.0.fields.push((field.into(), allowed.into()));
        self
    }

    /// Says under which request id the call ran.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Says when the call may succeed.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// What is behind it; for the log only.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.0.code
    }
}

impl Parts {
    fn details(&self) -> ErrorDetails {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason, DOMAIN, HashMap::new());
        self.add_fields(&mut details);
        if let Some((kind, name)) = &self.resource {
            details.set_resource_info(*kind, name.as_str(), "", "");
        }
        if let Some(id) = &self.request_id {
            details.set_request_info(id.as_str(), "");
        }
        let default = (self.code == ErrorCode::Unavailable).then_some(DEFAULT_RETRY);
        if let Some(delay) = self.retry_after.or(default) {
            details.set_retry_info(Some(delay));
        }
        details
    }

    /// A field that is wrong whatever the state is a bad request; one that is wrong only now is a
    /// failed precondition.
    fn add_fields(&self, details: &mut ErrorDetails) {
        for (field, allowed) in &self.fields {
            if self.code == ErrorCode::InvalidArgument {
                details.add_bad_request_violation(field, allowed);
            } else {
                details.add_precondition_failure_violation(self.reason, field, allowed);
            }
        }
    }

    /// The message for the caller: with the wrong fields, since not every client reads details.
    fn text(&self) -> String {
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|(field, allowed)| format!("{field}: {allowed}"))
            .collect();
        match (self.code, fields.is_empty()) {
            (ErrorCode::InvalidArgument, false) => format!("{}: {}", self.message, fields.join("; ")),
            _ => self.message.clone(),
        }
    }

    fn log(&self) {
        let request_id = self.request_id.as_deref().unwrap_or_default();
        match self.code {
            ErrorCode::Internal | ErrorCode::DataLoss => {
                let cause = self.source.as_deref().map(|source| chain(source)).unwrap_or_default();
                tracing::error!(code = %self.code, reason = self.reason, request_id, cause, "call failed");
            }
            _ => tracing::debug!(code = %self.code, reason = self.reason, request_id, "call refused"),
        }
    }
}

/// An error with all its sources, in one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |&error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text())
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<InvalidKey> for ApiError {
    fn from(error: InvalidKey) -> Self {
        Self::new(ErrorCode::InvalidArgument, error.to_string())
    }
}

impl From<ApiError> for Status {
    /// Logs the error and turns it into what the caller sees.
    fn from(error: ApiError) -> Self {
        let ApiError(parts) = error;
        parts.log();
        Self::with_error_details(grpc_code(parts.code), parts.text(), parts.details())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_status() {
        let codes: std::collections::HashSet<_> =
            ErrorCode::ALL.map(|code| grpc_code(code) as i32).into_iter().collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert!(!codes.contains(&(Code::Ok as i32)) && !codes.contains(&(Code::Unknown as i32)));
    }

    #[test]
    fn all_wrong_fields_are_reported_at_once() {
        let status = Status::from(ApiError::invalid_field("desk", "a key").field("page_size", "1 to 1000"));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "the request is not valid: desk: a key; page_size: 1 to 1000"
        );
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(
            fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(),
            ["desk", "page_size"]
        );
    }

    #[test]
    fn an_internal_error_tells_its_caller_nothing_of_the_cause() {
        let status = Status::from(ApiError::internal("relation tickets does not exist").request_id("r-1"));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("relation"), "{status:?}");
        assert_eq!(status.get_details_request_info().unwrap().request_id, "r-1");
    }

    #[test]
    fn a_wrong_moment_is_a_failed_precondition_with_its_reason() {
        let error = ApiError::new(ErrorCode::FailedPrecondition, "the offer has expired");
        let status = Status::from(error.reason("OFFER_EXPIRED").field("offer_id", "an open offer"));
        assert_eq!(status.get_details_error_info().unwrap().reason, "OFFER_EXPIRED");
        assert_eq!(status.get_details_error_info().unwrap().domain, DOMAIN);
        assert_eq!(
            status.get_details_precondition_failure().unwrap().violations[0].subject,
            "offer_id"
        );
    }

    #[test]
    fn unavailable_says_when_to_come_back() {
        let status = Status::from(ApiError::new(ErrorCode::Unavailable, "the desk moves"));
        assert_eq!(
            status.get_details_retry_info().unwrap().retry_delay,
            Some(DEFAULT_RETRY)
        );
        let slower = ApiError::new(ErrorCode::Unavailable, "later").retry_after(Duration::from_secs(9));
        let status = Status::from(slower);
        assert_eq!(
            status.get_details_retry_info().unwrap().retry_delay,
            Some(Duration::from_secs(9))
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let status = Status::from(ApiError::not_found("ticket", "T17"));
        assert_eq!(status.message(), "there is no ticket T17");
        assert_eq!(status.get_details_resource_info().unwrap().resource_name, "T17");
    }

    #[test]
    fn a_chain_names_every_source_once() {
        let error = ApiError::new(ErrorCode::Unavailable, "try later").caused_by("the disk is full");
        assert_eq!(chain(&error), "try later: the disk is full");
    }
}
