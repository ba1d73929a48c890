//! Tokens that were found good: checking a signature costs as much as all else that a small call does, and callers use
//! one token for many calls.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tandem_domain::Timestamp;

use super::Principal;

/// Tokens that are remembered at most: a few hundred bytes each.
const MOST: usize = 4096;

/// Good tokens, by their SHA-256, until they expire.
#[derive(Default)]
pub(super) struct Checked {
    tokens: Mutex<HashMap<[u8; 32], Principal>>,
}

impl Checked {
    /// The caller that a token names which was found good before, and still is.
    pub(super) fn recall(&self, token: &str, now: Timestamp) -> Option<Principal> {
        let tokens = self.tokens();
        let principal = tokens.get(&digest(token))?;
        (now <= principal.expires_at).then(|| principal.clone())
    }

    /// Remembers a token that is good. With too many, all are forgotten: each costs one more check.
    pub(super) fn keep(&self, token: &str, principal: &Principal) {
        let mut tokens = self.tokens();
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(digest(token), principal.clone());
    }

    /// No code that can panic runs under this lock.
    fn tokens(&self) -> MutexGuard<'_, HashMap<[u8; 32], Principal>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tandem_domain::Role;

    use super::super::DeskScope;
    use super::*;

    fn ana() -> Principal {
        Principal {
            subject: "ana".to_owned(),
            role: Role::Agent,
            desks: DeskScope::All,
            expires_at: Timestamp::EPOCH.plus(Duration::from_mins(1)),
        }
    }

    #[test]
    fn a_token_is_known_until_it_expires() {
        let checked = Checked::default();
        checked.keep("token", &ana());
        let at = |seconds| Timestamp::EPOCH.plus(Duration::from_secs(seconds));
        assert_eq!(checked.recall("token", at(60)), Some(ana()));
        assert_eq!(checked.recall("token", at(61)), None);
        assert_eq!(checked.recall("another", at(0)), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let checked = Checked::default();
        for number in 0..=MOST {
            checked.keep(&number.to_string(), &ana());
        }
        assert!(checked.tokens().len() <= MOST);
        assert!(checked.recall(&MOST.to_string(), Timestamp::EPOCH).is_some());
    }
}
