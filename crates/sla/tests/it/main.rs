//! Escalation's core, from the outside: the router's events in, clocks, rungs, views and rows out.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod clocks;
mod ladders;
mod plans;
mod read_model;
mod sharing;
mod snapshots;
mod support;
#[path = "../../../domain/tests/it/wall.rs"]
mod wall;
mod week;
#[path = "../../../domain/tests/it/words.rs"]
mod words;
mod world;
