//! The router as its callers see it: real gRPC, memory behind it but where a cluster is what matters.

mod access;
mod agents;
mod cluster;
mod desks;
mod desktop;
mod harness;
mod health;
mod ingest;
mod past;
mod priorities;
mod reply;
mod simulate;
mod tickets;
mod typing;
mod verbs;
mod work;
mod work_replicas;
