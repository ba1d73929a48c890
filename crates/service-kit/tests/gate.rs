//! The gate before every service, and the desk check behind it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tandem_domain::{Clock, Role};
use tandem_service_kit::auth::{
    Caller, DeskRule, DeskScope, Gate, Grant, MethodRule, Reflection, Signer, Verifier, authorize,
};
use tandem_service_kit::error::ApiError;
use tandem_service_kit::ids::SystemClock;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};

const HOUR: Duration = Duration::from_hours(1);

const TABLE: &[MethodRule] = &[
    MethodRule {
        path: "/t.S/Look",
        roles: &[Role::Admin, Role::Agent, Role::Reader],
        desk: DeskRule::InRequest,
    },
    MethodRule {
        path: "/t.S/Rule",
        roles: &[Role::Admin],
        desk: DeskRule::InRequest,
    },
    MethodRule {
        path: "/t.S/Forgetful",
        roles: &[Role::Reader],
        desk: DeskRule::InRequest,
    },
    MethodRule {
        path: "/t.S/Mine",
        roles: &[Role::Reader],
        desk: DeskRule::Any,
    },
];

fn scope(keys: &[&str]) -> DeskScope {
    DeskScope::Named(keys.iter().map(|key| key.parse().unwrap()).collect())
}

fn grant(role: Role, subject: &str, desks: DeskScope) -> Grant {
    Grant {
        role,
        subject: subject.to_owned(),
        desks,
    }
}

/// A reader of two desks; `gamma` is somebody else's.
fn reader() -> Grant {
    grant(Role::Reader, "eve", scope(&["alpha", "beta"]))
}

struct Ask {
    desk: String,
    agent: String,
}

fn answer(request: Request<Body>) -> Result<Caller, ApiError> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let ask = Ask {
        desk: header("desk"),
        agent: header("agent"),
    };
    let (parts, _) = request.into_parts();
    let request = tonic::Request::from_parts(MetadataMap::new(), parts.extensions, ask);
    let caller = authorize(request.extensions(), &request.get_ref().desk)?;
    if !request.get_ref().agent.is_empty() {
        caller.acting_as(&request.get_ref().agent)?;
    }
    Ok(caller)
}

/// A service that checks its desk, unless the method is a forgetful one.
async fn serve(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    if path != "/t.S/Look" && path != "/t.S/Rule" {
        return Ok(Response::new(Body::empty()));
    }
    Ok(match answer(request) {
        Ok(_) => Response::new(Body::empty()),
        Err(error) => Status::from(error).into_http(),
    })
}

struct Gated {
    _dir: tempfile::TempDir,
    signer: Signer,
    gate: Gate,
}

impl Gated {
    fn new(reflection: Reflection) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::open(dir.path()).unwrap();
        let gate = Gate::new(Arc::new(Verifier::of(&signer)), TABLE, reflection);
        Self {
            _dir: dir,
            signer,
            gate,
        }
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)]) -> Status {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let service = self.gate.layer(service_fn(serve));
        let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok(""))
    }

    async fn call(&self, path: &str, grant: &Grant, desk: &str) -> Status {
        self.call_for(path, grant, desk, "").await
    }

    async fn call_for(&self, path: &str, grant: &Grant, desk: &str, agent: &str) -> Status {
        let token = self.signer.mint(grant, HOUR, SystemClock.now()).unwrap();
        self.send(
            path,
            &[
                ("authorization", &format!("Bearer {token}")),
                ("desk", desk),
                ("agent", agent),
            ],
        )
        .await
    }
}

#[tokio::test]
async fn without_a_token_nothing_passes_but_health() {
    let gated = Gated::new(Reflection::Closed);
    let refused = gated.send("/t.S/Look", &[]).await;
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "TOKEN_MISSING");
    assert_eq!(
        gated.send("/t.S/Look", &[("authorization", "Basic eDp5")]).await.code(),
        Code::Unauthenticated
    );
    assert_eq!(gated.send("/grpc.health.v1.Health/Check", &[]).await.code(), Code::Ok);
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    assert_eq!(gated.send(reflection, &[]).await.code(), Code::Unauthenticated);
    assert_eq!(
        Gated::new(Reflection::Open).send(reflection, &[]).await.code(),
        Code::Ok
    );
}

#[tokio::test]
async fn a_role_does_what_the_table_says_and_an_unknown_method_is_for_nobody() {
    let gated = Gated::new(Reflection::Closed);
    let admin = grant(Role::Admin, "root", DeskScope::All);
    assert_eq!(gated.call("/t.S/Look", &reader(), "alpha").await.code(), Code::Ok);
    assert_eq!(
        gated.call("/t.S/Rule", &reader(), "alpha").await.code(),
        Code::PermissionDenied
    );
    assert_eq!(gated.call("/t.S/Rule", &admin, "alpha").await.code(), Code::Ok);
    assert_eq!(
        gated.call("/t.S/Secret", &admin, "alpha").await.code(),
        Code::PermissionDenied
    );
    assert_eq!(gated.call("/t.S/Mine", &reader(), "").await.code(), Code::Ok);
}

#[tokio::test]
async fn a_foreign_desk_looks_like_one_that_does_not_exist() {
    let gated = Gated::new(Reflection::Closed);
    let foreign = gated.call("/t.S/Look", &reader(), "gamma").await;
    assert_eq!(foreign.code(), Code::PermissionDenied);
    for other in ["no-such-desk", "", "NOT A KEY"] {
        let refused = gated.call("/t.S/Look", &reader(), other).await;
        assert_eq!(
            (refused.code(), refused.message()),
            (foreign.code(), foreign.message()),
            "{other}"
        );
    }
    let nowhere = grant(Role::Reader, "eve", DeskScope::Named(BTreeSet::new()));
    assert_eq!(
        gated.call("/t.S/Look", &nowhere, "alpha").await.code(),
        Code::PermissionDenied
    );
}

#[tokio::test]
async fn who_may_touch_all_desks_is_told_what_a_key_looks_like() {
    let gated = Gated::new(Reflection::Closed);
    let admin = grant(Role::Admin, "root", DeskScope::All);
    let refused = gated.call("/t.S/Look", &admin, "NOT A KEY").await;
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        refused.get_details_bad_request().unwrap().field_violations[0].field,
        "desk"
    );
}

#[tokio::test]
async fn an_agent_acts_only_as_itself() {
    let gated = Gated::new(Reflection::Closed);
    let ana = grant(Role::Agent, "ana", scope(&["alpha"]));
    assert_eq!(gated.call_for("/t.S/Look", &ana, "alpha", "ana").await.code(), Code::Ok);
    assert_eq!(
        gated.call_for("/t.S/Look", &ana, "alpha", "ben").await.code(),
        Code::PermissionDenied
    );
    assert_eq!(
        gated.call_for("/t.S/Look", &reader(), "alpha", "ben").await.code(),
        Code::Ok
    );
    assert_eq!(
        gated.call_for("/t.S/Look", &reader(), "alpha", "B").await.code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn an_answer_whose_desk_nobody_checked_is_held_back() {
    let gated = Gated::new(Reflection::Closed);
    assert_eq!(
        gated.call("/t.S/Forgetful", &reader(), "alpha").await.code(),
        Code::Internal
    );
}
