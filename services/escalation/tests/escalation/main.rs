//! Whole escalation services over real gRPC, fed by a real router's core, telling real sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

mod access;
mod climbing;
mod desk;
mod faults;
mod harness;
mod history;
mod lists;
mod mail;
mod sink;
mod webhooks;
