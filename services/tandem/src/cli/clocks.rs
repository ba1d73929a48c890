//! SLA clocks, and what climbs because of them.

use clap::Args;
use tandem_domain::{Channel, Priority};

use super::{DeskArg, instant, one_of};

/// `tandem clocks`
#[derive(Debug, Args)]
pub(crate) struct Clocks {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only clocks of this ticket.
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// Only clocks in this state.
    #[arg(long, value_parser = ["running", "paused", "met", "breached", "cancelled"])]
    pub(crate) state: Option<String>,
    /// Only clocks of tickets in this queue.
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// `tandem escalations`
#[derive(Debug, Args)]
pub(crate) struct Escalations {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only those that may still climb.
    #[arg(long)]
    pub(crate) open: bool,
    /// Only escalations of this ticket.
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// Only escalations of tickets in this queue.
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// `tandem ack`
#[derive(Debug, Args)]
pub(crate) struct Ack {
    /// The escalation, such as E3 or 3.
    pub(crate) escalation: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem preview`
#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// As for this ticket, such as T17 or 17; or describe one.
    #[arg(conflicts_with_all = ["queue", "channel", "language", "priority", "tag", "opened_at"])]
    pub(crate) ticket: Option<String>,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// The queue in which it waits.
    #[arg(long, required_unless_present = "ticket")]
    pub(crate) queue: Option<String>,
    /// How the customer writes.
    #[arg(long, default_value = "email", value_parser = one_of(&Channel::ALL, Channel::as_str))]
    pub(crate) channel: Channel,
    /// The customer's language, such as de.
    #[arg(long)]
    pub(crate) language: Option<String>,
    /// How urgent it is.
    #[arg(long, default_value = "normal", value_parser = one_of(Priority::ALL, Priority::as_str))]
    pub(crate) priority: Priority,
    /// A tag; may be repeated.
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// When it is opened, such as 2026-03-02T09:00:00Z; else now.
    #[arg(long, value_parser = instant)]
    pub(crate) opened_at: Option<jiff::Timestamp>,
}

/// `tandem notifications`
#[derive(Debug, Args)]
pub(crate) struct Notifications {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only those that were given up.
    #[arg(long, conflicts_with = "retry")]
    pub(crate) failed: bool,
    /// Sends this one again.
    #[arg(long, value_name = "NOTIFICATION")]
    pub(crate) retry: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}
