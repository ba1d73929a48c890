//! Measures, and the live view.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tandem_domain::Channel;

use super::{DeskArg, duration, instant, one_of};

/// `tandem metrics`
#[derive(Debug, Args)]
pub(crate) struct Metrics {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// How far back to look, such as 1h or 7d.
    #[arg(long, default_value = "24h", value_parser = duration, conflicts_with = "from")]
    pub(crate) last: Duration,
    /// Intervals that begin at this time or later, such as 2026-03-02T09:00:00Z.
    #[arg(long, value_parser = instant)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// Intervals that begin before this time; else until now.
    #[arg(long, value_parser = instant)]
    pub(crate) to: Option<jiff::Timestamp>,
    /// How long the intervals are.
    #[arg(long, value_enum, default_value_t = Interval::Total)]
    pub(crate) interval: Interval,
    /// What is told apart; several are separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) by: Vec<By>,
    /// Only this queue; may be repeated.
    #[arg(long)]
    pub(crate) queue: Vec<String>,
    /// Only this channel; may be repeated.
    #[arg(long, value_parser = one_of(&Channel::ALL, Channel::as_str))]
    pub(crate) channel: Vec<Channel>,
    /// Only this language; may be repeated.
    #[arg(long)]
    pub(crate) language: Vec<String>,
    /// Only this team; may be repeated together with `--by team`.
    #[arg(long)]
    pub(crate) team: Vec<String>,
    /// At most this many rows.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// How long an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Interval {
    /// A minute each.
    Minute,
    /// An hour of the desk's zone each.
    Hour,
    /// One for all of it, made of whole hours.
    Total,
}

/// By what measures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The queue.
    Queue,
    /// The channel.
    Channel,
    /// The customer's language.
    Language,
    /// The team.
    Team,
}

/// `tandem watch`
#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Show it once and end, for scripts.
    #[arg(long)]
    pub(crate) once: bool,
}
