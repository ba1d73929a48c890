//! Escalation's core: SLA clocks and ladders.
//!
//! [`SlaCore`] is pure: the router's events and a watermark go in, events come out. `README.md` beside
//! this crate says what starts, stops and pauses which clock, and what was chosen where several ways are
//! possible.
//!
//! **Architecture invariant:** nothing in here knows a runtime, a database, a wire format or the
//! machine's clock. What is due is decided by the times of the router's events and by the watermark,
//! never by when it is looked at. Facts change in `apply` only.

mod apply;
mod clock;
mod closed;
mod core;
mod fire;
mod observe;
mod preview;
pub mod rows;
mod rules;
mod snapshot;
mod standing;
mod state;
mod terms;
mod turn;
mod views;

pub use core::SlaCore;
pub use turn::Outcome;
