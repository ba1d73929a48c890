//! Every call is answered in time and with one of Tandem's codes. tonic's own limits answer
//! `CANCELLED` for a call that took too long and `OUT_OF_RANGE` for a message that is too large.

use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use http::{Request, Response};
use tandem_domain::ErrorCode;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::measured::Measured;
use crate::error::ApiError;

/// Answers for a service that takes too long.
#[derive(Clone)]
pub(super) struct AnswerLayer {
    limit: Duration,
}

impl AnswerLayer {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for AnswerLayer {
    type Service = Answer<S>;

    fn layer(&self, inner: S) -> Answer<S> {
        Answer {
            inner,
            limit: self.limit,
        }
    }
}

/// A service whose calls end in time. A stream that has begun lives on.
#[derive(Clone)]
pub(super) struct Answer<S> {
    inner: S,
    limit: Duration,
}

impl<S, B> Service<Request<B>> for Answer<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = Measured::begin(request.uri().path());
        let answer = tokio::time::timeout(self.limit, self.inner.call(request));
        answer
            .map(|answer| match answer {
                Ok(answered) => answered.map(with_own_code),
                Err(_) => Ok(Status::from(too_long()).into_http()),
            })
            .inspect_ok(move |response| call.end(response.headers()))
            .boxed()
    }
}

fn with_own_code(response: Response<Body>) -> Response<Body> {
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() == Code::OutOfRange => Status::from(too_large(&status)).into_http(),
        _ => response,
    }
}

fn too_large(status: &Status) -> ApiError {
    ApiError::new(ErrorCode::ResourceExhausted, status.message()).reason("MESSAGE_TOO_LARGE")
}

fn too_long() -> ApiError {
    ApiError::new(
        ErrorCode::DeadlineExceeded,
        "the call took too long; it may have happened: repeat it under the same request id",
    )
}
