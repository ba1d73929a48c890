//! Everything that can go wrong in a call, and what its caller is told. The one place where this service
//! turns failures into [`ApiError`]s.

use std::error::Error;
use std::fmt::Display;

use bytes::Bytes;
use tandem_bus::BusError;
use tandem_desk::DeskError;
use tandem_desk_file::Fault;
use tandem_domain::routing::Rejection;
use tandem_domain::{AgentId, ErrorCode, TicketId};
use tandem_proto::v1;
use tandem_service_kit::auth::TokenError;
use tandem_service_kit::error::{ApiError, store_code};
use tandem_service_kit::grpc::GrpcError;
use tandem_store::StoreError;
use tonic::{Code, Status};

use crate::convert::FieldError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A field cannot be what it is.
    #[error("the request is not valid")]
    Field(#[from] FieldError),
    /// The desk's owner refused it, or could not be asked.
    #[error("the desk did not do it")]
    Desk(#[from] DeskError<Rejection>),
    /// The store could not be asked.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
    /// The service kit refused it.
    #[error("the call was refused")]
    Api(#[source] Box<ApiError>),
    /// A stored row does not hold what it should.
    #[error("row {key} of table {table} is damaged")]
    DamagedRow {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The core answered something else than what was asked.
    #[error("the desk gave an answer to another question")]
    OtherAnswer,
    /// There is no such thing.
    #[error("there is no {kind} {name}")]
    Missing {
        /// What kind of thing, as in `ticket`.
        kind: &'static str,
        /// Its key or number.
        name: String,
        /// The request's field that names it.
        field: &'static str,
    },
    /// A ticket whose working state is gone cannot be explained.
    #[error("ticket {ticket} is {state}: there is nothing left to explain")]
    NothingToExplain {
        /// The ticket.
        ticket: TicketId,
        /// Closed, cancelled or abandoned.
        state: &'static str,
    },
    /// A filter chose more tickets than one call changes.
    #[error("more than {most} tickets are so: choose fewer, or name them")]
    TooManyTickets {
        /// How many it changes.
        most: usize,
    },
    /// The desk file is wrong.
    #[error("the desk file has {} faults", .0.len())]
    DeskFile(Vec<Fault>),
    /// A newer stream of the same agent has taken over.
    #[error("superseded by a newer stream of this agent")]
    Superseded,
    /// This replica stops.
    #[error("this replica stops: open the stream again, another one takes over")]
    Draining,
    /// Hints do not arrive any more.
    #[error("the bus was lost: open the stream again")]
    BusLost,
    /// The stream was opened, and nothing came.
    #[error("no `start` came in time")]
    NotStarted,
    /// An agent can only be shown to write to a customer whom he or she serves.
    #[error("ticket {ticket} is not served by agent `{agent}` now")]
    NotServing {
        /// The ticket.
        ticket: TicketId,
        /// The agent.
        agent: AgentId,
    },
    /// The bus did not take a hint.
    #[error("the bus did not take it")]
    Hint(#[source] BusError),
    /// Ingest could not be reached.
    #[error("ingest cannot be reached now: repeat under the same request id")]
    IngestAway(#[source] GrpcError),
    /// Ingest did not keep the text.
    #[error("ingest did not keep the text")]
    Ingest(#[source] Box<Status>),
    /// The client's side of a stream failed.
    #[error("the stream was broken")]
    Client(#[source] Box<Status>),
}

impl Failure {
    /// Something that is not there, named by a field of the request.
    pub(crate) fn missing(kind: &'static str, name: &dyn Display, field: &'static str) -> Self {
        Self::Missing {
            kind,
            name: name.to_string(),
            field,
        }
    }

    /// A ticket that is over.
    pub(crate) const fn nothing_to_explain(ticket: TicketId, state: &'static str) -> Self {
        Self::NothingToExplain { ticket, state }
    }

    /// The request's field that is wrong, if one is.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Field(error) => Some(error.field),
            Self::Desk(error) => error.field(),
            Self::Missing { field, .. } => Some(field),
            _ => None,
        }
    }

    /// Whether the same call may succeed soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Desk(error) => error.code().is_retryable(),
            Self::Store(error) => store_code(error).is_retryable(),
            _ => false,
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Field(error) => Self::invalid_field(error.field, error.allowed),
            Failure::Desk(error) => error.into(),
            Failure::Store(error) => error.into(),
            Failure::Api(error) => *error,
            Failure::DamagedRow { .. } => {
                Self::new(ErrorCode::DataLoss, "stored data cannot be read").caused_by(failure)
            }
            Failure::OtherAnswer => Self::internal(failure),
            Failure::Missing { kind, name, field } => Self::not_found(kind, name).field(field, text),
            Failure::NothingToExplain { .. } => {
                Self::new(ErrorCode::FailedPrecondition, text.clone()).field("ticket_id", text)
            }
            Failure::TooManyTickets { .. } => {
                Self::new(ErrorCode::FailedPrecondition, text.clone()).field("where", text)
            }
            Failure::DeskFile(faults) => desk_file(&faults),
            Failure::NotServing { .. } => Self::new(ErrorCode::PermissionDenied, text.clone()).field("ticket_id", text),
            Failure::Hint(_) => Self::new(ErrorCode::Unavailable, "the bus cannot be reached now").caused_by(failure),
            Failure::IngestAway(_) => Self::new(ErrorCode::Unavailable, text).caused_by(failure),
            Failure::Ingest(status) => ingest_error(*status),
            Failure::Superseded => Self::new(ErrorCode::Aborted, text).reason("SUPERSEDED"),
            Failure::Draining => Self::new(ErrorCode::Unavailable, text).reason("DRAINING"),
            Failure::BusLost | Failure::Client(_) => Self::new(ErrorCode::Unavailable, text),
            Failure::NotStarted => Self::invalid_field("start", "must be the first message of the stream"),
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Client(status) => *status,
            // What is wrong with the text is the caller's to mend, in ingest's words.
            Failure::Ingest(status) if status.code() == Code::InvalidArgument => Self::with_details(
                status.code(),
                status.message(),
                Bytes::copy_from_slice(status.details()),
            ),
            failure => ApiError::from(failure).into(),
        }
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

impl From<Status> for Failure {
    /// What comes as a status in here is the client's side of a stream.
    fn from(status: Status) -> Self {
        Self::Client(Box::new(status))
    }
}

/// What became of an action that came up a stream.
pub(crate) fn outcome(request_id: &str, done: Result<(), Failure>) -> v1::Outcome {
    v1::Outcome {
        request_id: request_id.to_owned(),
        failure: done.err().map(in_words),
    }
}

/// A failure as part of an answer.
pub(crate) fn in_words(failure: Failure) -> v1::Failure {
    let field = failure.field().unwrap_or_default().to_owned();
    let status = Status::from(failure);
    v1::Failure {
        code: status.code().into(),
        message: status.message().to_owned(),
        field,
    }
}

fn ingest_error(status: Status) -> ApiError {
    let not_now = (
        ErrorCode::Unavailable,
        "the text could not be kept now: repeat under the same request id",
    );
    let (code, text) = match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::Cancelled | Code::ResourceExhausted => {
            not_now
        }
        // The connection broke in between, as when ingest is killed.
        _ if status.source().is_some() => not_now,
        // Ingest hears of a desk a moment after it is made.
        Code::Unknown | Code::NotFound => not_now,
        Code::InvalidArgument => (ErrorCode::InvalidArgument, status.message()),
        _ => (ErrorCode::Internal, "an internal error"),
    };
    ApiError::new(code, text.to_owned()).caused_by(status)
}

/// Clients take at most 8 KiB of metadata with a status (grpc's own do), and there each fault stands twice, in
/// the message and, encoded, in the details.
const MOST_FAULT_BYTES: usize = 2048;

/// One field violation per fault, as many as a status can hold; the first fault in the message's first line.
fn desk_file(faults: &[Fault]) -> ApiError {
    let told = told(faults);
    let heading = match (faults.len(), faults.len() - told.len()) {
        (1, 0) => "the desk file has a fault".to_owned(),
        (count, 0) => format!("the desk file has {count} faults"),
        (count, _) => format!(
            "the desk file has {count} faults (DiffDesk shows all), the first {}",
            told.len()
        ),
    };
    let error = ApiError::new(ErrorCode::InvalidArgument, heading);
    told.iter()
        .fold(error, |error, fault| error.field(place(fault), fault.message.clone()))
}

/// The first faults, as many as a status can hold.
fn told(faults: &[Fault]) -> &[Fault] {
    let mut bytes = 0;
    let fits = |fault: &&Fault| {
        bytes += place(fault).len() + fault.message.len();
        bytes <= MOST_FAULT_BYTES
    };
    let fitting = faults.iter().take_while(fits).count();
    &faults[..fitting.max(1).min(faults.len())]
}

fn place(fault: &Fault) -> String {
    format!("{}:{} {}", fault.line, fault.column, fault.path)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(failure: Failure) -> ErrorCode {
        ApiError::from(failure).code()
    }

    #[test]
    fn a_stream_outlives_only_what_passes() {
        assert!(Failure::from(StoreError::Unavailable(String::new())).is_passing());
        assert!(Failure::from(DeskError::DeadlineExceeded).is_passing());
        assert!(!Failure::missing("agent", &"ana", "agent").is_passing());
        assert!(!Failure::from(DeskError::Failed(String::new())).is_passing());
    }

    #[test]
    fn a_stream_that_ends_tells_its_client_what_to_do() {
        assert_eq!(code(Failure::Superseded), ErrorCode::Aborted);
        assert_eq!(code(Failure::Draining), ErrorCode::Unavailable);
        assert_eq!(code(TokenError::Expired.into()), ErrorCode::Unauthenticated);
        assert_eq!(code(Failure::NotStarted), ErrorCode::InvalidArgument);
    }

    #[test]
    fn an_outcome_names_the_field_that_is_wrong() {
        let wrong = outcome("r-1", Err(FieldError::new("offer_id", "from 1").into()));
        let failure = wrong.failure.unwrap();
        assert_eq!(
            (failure.code, failure.field.as_str()),
            (tonic::Code::InvalidArgument.into(), "offer_id")
        );
        assert_eq!(outcome("r-1", Ok(())).failure, None);
    }

    #[test]
    fn a_status_holds_at_least_one_fault_however_long_it_is() {
        let fault = |size: usize| Fault {
            line: 1,
            column: 2,
            path: "rules[0].when".into(),
            message: "x".repeat(size),
        };
        assert_eq!(told(&[fault(9_000), fault(10)]).len(), 1);
        assert_eq!(told(&[fault(10), fault(10)]).len(), 2);
        assert_eq!(
            place(&Fault {
                path: String::new(),
                ..fault(1)
            }),
            "1:2"
        );
    }
}
