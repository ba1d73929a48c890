//! Section 5: commands and events on the bus.

mod forwarding;
mod topics;
mod tracing;
