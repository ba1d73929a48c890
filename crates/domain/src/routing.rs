//! The router's commands, events, queries and refusals.

mod command;
mod event;
mod rejection;
mod view;

pub use command::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, Intake, Reply, TransferTarget, UndeliveredReason,
};
pub use event::{RequeueReason, RevokeReason, RoutingEvent};
pub use rejection::Rejection;
pub use view::{AgentView, Answer, OfferView, Query, Standing, TicketView, Undelivered, WorkList};
