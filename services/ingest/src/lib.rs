//! Takes customers' messages in: verifies, parses, dedupes, threads and classifies them, stores them for good,
//! and hands them to the router.
//!
//! Where to look: `smtp` talks to senders, `mail` reads what they bring, `chat` talks to visitors, `intake` makes
//! documents of what came, `storing` stores them, `handover` and `sender` tell the router, `follow` learns of desks, `api` answers gRPC.
//!
//! **Architecture invariant:** customers' words and addresses live in this service's documents and nowhere
//! else; what leaves it are ids, keys of the desk file, numbers and times.

mod api;
mod chat;
pub mod config;
mod customer;
mod deliveries;
mod directory;
mod document;
mod follow;
mod handover;
mod instruments;
mod intake;
pub mod language;
pub mod mail;
mod places;
mod process;
mod sender;
mod service;
mod sink;
pub mod smtp;
mod storing;
mod submission;

pub use api::Api;
pub use service::{Ingest, Parts, StartError};

/// This service's name.
pub const SERVICE: &str = "ingest";
/// The service whose desks it serves.
const ROUTER: &str = "router";
