//! Desk files: one YAML file that describes a whole desk (its languages, skills, teams, channels,
//! agents, queues, rules, and what it promises its customers), read, checked, compared, compiled, and its
//! rules applied to messages.
//!
//! The router validates and compiles desk files, ingest runs their rules and opens their chats, escalation
//! reaches their contacts; all of them see the same file through this crate. Every key is described in `docs/desk-file.md`.
//!
//! **Architecture invariant:** nothing in here does I/O. Whatever text comes in, reading it ends soon,
//! with a desk or with all its faults.

mod address;
mod compile;
mod diff;
mod duration;
mod fault;
mod model;
mod place;
mod read;
pub mod rules;
mod suggest;
mod tree;
mod web;
mod written;

pub use address::Address;
pub use compile::{compile, hash};
pub use diff::{Change, diff};
pub use fault::Fault;
pub use model::{
    Account, Actions, Agent, AttributeKind, ChannelSection, ChatAccount, Contact, DeskFile, Queue, Site, Webhook,
    default_policy,
};
pub use rules::{MessageFacts, Outcome, Rules};
pub use web::Origin;

use fault::{Position, Report};
use place::Place;

/// The largest desk file, in bytes.
pub const MAX_SIZE: usize = 1 << 20;

/// Reads a desk file and checks it whole.
///
/// # Errors
///
/// Every fault of the file in the order of its text (at most 500 of them and how many more there are),
/// or the first place at which it is not YAML any more.
pub fn parse(text: &str) -> Result<DeskFile, Vec<Fault>> {
    if text.len() > MAX_SIZE {
        let message = format!("the file has {} bytes: at most {MAX_SIZE} are allowed", text.len());
        return Err(vec![Fault::new(Position::START, "", message)]);
    }
    let report = Report::default();
    let root = tree::load(text, &report);
    let desk = root.and_then(|root| read::desk(&Place::root(&root, &report), text));
    let (faults, warnings) = report.finish();
    match desk {
        Some(desk) if faults.is_empty() => Ok(DeskFile { warnings, ..desk }),
        _ => Err(faults),
    }
}

/// The desk's key, as far as it can be told without reading the file whole: a file with faults still
/// belongs to somebody.
#[must_use]
pub fn desk_key(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("desk:"))?;
    let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
    value.parse::<tandem_domain::DeskId>().ok().map(String::from)
}
