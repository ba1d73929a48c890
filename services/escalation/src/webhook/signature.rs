//! Signatures of Standard Webhooks, version `v1`: HMAC-SHA256 over `id.timestamp.body`.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tandem_domain::SecretName;
use tandem_service_kit::config::Secret;

/// What secrets begin with, so that they are recognised for what they are.
const PREFIX: &str = "whsec_";
/// Less could be guessed.
const LEAST_BYTES: usize = 16;

/// What a receiver and Tandem share.
pub(crate) struct Key(Vec<u8>);

/// Why a contact's secret cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// There is no directory to look in.
    #[error("no [webhooks] secrets_dir is configured")]
    NoDirectory,
    /// The file is not there, or not for this process.
    #[error("the file of secret `{0}` in [webhooks] secrets_dir cannot be read")]
    Unreadable(SecretName),
    /// The file holds something else.
    #[error("the file of secret `{0}` does not hold whsec_ and at least 16 bytes in base64 on each line")]
    NotASecret(SecretName),
}

/// The keys of a secret: one, or several while it is being changed. They are read for every call, so that a new file is
/// used at once.
///
/// # Errors
/// See [`KeyError`].
pub(crate) fn keys(directory: Option<&Path>, name: &SecretName) -> Result<Vec<Key>, KeyError> {
    let path = directory.ok_or(KeyError::NoDirectory)?.join(name.as_str());
    let secret = Secret::from_file(&path).map_err(|_| KeyError::Unreadable(name.clone()))?;
    let keys = secret.expose().split_whitespace().map(Key::parse);
    keys.collect::<Option<_>>()
        .ok_or_else(|| KeyError::NotASecret(name.clone()))
}

impl Key {
    /// None for what is no secret of Standard Webhooks.
    fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() >= LEAST_BYTES).then_some(Self(bytes))
    }
}

/// The header `webhook-signature`: one signature for each key. `at` is in seconds since the Unix epoch.
pub(crate) fn sign(keys: &[Key], id: &str, at: i64, body: &[u8]) -> String {
    let signatures = keys.iter().map(|key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl";
    const BODY: &[u8] = br#"{"event_type":"ping","data":{"success":true}}"#;
    const SIGNED: &str = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";

    fn read(text: &str) -> Result<String, KeyError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pager"), text).unwrap();
        let keys = keys(Some(dir.path()), &"pager".parse().unwrap())?;
        Ok(sign(&keys, "msg_loFOjxBNrRLzqYUf", 1_731_705_121, BODY))
    }

    #[test]
    fn the_specifications_own_example_is_signed_alike() {
        assert_eq!(read(SECRET).unwrap(), SIGNED);
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let both = read(&format!("whsec_AAAAAAAAAAAAAAAAAAAAAAAA\n{SECRET}\n")).unwrap();
        let (new, old) = both.split_once(' ').unwrap();
        assert!(new.starts_with("v1,") && new != SIGNED);
        assert_eq!(old, SIGNED);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in [
            "",
            "plJ3nmyCDGBKInavdOK15jsl",
            "whsec_",
            "whsec_%%%",
            "whsec_c2hvcnQ=",
            "whsec_AAAA AAAA",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let name: SecretName = "pager".parse().unwrap();
        assert_eq!(keys(None, &name).err(), Some(KeyError::NoDirectory));
        assert_eq!(
            keys(Some(Path::new("/nowhere")), &name).err(),
            Some(KeyError::Unreadable(name))
        );
    }
}
