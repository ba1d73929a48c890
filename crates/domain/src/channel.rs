//! The ways in which customers write or call.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A channel. Each has its own offer time, cost in capacity units and wrap-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Mail.
    Email,
    /// A visitor who is waiting at a chat window.
    Chat,
    /// A caller.
    Phone,
    /// A post or direct message on a social network.
    Social,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Email, Self::Chat, Self::Phone, Self::Social];

    /// The channel's name in the desk file and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Chat => "chat",
            Self::Phone => "phone",
            Self::Social => "social",
        }
    }
}

impl FromStr for Channel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|channel| channel.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not a channel: use email, chat, phone or social"))
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
