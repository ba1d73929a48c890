//! The router's events in the journal: what is written is read back, whatever it is, and what version 1
//! wrote is read for ever.

mod events;
mod golden;
mod round_trip;
