//! Escalation's core, from the outside: the router's events in, clocks, rungs, views and rows out.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod calendars;
mod clocks;
mod ladders;
mod model;
mod plans;
mod read_model;
mod snapshots;
mod support;
mod week;
mod world;
