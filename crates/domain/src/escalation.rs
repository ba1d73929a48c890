//! The escalation service's words: what its core is told, what happened, what readers get.
//!
//! A **clock** measures one wait of one ticket in working time. A clock's **occurrence** climbs its
//! ladder at most once; from the first rung that it reaches it is an **escalation**, which somebody can
//! acknowledge.

mod command;
mod event;
mod view;

pub use command::{Command, Heard, Observed, Rejection, Reply};
pub use event::{ClockEvent, ClockId, EscalationEvent, Plan, Standing, Step, Telling, Terms, TicketFacts, Tier};
pub use view::{
    Acknowledgement, Answer, ClockFilter, ClockState, ClockView, EscalationFilter, EscalationView, Preview,
    PreviewedClock, PreviewedRung, Query, RungView,
};
