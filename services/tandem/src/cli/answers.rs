//! What was written, and answering it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DeskArg;

/// `tandem read`
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// What is written.
#[derive(Debug, Args)]
pub(crate) struct Text {
    /// The text; `-` reads it from standard input.
    #[arg(required_unless_present = "file")]
    pub(crate) text: Option<String>,
    /// Take the text from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,
}

/// `tandem reply`
#[derive(Debug, Args)]
pub(crate) struct Reply {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) text: Text,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// What becomes of the ticket.
    #[arg(long, value_enum, default_value_t = Then::Keep)]
    pub(crate) then: Then,
}

/// What becomes of a ticket once it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Then {
    /// It stays where it is.
    Keep,
    /// It is set aside, waiting for the customer.
    Await,
    /// The customer is served.
    Resolve,
}

/// `tandem note`
#[derive(Debug, Args)]
pub(crate) struct Note {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) text: Text,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem deliveries`
#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only those that wait for a hand.
    #[arg(long, conflicts_with = "retry")]
    pub(crate) parked: bool,
    /// Tries the delivery of this message now.
    #[arg(long, value_name = "MESSAGE")]
    pub(crate) retry: Option<String>,
}
