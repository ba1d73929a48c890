//! The router's commands, events, queries and refusals.

mod command;
mod event;
mod place;
mod rejection;
mod sharing;
mod view;

pub use command::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, Intake, Reply, TransferTarget, UndeliveredReason,
};
pub use event::{Opening, RequeueReason, RevokeReason, RoutingEvent};
pub use place::{SkipReason, Skipped, StepEnd, StepPlace};
pub use rejection::Rejection;
pub use sharing::{HelpEnd, NoHelp, OwnerChange};
pub use view::{
    AgentView, Answer, OfferView, OpenTickets, Query, Standing, TicketFilter, TicketView, Undelivered, Unservable,
    WorkList,
};
