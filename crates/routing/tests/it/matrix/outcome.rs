//! What comes of a command.

use tandem_domain::routing::{Rejection, Reply};
use tandem_domain::{RoutingState, TicketId};

use crate::world::World;

/// What comes of it: the ticket's state afterwards, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Becomes(RoutingState),
    /// The message opens a new ticket, and this one stays.
    OpensAnother,
    Unrouted,
    NotFound,
    WrongState,
    NotOwner,
    OfferOver,
    ForeignOffer,
    Stale,
    MergedInto,
    /// The one named does not help, or there is nothing to split.
    NotPossible,
    NotSupervisor,
}

use Outcome::{
    Becomes, ForeignOffer, MergedInto, NotFound, NotOwner, NotPossible, NotSupervisor, OfferOver, OpensAnother, Stale,
    Unrouted, WrongState,
};

pub(super) fn outcome(world: &World, ticket: TicketId, result: &Result<Reply, Rejection>) -> Outcome {
    match result {
        Ok(Reply::Unrouted) => Unrouted,
        Ok(Reply::OnTicket { opened: true, .. }) => OpensAnother,
        Ok(Reply::Activated { .. } | Reply::OnTicket { .. } | Reply::Ticket(_) | Reply::Agent(_)) => {
            Becomes(world.state(ticket))
        }
        Err(Rejection::Into(rejection)) => outcome(world, ticket, &Err((**rejection).clone())),
        Err(Rejection::Unknown { .. }) => NotFound,
        Err(Rejection::WrongState { .. }) => WrongState,
        Err(Rejection::NotOwner { .. }) => NotOwner,
        Err(Rejection::OfferOver { .. }) => OfferOver,
        Err(Rejection::ForeignOffer { .. }) => ForeignOffer,
        Err(Rejection::Stale { .. }) => Stale,
        Err(Rejection::MergedInto { .. }) => MergedInto,
        Err(Rejection::NotSupervisor { .. }) => NotSupervisor,
        Err(Rejection::AgentUnavailable { .. } | Rejection::OneConversation { .. }) => NotPossible,
        Err(
            other @ (Rejection::NotActivated
            | Rejection::QueueInUse { .. }
            | Rejection::SameTicket { .. }
            | Rejection::OtherCustomer { .. }
            | Rejection::NothingToSplit { .. }
            | Rejection::ConversationTaken { .. }
            | Rejection::HelpersFull { .. }
            | Rejection::NobodyFree { .. }
            | Rejection::TimeOutOfRange { .. }
            | Rejection::PresenceNotSettable(_)),
        ) => panic!("{other}"),
    }
}
