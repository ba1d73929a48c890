//! Who asks, and what they may: tokens, the gate, and the desk check.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tandem_domain::{Clock, DeskId, Role, Timestamp};
use tandem_service_kit::auth::{
    Caller, DeskRule, DeskScope, Gate, Grant, MethodRule, Principal, Reflection, Signer, TokenError, Verifier,
    authorize,
};
use tandem_service_kit::config::AuthConfig;
use tandem_service_kit::desk_scoped;
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

fn desk(key: &str) -> DeskId {
    key.parse().unwrap()
}

fn scope(keys: &[&str]) -> DeskScope {
    DeskScope::Named(keys.iter().map(|key| desk(key)).collect())
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

/// A key pair from another library, as an operator would make with openssl.
struct Issuer {
    dir: tempfile::TempDir,
    key: rcgen::KeyPair,
}

impl Issuer {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("first.pem"), key.public_key_pem()).unwrap();
        Self { dir, key }
    }

    fn public_key_file(&self) -> PathBuf {
        self.dir.path().join("first.pem")
    }

    fn verifier(&self) -> Verifier {
        verifier(vec![self.public_key_file()])
    }

    fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(
            &header,
            claims,
            &EncodingKey::from_ed_pem(self.key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap()
    }

    /// Changes one claim of a good token and says what becomes of it.
    fn verify_with(&self, claim: &str, value: Value) -> Result<Principal, TokenError> {
        let mut claims = good_claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value,
        }
        self.verifier().verify(&self.sign(Some("first"), &claims))
    }
}

fn verifier(public_key_files: Vec<PathBuf>) -> Verifier {
    let leeway = Duration::from_secs(30);
    Verifier::from_files(&AuthConfig {
        public_key_files,
        reload_interval: HOUR,
        leeway,
    })
    .unwrap()
}

fn now_seconds() -> i64 {
    SystemClock.now().as_micros() / 1_000_000
}

fn good_claims() -> Value {
    json!({
        "iss": "tandem", "aud": "tandem", "sub": "ana", "role": "agent", "desks": ["alpha"],
        "iat": now_seconds(), "exp": now_seconds() + 60,
    })
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

#[test]
fn a_good_token_names_its_caller() {
    let issuer = Issuer::new();
    let principal = issuer
        .verifier()
        .verify(&issuer.sign(Some("first"), &good_claims()))
        .unwrap();
    assert_eq!((principal.subject.as_str(), principal.role), ("ana", Role::Agent));
    assert_eq!(principal.agent(), Some("ana".parse().unwrap()));
    assert!(principal.may(&desk("alpha")) && !principal.may(&desk("beta")));
    assert_eq!(issuer.verify_with("desks", json!("*")).unwrap().desks, DeskScope::All);
}

#[test]
fn a_token_with_a_wrong_claim_is_refused() {
    let issuer = Issuer::new();
    for (claim, wrong) in [
        ("iss", json!("somebody")),
        ("aud", json!("somebody")),
        ("nbf", json!(now_seconds() + 600)),
        ("role", json!("king")),
        ("desks", json!("alpha")),
        ("desks", json!(["../alpha"])),
        ("sub", json!("")),
        ("sub", json!("Not A Key")),
        ("iss", Value::Null),
        ("aud", Value::Null),
        ("sub", Value::Null),
        ("exp", Value::Null),
        ("role", Value::Null),
        ("desks", Value::Null),
    ] {
        assert_eq!(
            issuer.verify_with(claim, wrong.clone()),
            Err(TokenError::Invalid),
            "{claim}: {wrong}"
        );
    }
}

#[test]
fn an_expired_token_is_refused_beyond_the_leeway() {
    let issuer = Issuer::new();
    assert!(issuer.verify_with("exp", json!(now_seconds() - 5)).is_ok());
    assert_eq!(
        issuer.verify_with("exp", json!(now_seconds() - 120)),
        Err(TokenError::Expired)
    );
}

#[test]
fn only_eddsa_counts_whatever_the_header_says() {
    let issuer = Issuer::new();
    let header = |alg: &str| json!({ "alg": alg, "typ": "JWT", "kid": "first" });
    let verify = |token: &str| issuer.verifier().verify(token);
    assert_eq!(
        verify(&unsigned(&header("none"), &good_claims())),
        Err(TokenError::Invalid)
    );
    assert_eq!(
        verify(&unsigned(&header("EdDSA"), &good_claims())),
        Err(TokenError::Invalid)
    );
    // The classic confusion: the public key, known to all, as the secret of an HMAC.
    let public = std::fs::read(issuer.public_key_file()).unwrap();
    let hmac = Header {
        kid: Some("first".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let forged = encode(&hmac, &good_claims(), &EncodingKey::from_secret(&public)).unwrap();
    assert_eq!(verify(&forged), Err(TokenError::Invalid));
}

#[test]
fn a_token_of_an_unknown_or_other_key_is_refused() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    assert_eq!(
        issuer.verifier().verify(&issuer.sign(Some("second"), &good_claims())),
        Err(TokenError::UnknownKey)
    );
    assert_eq!(
        issuer.verifier().verify(&issuer.sign(None, &good_claims())),
        Err(TokenError::UnknownKey)
    );
    assert_eq!(
        issuer.verifier().verify(&other.sign(Some("first"), &good_claims())),
        Err(TokenError::Invalid)
    );
}

#[test]
fn a_changed_token_is_refused() {
    let issuer = Issuer::new();
    let token = issuer.sign(Some("first"), &good_claims());
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = good_claims();
    claims["role"] = json!("admin");
    let changed = format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(claims.to_string()),
        parts[2]
    );
    assert_eq!(issuer.verifier().verify(&changed), Err(TokenError::Invalid));
    for garbage in ["", "x", "a.b.c", "....."] {
        assert_eq!(issuer.verifier().verify(garbage), Err(TokenError::Invalid), "{garbage}");
    }
}

#[test]
fn keys_change_without_a_restart_and_a_broken_file_changes_nothing() {
    let (old, new) = (Issuer::new(), Issuer::new());
    let second = old.dir.path().join("second.pem");
    std::fs::copy(old.public_key_file(), &second).unwrap();
    let verifier = verifier(vec![old.public_key_file(), second.clone()]);
    let token = new.sign(Some("second"), &good_claims());
    assert_eq!(verifier.verify(&token), Err(TokenError::Invalid));
    std::fs::copy(new.public_key_file(), &second).unwrap();
    verifier.reload().unwrap();
    assert!(verifier.verify(&token).is_ok());
    std::fs::write(&second, "half a file").unwrap();
    assert!(verifier.reload().unwrap_err().to_string().contains("second.pem"));
    assert!(verifier.verify(&token).is_ok());
}

#[test]
fn two_keys_of_one_name_are_refused() {
    let (one, two) = (Issuer::new(), Issuer::new());
    let public_key_files = vec![one.public_key_file(), two.public_key_file()];
    let config = AuthConfig {
        public_key_files,
        reload_interval: HOUR,
        leeway: Duration::ZERO,
    };
    assert!(
        Verifier::from_files(&config)
            .err()
            .unwrap()
            .to_string()
            .contains("`first`")
    );
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_first_start_makes_a_key_and_a_token_for_their_owner_only() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("auth");
    let signer = Signer::open(&dir).unwrap();
    let token_file = signer.write_admin_token(&dir, SystemClock.now()).unwrap();
    assert_eq!(token_file, dir.join("admin.token"));
    assert_eq!(
        (mode(&dir), mode(&dir.join("tandem.key")), mode(&token_file)),
        (0o700, 0o600, 0o600)
    );
    let admin = Verifier::of(&signer)
        .verify(&std::fs::read_to_string(&token_file).unwrap())
        .unwrap();
    assert_eq!((admin.role, admin.desks), (Role::Admin, DeskScope::All));
}

#[test]
fn a_second_start_keeps_the_key_and_renews_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let first = Signer::open(dir.path()).unwrap();
    let token_file = first
        .write_admin_token(dir.path(), SystemClock.now().minus(HOUR))
        .unwrap();
    let old = std::fs::read_to_string(&token_file).unwrap();
    let second = Signer::open(dir.path()).unwrap();
    second.write_admin_token(dir.path(), SystemClock.now()).unwrap();
    let verifier = verifier(vec![second.public_key_file().to_owned()]);
    let renewed = verifier.verify(&std::fs::read_to_string(&token_file).unwrap()).unwrap();
    assert!(verifier.verify(&old).unwrap().expires_at < renewed.expires_at);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_refused_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    Signer::open(dir.path()).unwrap();
    let key = dir.path().join("tandem.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = Signer::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
}

#[test]
fn an_agents_token_needs_the_agents_key() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::open(dir.path()).unwrap();
    let agent = grant(Role::Agent, "Ana Lopez", scope(&["alpha"]));
    assert!(signer.mint(&agent, HOUR, SystemClock.now()).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stream_learns_that_its_token_has_expired() {
    struct Paused(tokio::time::Instant);
    impl Clock for Paused {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH.plus(self.0.elapsed())
        }
    }
    let clock = Paused(tokio::time::Instant::now());
    let expires_at = Timestamp::EPOCH.plus(HOUR);
    let principal = Principal {
        subject: "ana".into(),
        role: Role::Agent,
        desks: DeskScope::All,
        expires_at,
    };
    principal.expired(&clock).await;
    assert!(clock.now() >= expires_at && clock.now() < expires_at.plus(Duration::from_secs(1)));
}

struct Ask {
    desk: String,
    agent: String,
}

desk_scoped!(Ask);

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
    let caller = authorize(&request)?;
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
