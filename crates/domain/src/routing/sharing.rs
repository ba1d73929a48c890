//! How tickets change hands, and how agents help each other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ticket::named_enum;

named_enum!(
    /// Why somebody does not help with a ticket any more.
    HelpEnd {
        /// The helper is done.
        Left = "left",
        /// The owner or a supervisor ended it.
        Dismissed = "dismissed",
        /// The ticket was resolved, went back to a queue, or ended.
        TicketMoved = "ticket_moved",
        /// The helper owns the ticket now.
        BecameOwner = "became_owner",
        /// The helper is not on the desk any more.
        AgentRemoved = "agent_removed",
    }
);

named_enum!(
    /// Why an offer to help came to nothing.
    NoHelp {
        /// The agent declined.
        Declined = "declined",
        /// The agent did not answer in time.
        Expired = "expired",
        /// The agent went away or offline, or the session was lost.
        AgentLeft = "agent_left",
        /// It is not needed any more: whoever asked, or a supervisor, took it back.
        Withdrawn = "withdrawn",
        /// The ticket was resolved, went back to a queue, or ended.
        TicketMoved = "ticket_moved",
        /// The new version of the desk does not allow it.
        DeskChanged = "desk_changed",
    }
);

named_enum!(
    /// Why an owned ticket changed hands.
    OwnerChange {
        /// A supervisor gave it to the agent.
        Pulled = "pulled",
        /// The owner handed it over to a helper.
        HandedOver = "handed_over",
    }
);
