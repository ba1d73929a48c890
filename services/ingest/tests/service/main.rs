//! Ingest as senders and callers see it: real SMTP and gRPC; behind it the memory store, the in-process bus and the
//! router's desks. `acme` and `globex` are the callers' desks, `initech` is foreign to them.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

mod access;
mod answers;
mod chat;
mod classification;
mod config;
mod desks;
mod faults;
mod harness;
mod letter;
mod lists;
mod privacy;
mod router;
mod sharing;
mod smarthost;
mod smtp_client;
mod submit;
mod threads;
mod tracing_spans;
