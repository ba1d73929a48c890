//! The metrics service: what it counts, whatever goes wrong, and what it answers.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod breaches;
mod counting;
mod day;
mod harness;
mod queries;
mod server;
mod watching;
