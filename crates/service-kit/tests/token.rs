//! Tokens: which are good, who makes them, and which files hold keys.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tandem_domain::{Clock, DeskId, Role, Timestamp};
use tandem_service_kit::auth::{DeskScope, Grant, Principal, Signer, TokenError, Verifier};
use tandem_service_kit::config::AuthConfig;
use tandem_service_kit::ids::SystemClock;

const HOUR: Duration = Duration::from_hours(1);

fn desk(key: &str) -> DeskId {
    key.parse().unwrap()
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
    let of_the_old_key = old.sign(Some("second"), &good_claims());
    assert_eq!(verifier.verify(&token), Err(TokenError::Invalid));
    assert!(verifier.verify(&of_the_old_key).is_ok());
    std::fs::copy(new.public_key_file(), &second).unwrap();
    verifier.reload().unwrap();
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.verify(&of_the_old_key), Err(TokenError::Invalid));
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

fn mode(path: &Path) -> u32 {
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

#[test]
fn a_key_that_others_may_read_is_refused_with_what_to_do() {
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
    let agent = Grant {
        role: Role::Agent,
        subject: "Ana Lopez".to_owned(),
        desks: DeskScope::All,
    };
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
