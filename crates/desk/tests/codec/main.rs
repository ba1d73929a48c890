//! The router's and the escalation service's events in the journal: what is written is read back, whatever
//! it is, and what any version wrote is read for ever.

mod desk;
mod escalation;
mod events;
mod golden;
mod plan;
mod round_trip;
