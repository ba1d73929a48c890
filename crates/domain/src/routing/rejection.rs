//! Why the router refuses a command.

use serde::{Deserialize, Serialize};

use crate::core::Rejected;
use crate::{AgentId, ConversationId, ErrorCode, OfferId, Presence, QueueId, RoutingState, TicketId, Timestamp};

/// Why the router refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The desk has no version in force yet.
    #[error("the desk has no desk file yet: apply one first")]
    NotActivated,
    /// A key that the desk file does not have.
    #[error("no {} `{given}` on this desk{}", kind(.field), nearest(.similar.as_deref()))]
    Unknown {
        /// The request's field.
        field: String,
        /// What was given.
        given: String,
        /// The nearest key that exists.
        similar: Option<String>,
    },
    /// The ticket's state does not allow it.
    #[error("ticket {ticket} is {state}; `{action}` needs {allowed}")]
    WrongState {
        /// The ticket.
        ticket: TicketId,
        /// Where it is.
        state: RoutingState,
        /// What was asked for.
        action: String,
        /// The states in which it can be done.
        allowed: String,
    },
    /// The offer is not open any more.
    #[error("offer {offer} is over: {why}; look at the work list for what is offered now")]
    OfferOver {
        /// The offer.
        offer: OfferId,
        /// Accepted, declined, expired or revoked; or never issued.
        why: String,
    },
    /// The offer is somebody else's.
    #[error("offer {offer} was not made to agent `{agent}`")]
    ForeignOffer {
        /// The offer.
        offer: OfferId,
        /// Who asked.
        agent: AgentId,
    },
    /// An agent acts on a ticket of somebody else.
    #[error("ticket {ticket} is not agent `{agent}`'s")]
    NotOwner {
        /// The ticket.
        ticket: TicketId,
        /// Who asked.
        agent: AgentId,
    },
    /// The agent cannot take it now.
    #[error("agent `{agent}` cannot take it now: {why}")]
    AgentUnavailable {
        /// The request's field.
        field: String,
        /// The agent.
        agent: AgentId,
        /// Offline, no room …
        why: String,
    },
    /// The new desk file drops a queue in which tickets still are.
    #[error("queue `{queue}` cannot be dropped: {tickets} open tickets are in it; transfer them first")]
    QueueInUse {
        /// The queue.
        queue: QueueId,
        /// How many.
        tickets: u64,
    },
    /// An escalation asks for something that its ticket has since outgrown.
    #[error("ticket {ticket} {why} after version {seen}: what was seen then is over")]
    Stale {
        /// The ticket.
        ticket: TicketId,
        /// The version that was seen.
        seen: u64,
        /// What has happened since, such as `was accepted`.
        why: String,
    },
    /// The ticket went into another one.
    #[error("ticket {ticket} is merged into {into}: go on there")]
    MergedInto {
        /// The ticket.
        ticket: TicketId,
        /// Where its conversation goes on.
        into: TicketId,
    },
    /// A ticket cannot be merged into itself.
    #[error("ticket {ticket} cannot be merged into itself")]
    SameTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// Two customers' tickets stay two: answers go to one of them only.
    #[error("tickets {ticket} and {into} are of different customers: their answers could not reach both")]
    OtherCustomer {
        /// The ticket.
        ticket: TicketId,
        /// The one that would go on.
        into: TicketId,
    },
    /// A visitor sits before one window.
    #[error("ticket {ticket} is a chat, whose visitor has one conversation: it cannot be split")]
    OneConversation {
        /// The ticket.
        ticket: TicketId,
    },
    /// A split must move some of a ticket's messages and leave some.
    #[error("ticket {ticket} has {messages} messages: name at least one that moves, and leave at least one")]
    NothingToSplit {
        /// The ticket.
        ticket: TicketId,
        /// How many messages it has.
        messages: u64,
    },
    /// A new ticket needs a conversation of its own.
    #[error("conversation {conversation} has a ticket already: give the new ticket one that has none")]
    ConversationTaken {
        /// The conversation.
        conversation: ConversationId,
    },
    /// As many help with the ticket, or are asked to, as may.
    #[error("ticket {ticket} has {most} helpers, or agents who are asked to be: end somebody's help first")]
    HelpersFull {
        /// The ticket.
        ticket: TicketId,
        /// How many there may be.
        most: usize,
    },
    /// None of a queue's agents can help now.
    #[error("nobody of queue `{queue}` is online with room: ask another queue, or an agent by name")]
    NobodyFree {
        /// The queue.
        queue: QueueId,
    },
    /// What only supervisors do.
    #[error("agent `{agent}` is no supervisor: only supervisors give tickets to agents")]
    NotSupervisor {
        /// Who asked.
        agent: AgentId,
    },
    /// A time that is over, or too far away.
    #[error("{given} is not between {from} and {to}")]
    TimeOutOfRange {
        /// The request's field.
        field: String,
        /// What was given.
        given: Timestamp,
        /// Later than this.
        from: Timestamp,
        /// This at the latest.
        to: Timestamp,
    },
    /// The ticket that another one was to be merged into is the wrong one.
    #[error(transparent)]
    Into(Box<Rejection>),
    /// A presence that only Tandem itself sets.
    #[error("presence `{0}` cannot be asked for: use offline, online, away or draining")]
    PresenceNotSettable(Presence),
}

/// What a field names: `ticket_id` a ticket.
fn kind(field: &str) -> &str {
    field.trim_end_matches('s').trim_end_matches("_id")
}

fn nearest(similar: Option<&str>) -> String {
    similar
        .map(|key| format!("; did you mean `{key}`?"))
        .unwrap_or_default()
}

impl Rejected for Rejection {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Into(rejection) => rejection.code(),
            Self::Unknown { .. } => ErrorCode::NotFound,
            Self::NotActivated
            | Self::WrongState { .. }
            | Self::OfferOver { .. }
            | Self::AgentUnavailable { .. }
            | Self::QueueInUse { .. }
            | Self::MergedInto { .. }
            | Self::OtherCustomer { .. }
            | Self::OneConversation { .. }
            | Self::NothingToSplit { .. }
            | Self::ConversationTaken { .. }
            | Self::HelpersFull { .. }
            | Self::NobodyFree { .. }
            | Self::Stale { .. } => ErrorCode::FailedPrecondition,
            Self::ForeignOffer { .. } | Self::NotOwner { .. } | Self::NotSupervisor { .. } => {
                ErrorCode::PermissionDenied
            }
            Self::PresenceNotSettable(_) | Self::SameTicket { .. } | Self::TimeOutOfRange { .. } => {
                ErrorCode::InvalidArgument
            }
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Unknown { field, .. } | Self::AgentUnavailable { field, .. } | Self::TimeOutOfRange { field, .. } => {
                Some(field)
            }
            Self::WrongState { .. }
            | Self::NotOwner { .. }
            | Self::MergedInto { .. }
            | Self::OneConversation { .. }
            | Self::HelpersFull { .. }
            | Self::NotSupervisor { .. } => Some("ticket_id"),
            Self::Into(_) | Self::SameTicket { .. } | Self::OtherCustomer { .. } => Some("into"),
            Self::NothingToSplit { .. } => Some("message_ids"),
            Self::ConversationTaken { .. } => Some("conversation_id"),
            Self::NobodyFree { .. } => Some("queue"),
            Self::OfferOver { .. } | Self::ForeignOffer { .. } => Some("offer_id"),
            Self::Stale { .. } => Some("seen_version"),
            Self::PresenceNotSettable(_) => Some("presence"),
            Self::NotActivated | Self::QueueInUse { .. } => None,
        }
    }
}
