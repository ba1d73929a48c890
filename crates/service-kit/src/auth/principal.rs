//! The caller that a token names.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tandem_domain::{Actor, AgentId, Clock, DeskId, Role, Timestamp};

/// The longest sleep towards a token's expiry: monotonic clocks stand still while a machine sleeps.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The desks that a token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireScope", into = "WireScope")]
pub enum DeskScope {
    /// All, `"*"` in the token.
    All,
    /// These.
    Named(BTreeSet<DeskId>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireScope {
    Pattern(String),
    Named(BTreeSet<DeskId>),
}

impl TryFrom<WireScope> for DeskScope {
    type Error = &'static str;

    fn try_from(wire: WireScope) -> Result<Self, Self::Error> {
        match wire {
            WireScope::Pattern(text) if text == "*" => Ok(Self::All),
            WireScope::Pattern(_) => Err("desks must be a list of keys or \"*\""),
            WireScope::Named(desks) => Ok(Self::Named(desks)),
        }
    }
}

impl From<DeskScope> for WireScope {
    fn from(scope: DeskScope) -> Self {
        match scope {
            DeskScope::All => Self::Pattern("*".to_owned()),
            DeskScope::Named(desks) => Self::Named(desks),
        }
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// An id without personal data; for [`Role::Agent`] the agent's key.
    pub subject: String,
    /// What the caller may be.
    pub role: Role,
    /// Which desks it may touch.
    pub desks: DeskScope,
    /// Until when the token is good, leeway included.
    pub expires_at: Timestamp,
}

impl Principal {
    /// Whether the token names this desk.
    #[must_use]
    pub fn may(&self, desk: &DeskId) -> bool {
        match &self.desks {
            DeskScope::All => true,
            DeskScope::Named(desks) => desks.contains(desk),
        }
    }

    /// Who does it, for events.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            role: self.role,
            subject: self.subject.as_str().into(),
        }
    }

    /// The agent that the caller is; none if it is something else.
    #[must_use]
    pub fn agent(&self) -> Option<AgentId> {
        // The subject was checked when the token was.
        (self.role == Role::Agent).then(|| self.subject.parse().ok()).flatten()
    }

    /// Returns once the token is no longer good. A stream waits for this beside its work, and ends
    /// with [`TokenError::Expired`](super::TokenError::Expired).
    pub async fn expired(&self, clock: &dyn Clock) {
        loop {
            let left = self.expires_at.since(clock.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
        }
    }
}
