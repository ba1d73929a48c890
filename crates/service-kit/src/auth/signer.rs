//! Makes tokens: for the embedded way of running, where no other issuer is at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use tandem_domain::{AgentId, Role, Timestamp};

use super::token::{Claims, TANDEM};
use super::verifier::key_name;
use super::{AuthError, DeskScope, private_file};

const PRIVATE_KEY_FILE: &str = "tandem.key";
const PUBLIC_KEY_FILE: &str = "tandem.pem";
const ADMIN_TOKEN_FILE: &str = "admin.token";

/// How long the admin's token is good; it is renewed at every start.
pub const ADMIN_TOKEN_TTL: Duration = Duration::from_hours(30 * 24);

/// What a token grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// In which role.
    pub role: Role,
    /// To whom: an id without personal data; for [`Role::Agent`] the agent's key.
    pub subject: String,
    /// On which desks.
    pub desks: DeskScope,
}

/// Holds a private key and makes tokens with it.
pub struct Signer {
    key: EncodingKey,
    pair: Ed25519KeyPair,
    name: String,
    public_key_file: PathBuf,
}

impl Signer {
    /// Whether there is a key in `dir`.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        dir.join(PRIVATE_KEY_FILE).is_file()
    }

    /// Opens the key in `dir`, and makes one at the first start: `tandem.key` (mode 600) with
    /// `tandem.pem` beside it, the public key for other processes.
    ///
    /// # Errors
    /// If the files cannot be used, or others may read the private key.
    pub fn open(dir: &Path) -> Result<Self, AuthError> {
        private_file::create_dir(dir)?;
        let path = dir.join(PRIVATE_KEY_FILE);
        let pem = match private_file::read(&path)? {
            Some(pem) => pem,
            None => generate(&path)?,
        };
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|_| AuthError::NotAKey(path.clone()))?;
        let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| AuthError::NotAKey(path.clone()))?;
        let signer = Self {
            key,
            pair,
            name: key_name(&path),
            public_key_file: dir.join(PUBLIC_KEY_FILE),
        };
        signer.write_public_key()?;
        Ok(signer)
    }

    fn write_public_key(&self) -> Result<(), AuthError> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| signing("the public key"))?;
        let path = &self.public_key_file;
        let written = fs::write(path, pem("PUBLIC KEY", der.as_ref()));
        written.map_err(|source| AuthError::File {
            path: path.clone(),
            source,
        })
    }

    /// Makes a token that is good for `ttl`.
    ///
    /// # Errors
    /// If an agent's subject is no agent's key.
    pub fn mint(&self, grant: &Grant, ttl: Duration, now: Timestamp) -> Result<String, AuthError> {
        if grant.role == Role::Agent {
            grant.subject.parse::<AgentId>().map_err(AuthError::Subject)?;
        }
        let claims = Claims {
            iss: TANDEM.to_owned(),
            aud: TANDEM.to_owned(),
            sub: grant.subject.clone(),
            iat: seconds(now),
            exp: seconds(now.plus(ttl)),
            role: grant.role,
            desks: grant.desks.clone(),
        };
        let header = Header {
            kid: Some(self.name.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, &claims, &self.key).map_err(|error| AuthError::Signing(error.to_string()))
    }

    /// Writes a fresh token for everything to `admin.token` (mode 600) in `dir`, and returns its path.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_admin_token(&self, dir: &Path, now: Timestamp) -> Result<PathBuf, AuthError> {
        let grant = Grant {
            role: Role::Admin,
            subject: "admin".to_owned(),
            desks: DeskScope::All,
        };
        let token = self.mint(&grant, ADMIN_TOKEN_TTL, now)?;
        let path = dir.join(ADMIN_TOKEN_FILE);
        private_file::write(&path, &token)?;
        Ok(path)
    }

    /// The public key's file, for [`AuthConfig`](crate::config::AuthConfig) of other processes.
    #[must_use]
    pub fn public_key_file(&self) -> &Path {
        &self.public_key_file
    }

    pub(super) fn key_name(&self) -> &str {
        &self.name
    }

    pub(super) fn public_key(&self) -> DecodingKey {
        DecodingKey::from_ed_der(self.pair.public_key().as_ref())
    }
}

fn generate(path: &Path) -> Result<String, AuthError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| signing("a new key"))?;
    let text = pem("PRIVATE KEY", pkcs8.as_ref());
    private_file::write(path, &text)?;
    Ok(text)
}

pub(super) fn signing(what: &str) -> AuthError {
    AuthError::Signing(format!("the cryptographic library refused {what}"))
}

fn pem(label: &str, der: &[u8]) -> String {
    // An Ed25519 key fits on one line of at most 64 characters, private or public.
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros() / 1_000_000).unwrap_or(0)
}
