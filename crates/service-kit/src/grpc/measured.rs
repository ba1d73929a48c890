//! How long calls took and how they ended, by the conventions for RPC servers.

use std::sync::LazyLock;

use http::HeaderMap;
use opentelemetry::metrics::Histogram;
use opentelemetry::{KeyValue, global};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::auth::table::{METHODS, MethodRule};
use crate::telemetry::SECONDS;

static DURATIONS: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    global::meter("tandem-grpc")
        .f64_histogram("rpc.server.call.duration")
        .with_unit("s")
        .with_description("How long calls took until they were answered; streams, until they began")
        .with_boundaries(SECONDS.to_vec())
        .build()
});

/// The method of a call as metrics and traces name it. Only known ones are named: anything can stand in a path.
pub(super) fn known(path: &str) -> Option<&'static MethodRule> {
    METHODS.iter().find(|rule| rule.path == path)
}

/// A call that is being answered.
pub(super) struct Measured {
    begun: Instant,
    method: &'static str,
}

impl Measured {
    pub(super) fn begin(path: &str) -> Self {
        let method = known(path).map(|rule| rule.path.trim_start_matches('/'));
        Self {
            begun: Instant::now(),
            method: method.unwrap_or("_OTHER"),
        }
    }

    /// A failure shows in the answer's headers; without one there, it went well or became a stream.
    pub(super) fn end(&self, headers: &HeaderMap) {
        let code = Status::from_header_map(headers).map_or(Code::Ok, |status| status.code());
        let name = name(code);
        let mut labels = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", name),
        ];
        if code != Code::Ok {
            labels.push(KeyValue::new("error.type", name));
        }
        DURATIONS.record(self.begun.elapsed().as_secs_f64(), &labels);
    }
}

const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
