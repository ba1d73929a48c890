//! Enumerations, both ways. A value that is not given, or that this program does not know, is damage:
//! guessing what a newer program meant would change what the journal says.

use tandem_domain::desk::Choice;
use tandem_domain::escalation::Standing;
use tandem_domain::explain::Deciding;
use tandem_domain::routing::{
    DeclineReason, HelpEnd, NoHelp, OwnerChange, RequeueReason, RevokeReason, SkipReason, StepEnd, UndeliveredReason,
};
use tandem_domain::{Channel, ClockKind, Presence, Priority, Proficiency, Role};
use tandem_proto::v1;

use super::common::damaged;
use crate::DecodeError;

/// An enumeration that is journaled.
pub(super) trait Word: Sized {
    fn to_proto(self) -> i32;
    fn from_proto(field: &str, value: i32) -> Result<Self, DecodeError>;
}

/// A value that older programs did not write, or that may be none.
pub(super) fn given<W: Word>(field: &str, value: i32) -> Result<Option<W>, DecodeError> {
    if value == 0 {
        Ok(None)
    } else {
        W::from_proto(field, value).map(Some)
    }
}

/// A value or none.
pub(super) fn given_to_proto<W: Word>(value: Option<W>) -> i32 {
    value.map_or(0, Word::to_proto)
}

macro_rules! word {
    ($domain:ty, $proto:ty, [$($value:ident),+ $(,)?]) => {
        impl Word for $domain {
            fn to_proto(self) -> i32 {
                match self {
                    $(Self::$value => <$proto>::$value.into()),+
                }
            }

            fn from_proto(field: &str, value: i32) -> Result<Self, DecodeError> {
                match <$proto>::try_from(value) {
                    $(Ok(<$proto>::$value) => Ok(Self::$value),)+
                    Ok(<$proto>::Unspecified) | Err(_) => Err(damaged(field)),
                }
            }
        }
    };
}

word!(Role, v1::Role, [Admin, Supervisor, Agent, Channel, Reader, Service]);
word!(Channel, v1::Channel, [Email, Chat, Phone, Social]);
word!(Priority, v1::Priority, [Low, Normal, High, Urgent]);
word!(Presence, v1::Presence, [Offline, Online, Away, NotResponding, Draining]);
word!(Proficiency, v1::Proficiency, [A1, A2, B1, B2, C1, C2]);
word!(DeclineReason, v1::DeclineReason, [Busy, WrongSkill, Conflict, Other]);
word!(
    RevokeReason,
    v1::offer_revoked::Reason,
    [AgentLeft, TicketMoved, DeskChanged, AcceptedElsewhere]
);
word!(
    RequeueReason,
    v1::ticket_requeued::Reason,
    [
        Requested,
        Transferred,
        AgentRemoved,
        Reopened,
        CustomerReplied,
        OwnerAbsent,
        Due
    ]
);
word!(
    UndeliveredReason,
    v1::UndeliveredReason,
    [Refused, Bounced, Expired, VisitorLeft, NoAddress, Declined]
);
word!(
    ClockKind,
    v1::ClockKind,
    [Accept, FirstResponse, NextResponse, Resolution]
);
word!(
    Standing,
    v1::ticket_followed::Standing,
    [Open, OnHold, Resolved, Scheduled]
);
word!(StepEnd, v1::step_entered::Reason, [Elapsed, NobodyLeft, DeskChanged]);
word!(
    SkipReason,
    v1::skipped_step::Reason,
    [NobodyOnline, LongWait, NobodyPreferred, NobodyFits, NoTime]
);
word!(
    NoHelp,
    v1::help_refused::Reason,
    [Declined, Expired, AgentLeft, Withdrawn, TicketMoved, DeskChanged]
);
word!(
    HelpEnd,
    v1::helper_left::Reason,
    [Left, Dismissed, TicketMoved, BecameOwner, AgentRemoved]
);
word!(OwnerChange, v1::owner_changed::Reason, [Pulled, HandedOver]);
word!(
    Choice,
    v1::Choice,
    [
        LeastLoaded,
        LongestIdle,
        BestSkilled,
        LeastOverSkilled,
        RoundRobin,
        Cheapest,
        Weighted
    ]
);
word!(
    Deciding,
    v1::ranking::Deciding,
    [Score, LongerIdle, FileOrder, Turn, Batch]
);
