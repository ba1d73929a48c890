//! The router as its callers see it: real gRPC, memory behind it.

mod access;
mod agents;
mod desks;
mod desktop;
mod harness;
mod health;
mod tickets;
mod work;
mod work_replicas;
