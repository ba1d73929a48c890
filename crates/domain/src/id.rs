//! Typed ids. Keys come from the desk file and mean the same in every version of it; numbers
//! are handed out by a core from its own state; UUIDs come from an [`IdSource`].

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

/// A key that is not of the form `[a-z0-9][a-z0-9_-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: use 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit")]
pub struct InvalidKey(pub String);

fn check_key(text: &str) -> Result<(), InvalidKey> {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let well_formed = matches!(bytes.first(), Some(b) if b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.len() <= 63
        && bytes.iter().all(inner);
    if well_formed {
        Ok(())
    } else {
        Err(InvalidKey(text.chars().take(80).collect()))
    }
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(SmolStr);

        impl $name {
            /// The key as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;
            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                check_key(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidKey;
            fn try_from(text: String) -> Result<Self, InvalidKey> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.0.into()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

key!(
    /// A desk: one service organisation, the unit of isolation, order and ownership.
    DeskId
);
key!(
    /// An agent of a desk.
    AgentId
);
key!(
    /// A team of agents.
    TeamId
);
key!(
    /// A queue in which tickets wait.
    QueueId
);
key!(
    /// A skill that an agent has at a level from 1 to 5.
    SkillId
);
key!(
    /// A channel account: one address or number at which the desk is reached.
    AccountId
);
key!(
    /// A tag that a rule put on a ticket.
    Tag
);
key!(
    /// A calendar of working time.
    CalendarId
);
key!(
    /// An SLA policy: what is promised to which tickets.
    PolicyId
);
key!(
    /// An escalation ladder.
    LadderId
);
key!(
    /// A role whose contacts are told of an escalation, such as `supervisors`.
    RoleId
);
key!(
    /// Somebody who can be told of an escalation.
    ContactId
);
key!(
    /// Where agents work, such as an office.
    SiteId
);
key!(
    /// A part of the world that agents serve.
    RegionId
);
key!(
    /// Something that a desk file says of its agents beyond skills and languages, such as `vip`.
    AttributeId
);
key!(
    /// A value of an attribute that is not a number, such as `yes`.
    AttributeKey
);
key!(
    /// A routing step of a queue.
    StepId
);
key!(
    /// Agents who work a customer's tickets together.
    TandemId
);
key!(
    /// A secret's name: what it names stands in the file of this name in a service's directory of secrets,
    /// and never in a desk file.
    SecretName
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;
            /// Reads the number with or without its letter.
            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                digits.parse().map(Self).map_err(|_| InvalidKey(text.chars().take(80).collect()))
            }
        }
    };
}

number!(
    /// A ticket's number on its desk: 1, 2, 3 …, shown as `T17`.
    TicketId, "T"
);
number!(
    /// An offer's number on its desk: 1, 2, 3 …, shown as `O17`.
    OfferId, "O"
);

number!(
    /// An escalation's number on its desk: 1, 2, 3 …, shown as `E17`.
    EscalationId, "E"
);
number!(
    /// A notification's number on its desk: 1, 2, 3 …, shown as `N17`.
    NotificationId, "N"
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;
            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                text.parse().map(Self).map_err(|_| InvalidKey(text.chars().take(80).collect()))
            }
        }
    };
}

uuid_id!(
    /// One message from or to a customer.
    MessageId
);
uuid_id!(
    /// The messages that belong together; fixed by ingest.
    ConversationId
);
uuid_id!(
    /// Whoever writes: a keyed hash of the author, made by ingest. Nobody gets back from it to an address.
    CustomerId
);

/// Where UUIDs come from; tests hand in a seeded one.
pub trait IdSource: Send + Sync + 'static {
    /// The next id: unique, and roughly ordered by `now` (a version 7 UUID).
    fn next(&self, now: crate::Timestamp) -> Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_short_lower_case_slug() {
        for good in ["a", "acme", "de-at_2", "0"] {
            assert!(good.parse::<DeskId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a b", "a.b", "a*", "é", &"x".repeat(64)] {
            assert!(bad.parse::<DeskId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_ticket_reads_with_and_without_its_letter() {
        assert_eq!("T17".parse(), Ok(TicketId(17)));
        assert_eq!("17".parse(), Ok(TicketId(17)));
        assert!("T-1".parse::<TicketId>().is_err());
    }
}
