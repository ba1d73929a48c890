//! Stands before every service: no call passes without a token whose role the table allows.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::{BoxFuture, Either};
use http::{Request, Response};
use tandem_domain::ErrorCode;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::table::{DeskRule, MethodRule};
use super::{Principal, Verifier};
use crate::error::ApiError;

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Whether the contracts may be asked for without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reflection {
    /// Anybody may.
    Open,
    /// Nobody may.
    Closed,
}

/// The layer that makes a [`GateService`].
#[derive(Clone)]
pub struct Gate {
    verifier: Arc<Verifier>,
    table: &'static [MethodRule],
    reflection: Reflection,
}

impl Gate {
    /// A gate with this table, usually [`table::METHODS`](super::table::METHODS).
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, table: &'static [MethodRule], reflection: Reflection) -> Self {
        Self {
            verifier,
            table,
            reflection,
        }
    }

    fn is_open(&self, path: &str) -> bool {
        let reflects = || REFLECTION.iter().any(|service| path.starts_with(service));
        path.starts_with(HEALTH) || (self.reflection == Reflection::Open && reflects())
    }

    /// The caller and the rule by which it may pass.
    fn admit<B>(&self, request: &Request<B>) -> Result<(Principal, &'static MethodRule), ApiError> {
        let principal = self.verifier.authenticate(request.headers())?;
        let rule = self.table.iter().find(|rule| rule.path == request.uri().path());
        match rule {
            Some(rule) if rule.roles.contains(&principal.role) => Ok((principal, rule)),
            Some(_) => Err(denied(
                &format!("the role {} may not do this", principal.role.as_str()),
                "ROLE",
            )),
            None => Err(denied("there is no such method for anybody", "METHOD")),
        }
    }
}

fn denied(message: &str, reason: &'static str) -> ApiError {
    ApiError::new(ErrorCode::PermissionDenied, message).reason(reason)
}

impl<S> Layer<S> for Gate {
    type Service = GateService<S>;

    fn layer(&self, inner: S) -> GateService<S> {
        GateService {
            gate: self.clone(),
            inner,
        }
    }
}

/// A service behind a [`Gate`].
#[derive(Clone)]
pub struct GateService<S> {
    gate: Gate,
    inner: S,
}

type Passed<F, E> = Either<F, BoxFuture<'static, Result<Response<Body>, E>>>;

impl<S, B> Service<Request<B>> for GateService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response<Body>, S::Error>>, Passed<S::Future, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Nobody but this gate says who the caller is.
        request.extensions_mut().remove::<Principal>();
        if self.gate.is_open(request.uri().path()) {
            return Either::Right(Either::Left(self.inner.call(request)));
        }
        let (principal, rule) = match self.gate.admit(&request) {
            Ok(admitted) => admitted,
            Err(error) => return Either::Left(ready(Ok(Status::from(error).into_http()))),
        };
        let duty = DeskDuty::default();
        request.extensions_mut().insert(principal);
        request.extensions_mut().insert(duty.clone());
        let answer = self.inner.call(request);
        let checked = answer.map(move |answer| answer.map(|response| duty.inspect(rule, response)));
        Either::Right(Either::Right(checked.boxed()))
    }
}

/// Remembers whether a call's desk was checked.
#[derive(Clone, Default)]
pub(super) struct DeskDuty(Arc<AtomicBool>);

impl DeskDuty {
    pub(super) fn done(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Holds back an answer to a request whose desk nobody checked. Errors pass: they hold no data.
    fn inspect(&self, rule: &MethodRule, response: Response<Body>) -> Response<Body> {
        let owed = rule.desk == DeskRule::InRequest && !self.0.load(Ordering::Acquire);
        if owed && Status::from_header_map(response.headers()).is_none() {
            return Status::from(ApiError::internal(format!("{} does not check its desk", rule.path))).into_http();
        }
        response
    }
}
