//! A ticket's two separate fields: where routing has it, and what the customer would call it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire and in output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let names: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("`{text}` is none of {}", names.join(", "))
                })
            }
        }
    };
}
pub(crate) use named_enum;

named_enum!(
    /// Where routing has a ticket.
    RoutingState {
        /// Waits for an agent.
        Queued = "queued",
        /// Offered to one agent who has not answered yet.
        Offered = "offered",
        /// An agent owns it and works on it.
        Assigned = "assigned",
        /// Its owner set it aside, usually to wait for the customer.
        OnHold = "on_hold",
        /// Served; its owner finishes the paperwork and is still taken.
        WrappingUp = "wrapping_up",
        /// Served; nobody owns it any more.
        Done = "done",
        /// Withdrawn before it was served.
        Cancelled = "cancelled",
        /// The customer left before it was served.
        Abandoned = "abandoned",
        /// Waits for a time that was set, and enters its queue then.
        Scheduled = "scheduled",
        /// Went into another ticket, where its conversation goes on.
        Merged = "merged",
    }
);

named_enum!(
    /// What the customer would call it.
    TicketStatus {
        /// Somebody has to do something.
        Open = "open",
        /// Waits for the customer.
        Pending = "pending",
        /// Answered; a new message opens it again.
        Resolved = "resolved",
        /// Final; a new message opens a new ticket.
        Closed = "closed",
    }
);

named_enum!(
    /// How urgent a ticket is; later is more urgent.
    Priority {
        /// Can wait.
        Low = "low",
        /// As most.
        Normal = "normal",
        /// Before most.
        High = "high",
        /// Before all.
        Urgent = "urgent",
    }
);
