//! Tokens by which a customer's own site says who a visitor is: JWTs, signed with a secret that the site and the
//! account share (`contact_secret` in the desk file).

use std::path::Path;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use tandem_domain::{SecretName, Timestamp};
use tandem_service_kit::config::Secret;

use super::resume::Entrance;
use crate::mail::Address;

/// How far the site's clock may be off.
const LEEWAY: Duration = Duration::from_mins(1);
/// The longest that a token may be good for: one that leaked must not open chats for years.
const LONGEST: Duration = Duration::from_hours(24);
/// Fewer bytes of a secret could be guessed from one token.
const SECRET_BYTES: usize = 32;
/// Characters of any claim.
const CLAIM_CHARS: usize = 200;

/// Who a visitor is, as the site says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contact {
    /// The site's own id of the person.
    pub id: String,
    /// What to call the person.
    pub name: Option<String>,
    /// Where the person reads mail.
    pub email: Option<String>,
}

impl Contact {
    /// As the author of messages.
    pub(super) fn address(&self) -> Address {
        Address {
            name: self.name.clone().or_else(|| Some(self.id.clone())),
            address: self.email.as_ref().map(|email| email.to_lowercase()),
        }
    }
}

/// Why a contact token is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKnown {
    /// The account takes none.
    #[error("this account takes no contact tokens: the desk file gives it no contact_secret")]
    NoSecret,
    /// The secret cannot be read here, or is too short; the log says more.
    #[error("contact tokens cannot be checked at the moment")]
    Unreadable,
    /// It is forged, expired, of another account, or good for too long.
    #[error(
        "the contact token is not good: HS256, with `sub`, with `aud` of this account (`desk/account`), and `exp` within a day"
    )]
    Bad,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    name: Option<String>,
    email: Option<String>,
}

/// Reads the secret that a desk file refers to.
///
/// # Errors
/// [`NotKnown`]
pub(super) fn secret(dir: Option<&Path>, reference: Option<&SecretName>) -> Result<Secret, NotKnown> {
    let reference = reference.ok_or(NotKnown::NoSecret)?;
    let dir = dir.ok_or_else(|| unreadable(reference, "no [chat] secrets_dir is configured"))?;
    let secret =
        Secret::from_file(&dir.join(reference.as_str())).map_err(|error| unreadable(reference, &error.to_string()))?;
    if secret.expose().len() < SECRET_BYTES {
        return Err(unreadable(reference, "it has fewer than 32 bytes"));
    }
    Ok(secret)
}

fn unreadable(reference: &SecretName, reason: &str) -> NotKnown {
    tracing::error!(%reference, reason, "a chat account's secret cannot be used");
    NotKnown::Unreadable
}

/// The person that a token names.
///
/// # Errors
/// [`NotKnown::Bad`]
pub(super) fn read(token: &str, secret: &Secret, entrance: &Entrance, now: Timestamp) -> Result<Contact, NotKnown> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    validation.set_audience(&[format!("{}/{}", entrance.desk, entrance.account)]);
    // By the clock that was handed in, below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(secret.expose().as_bytes());
    let claims = decode::<Claims>(token, &key, &validation)
        .map_err(|_| NotKnown::Bad)?
        .claims;
    let ends = Timestamp::from_micros(claims.exp.saturating_mul(1_000_000));
    let is_short = |text: &str| text.chars().count() <= CLAIM_CHARS && !text.chars().any(char::is_control);
    let texts = [Some(&claims.sub), claims.name.as_ref(), claims.email.as_ref()];
    let is_good = now < ends.plus(LEEWAY)
        && ends <= now.plus(LONGEST + LEEWAY)
        && !claims.sub.is_empty()
        && texts.into_iter().flatten().all(|text| is_short(text));
    is_good
        .then_some(Contact {
            id: claims.sub,
            name: claims.name,
            email: claims.email,
        })
        .ok_or(NotKnown::Bad)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of thirty-two bytes or so, shared";
    const NOW: i64 = 1_700_000_000;

    fn now() -> Timestamp {
        Timestamp::from_micros(NOW * 1_000_000)
    }

    fn entrance() -> Entrance {
        Entrance {
            desk: "acme".parse().unwrap(),
            account: "widget".parse().unwrap(),
        }
    }

    fn claims() -> Value {
        json!({"sub": "c-17", "aud": "acme/widget", "exp": NOW + 900, "name": "Ann Lee", "email": "Ann@customer.example"})
    }

    fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
        encode(
            &Header::new(algorithm),
            claims,
            &EncodingKey::from_secret(secret.as_bytes()),
        )
        .unwrap()
    }

    fn known(token: &str) -> Option<Contact> {
        read(token, &Secret::new(SECRET.to_owned()), &entrance(), now()).ok()
    }

    #[test]
    fn a_good_token_says_who_it_is() {
        let contact = known(&signed(&claims(), Algorithm::HS256, SECRET)).unwrap();
        assert_eq!(contact.id, "c-17");
        let address = contact.address();
        assert_eq!(address.name.as_deref(), Some("Ann Lee"));
        assert_eq!(address.address.as_deref(), Some("ann@customer.example"));
    }

    #[test]
    fn forged_expired_and_foreign_tokens_are_refused() {
        let with = |key: &str, value: Value| {
            let mut claims = claims();
            claims[key] = value;
            signed(&claims, Algorithm::HS256, SECRET)
        };
        let without = |key: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(key);
            signed(&claims, Algorithm::HS256, SECRET)
        };
        // {"alg":"none"}
        let unsigned = format!(
            "eyJhbGciOiJub25lIn0.{}.",
            signed(&claims(), Algorithm::HS256, SECRET).split('.').nth(1).unwrap()
        );
        let bad = [
            signed(&claims(), Algorithm::HS256, "another secret of thirty-two bytes or so"),
            signed(&claims(), Algorithm::HS512, SECRET),
            unsigned,
            with("exp", json!(NOW - 61)),
            with("exp", json!(NOW + 2 * 24 * 3600)),
            with("aud", json!("acme/shop")),
            with("sub", json!("")),
            with("name", json!("a\r\nb")),
            with("name", json!("x".repeat(300))),
            without("exp"),
            without("aud"),
            without("sub"),
            String::new(),
            "a.b.c".to_owned(),
        ];
        for token in bad {
            assert_eq!(known(&token), None, "{token}");
        }
        assert!(
            known(&with("exp", json!(NOW - 59))).is_some(),
            "the site's clock may be a little off"
        );
    }

    #[test]
    fn a_secret_is_a_file_of_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("widget"), SECRET).unwrap();
        std::fs::write(dir.path().join("short"), "short").unwrap();
        let read = |dir, name: &str| secret(dir, Some(&name.parse().unwrap()));
        assert!(read(Some(dir.path()), "widget").is_ok());
        for odd in ["short", "absent"] {
            assert!(
                matches!(read(Some(dir.path()), odd), Err(NotKnown::Unreadable)),
                "{odd}"
            );
        }
        assert!(matches!(read(None, "widget"), Err(NotKnown::Unreadable)));
        assert!(matches!(secret(Some(dir.path()), None), Err(NotKnown::NoSecret)));
    }
}
