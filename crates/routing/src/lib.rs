//! The router's core: tickets are queued, matched, offered, assigned and explained.
//!
//! [`RoutingCore`] is pure: commands, events and the time go in, events come out. `README.md`
//! beside this crate lists the properties that it keeps and what was chosen where several
//! ways are possible.
//!
//! **Architecture invariant:** nothing in here knows a runtime, a database, a wire format or
//! the machine's clock. Facts change in `apply` only.

mod abilities;
mod activate;
mod agents;
mod answering;
mod answers;
mod apply;
pub mod assign;
mod availability;
mod batch;
mod bits;
mod candidates;
mod capacity;
mod changes;
mod choice;
mod classes;
mod closed;
mod conversations;
mod core;
mod desk;
pub mod dry_run;
mod ended;
mod explain;
mod handful;
mod heads;
mod helping;
mod holders;
mod intake;
mod last_agents;
mod line;
mod lists;
mod matching;
mod members;
mod merging;
mod news;
mod numbered;
mod offers;
mod order;
mod origins;
mod overtaking;
mod owners;
mod pace;
mod presence;
pub mod replay;
mod requirement;
pub mod rows;
mod scheduling;
mod seldom;
mod selection;
mod several;
pub mod sim;
mod snapshot;
mod splitting;
mod stale;
mod standing;
mod state;
mod steps;
mod story;
mod summary;
mod table;
mod thread;
mod ticket;
mod tickets;
pub mod timeline;
mod timers;
mod turn;
mod turns;
mod views;
mod wait;
mod waiting;
mod wishes;

pub use core::RoutingCore;
pub use turn::Outcome;
