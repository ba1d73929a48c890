//! Checks tokens against a set of public keys.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use tandem_domain::{AgentId, Clock, Role, Timestamp};
use tokio_util::sync::CancellationToken;

use super::checked::Checked;
use super::token::{Claims, TANDEM};
use super::{AuthError, Principal, Signer, TokenError};
use crate::config::AuthConfig;
use crate::error::chain;
use crate::ids::SystemClock;

type Keys = HashMap<String, DecodingKey>;

/// How far clocks may differ where one process signs and checks.
const OWN_LEEWAY: Duration = Duration::from_secs(5);

/// Checks tokens. Only `EdDSA` is accepted, whatever a token's header says.
pub struct Verifier {
    trusted: RwLock<Arc<Trusted>>,
    files: Vec<PathBuf>,
    validation: Validation,
}

/// The keys, and the tokens that were found good by them: whenever keys are read again, each token is checked anew.
struct Trusted {
    keys: Keys,
    checked: Checked,
}

impl Verifier {
    /// Checks tokens against public keys from files.
    ///
    /// # Errors
    /// If a file cannot be read, holds no Ed25519 key, or is named like another.
    pub fn from_files(config: &AuthConfig) -> Result<Self, AuthError> {
        let keys = load(&config.public_key_files)?;
        Ok(Self::new(keys, config.public_key_files.clone(), config.leeway))
    }

    /// Checks the tokens of a signer in this process.
    #[must_use]
    pub fn of(signer: &Signer) -> Self {
        let keys = Keys::from([(signer.key_name().to_owned(), signer.public_key())]);
        Self::new(keys, Vec::new(), OWN_LEEWAY)
    }

    fn new(keys: Keys, files: Vec<PathBuf>, leeway: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[TANDEM]);
        validation.set_audience(&[TANDEM]);
        validation.validate_nbf = true;
        validation.leeway = leeway.as_secs();
        Self {
            trusted: RwLock::new(Trusted::new(keys)),
            files,
            validation,
        }
    }

    /// The caller of a request with these headers.
    ///
    /// # Errors
    /// If there is no good token.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, TokenError> {
        let header = headers.get(AUTHORIZATION).ok_or(TokenError::Missing)?;
        let text = header.to_str().map_err(|_| TokenError::Invalid)?;
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.verify(token.trim()),
            _ => Err(TokenError::Missing),
        }
    }

    /// The caller that a token names.
    ///
    /// # Errors
    /// If the token is not good.
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        let trusted = Arc::clone(&self.trusted.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(principal) = trusted.checked.recall(token, SystemClock.now()) {
            return Ok(principal);
        }
        let name = decode_header(token)?.kid.ok_or(TokenError::UnknownKey)?;
        let key = trusted.keys.get(&name).ok_or(TokenError::UnknownKey)?;
        let claims = decode::<Claims>(token, key, &self.validation)?.claims;
        let principal = self.principal(claims)?;
        trusted.checked.keep(token, &principal);
        Ok(principal)
    }

    fn principal(&self, claims: Claims) -> Result<Principal, TokenError> {
        if claims.sub.is_empty() || (claims.role == Role::Agent && claims.sub.parse::<AgentId>().is_err()) {
            return Err(TokenError::Invalid);
        }
        let seconds = i64::try_from(claims.exp).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
        Ok(Principal {
            subject: claims.sub,
            role: claims.role,
            desks: claims.desks,
            expires_at: expires_at.plus(Duration::from_secs(self.validation.leeway)),
        })
    }

    /// Reads the key files again. The keys stay as they are when that fails.
    ///
    /// # Errors
    /// As [`from_files`](Self::from_files).
    pub fn reload(&self) -> Result<(), AuthError> {
        let keys = load(&self.files)?;
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = Trusted::new(keys);
        Ok(())
    }

    /// Reads the key files again at every interval, so that keys change without a restart. No token
    /// can make it read more often.
    pub async fn keep_fresh(self: Arc<Self>, every: Duration, draining: CancellationToken) {
        while draining.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            let verifier = Arc::clone(&self);
            let reloaded = tokio::task::spawn_blocking(move || verifier.reload()).await;
            if let Ok(Err(error)) = reloaded {
                tracing::warn!(
                    error = chain(&error),
                    "public keys could not be read again; the old ones stay"
                );
            }
        }
    }
}

impl Trusted {
    fn new(keys: Keys) -> Arc<Self> {
        let checked = Checked::default();
        Arc::new(Self { keys, checked })
    }
}

fn load(files: &[PathBuf]) -> Result<Keys, AuthError> {
    let mut keys = Keys::new();
    for path in files {
        let pem = std::fs::read(path).map_err(|source| AuthError::File {
            path: path.clone(),
            source,
        })?;
        let key = DecodingKey::from_ed_pem(&pem).map_err(|_| AuthError::NotAKey(path.clone()))?;
        let name = key_name(path);
        if keys.insert(name.clone(), key).is_some() {
            return Err(AuthError::SameName(name));
        }
    }
    Ok(keys)
}

/// A key's `kid`: its file's name without the ending.
pub(super) fn key_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}
