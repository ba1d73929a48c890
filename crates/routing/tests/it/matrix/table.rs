//! Rows of the table that belong together, each for a caller who may do it.

use tandem_domain::RoutingState;
use tandem_domain::RoutingState::{
    Abandoned, Assigned, Cancelled, Done, Merged, Offered, OnHold, Queued, Scheduled, WrappingUp,
};

use super::outcome::Outcome;
use super::outcome::Outcome::{Becomes, MergedInto, NotFound, NotPossible, OpensAnother, Unrouted, WrongState};

pub(super) fn message(state: RoutingState) -> Outcome {
    match state {
        Queued => Becomes(Queued),
        Offered | Done | Scheduled => Becomes(Offered),
        Assigned | OnHold | WrappingUp => Becomes(Assigned),
        Cancelled | Abandoned => OpensAnother,
        Merged => Becomes(Merged),
    }
}

pub(super) fn automatic_message(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | WrappingUp | Done | Scheduled | Merged => Becomes(state),
        Cancelled | Abandoned => Unrouted,
    }
}

pub(super) fn customer_leaves(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered => Becomes(Abandoned),
        Assigned | OnHold => Becomes(WrappingUp),
        WrappingUp | Done | Scheduled | Merged => Becomes(state),
        Cancelled | Abandoned => Unrouted,
    }
}

pub(super) fn answer(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | WrappingUp | Done | Scheduled => Becomes(state),
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn answer_and_await(state: RoutingState) -> Outcome {
    match state {
        Assigned | OnHold => Becomes(OnHold),
        Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn answer_and_resolve(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Scheduled => Becomes(Done),
        Assigned | OnHold => Becomes(WrappingUp),
        WrappingUp | Done => Becomes(state),
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn report_delivery(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | WrappingUp | Done | Scheduled | Merged => Becomes(state),
        Cancelled | Abandoned => NotFound,
    }
}

pub(super) fn pull(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Assigned),
        WrappingUp | Done => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn consult(state: RoutingState) -> Outcome {
    match state {
        Assigned | OnHold => Becomes(state),
        Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn end_help(state: RoutingState) -> Outcome {
    match state {
        Assigned | OnHold => NotPossible,
        Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn hand_over(state: RoutingState) -> Outcome {
    match state {
        Assigned => NotPossible,
        Queued | Offered | OnHold | WrappingUp | Done | Scheduled => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn merge(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Merged),
        WrappingUp | Done => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn split(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | Scheduled => NotPossible,
        WrappingUp | Done => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}

pub(super) fn schedule(state: RoutingState) -> Outcome {
    match state {
        Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Scheduled),
        WrappingUp | Done => WrongState,
        Cancelled | Abandoned => NotFound,
        Merged => MergedInto,
    }
}
