//! Enumerations, both ways. A value that is not given, or that this program does not know, is damage:
//! guessing what a newer program meant would change what the journal says.

use tandem_domain::escalation::Standing;
use tandem_domain::routing::{DeclineReason, RequeueReason, RevokeReason, UndeliveredReason};
use tandem_domain::{Channel, ClockKind, Presence, Priority, Proficiency, Role};
use tandem_proto::v1;

use super::common::damaged;
use crate::DecodeError;

/// An enumeration that is journaled.
pub(super) trait Word: Sized {
    fn to_proto(self) -> i32;
    fn from_proto(field: &str, value: i32) -> Result<Self, DecodeError>;
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
word!(Presence, v1::Presence, [Offline, Online, Away, NotResponding]);
word!(Proficiency, v1::Proficiency, [A1, A2, B1, B2, C1, C2]);
word!(DeclineReason, v1::DeclineReason, [Busy, WrongSkill, Conflict, Other]);
word!(
    RevokeReason,
    v1::offer_revoked::Reason,
    [AgentLeft, TicketMoved, DeskChanged]
);
word!(
    RequeueReason,
    v1::ticket_requeued::Reason,
    [Requested, Transferred, AgentRemoved, Reopened, CustomerReplied]
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
word!(Standing, v1::ticket_followed::Standing, [Open, OnHold, Resolved]);
