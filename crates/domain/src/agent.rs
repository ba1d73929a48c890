//! What an agent is doing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether an agent takes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Not signed in, or the session was lost.
    #[default]
    Offline,
    /// Signed in and taking work.
    Online,
    /// Signed in, keeps the work at hand, gets no new offers.
    Away,
    /// Missed too many offers in a row; gets no more until the agent says `Online` again.
    NotResponding,
    /// Finishes the work at hand, gets no new offers, and is offline by itself when nothing is left.
    Draining,
}

impl Presence {
    /// The presence's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Away => "away",
            Self::NotResponding => "not_responding",
            Self::Draining => "draining",
        }
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
