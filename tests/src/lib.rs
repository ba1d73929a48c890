//! Tandem as whole processes, in both ways of running, and everything that tests need around it: senders of mail,
//! agents, a killer.
//!
//! Where to look: `embedded` and `cluster` start Tandem, `site` is what both have in common; `mail`, `visitor` and
//! `agent` are its customers and agents, `smarthost` is where its mails go; `chaos` kills it under traffic and looks for what was lost.

#![expect(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    reason = "a harness: a panic is a failed test, and says where it comes from"
)]

pub mod agent;
pub mod audit;
pub mod chaos;
pub mod clients;
pub mod cluster;
pub mod desks;
pub mod door;
pub mod embedded;
pub mod hooks;
pub mod lists;
pub mod mail;
pub mod process;
pub mod programs;
pub mod site;
pub mod smarthost;
pub mod tokens;
pub mod undisturbed;
pub mod visitor;
pub mod wait;
