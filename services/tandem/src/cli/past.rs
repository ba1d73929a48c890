//! What was: `explain`, `timeline`, `simulate`.

use std::path::PathBuf;

use clap::Args;

use super::{DeskArg, instant};

/// `tandem explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// As of when, from the desk's journal: an offer such as O17 (right after it was made: to whom, why, and what the others
    /// lacked), the place of a record as `tandem timeline` shows it, such as 17 (right after it), or a time such as
    /// 2026-03-02T09:00:00Z (with all that happened up to then); else now.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) at: Option<String>,
}

/// `tandem timeline`
#[derive(Debug, Args)]
pub(crate) struct Timeline {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// At most so many of the latest events, 1 to 1000.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// `tandem simulate`
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Under this desk file (YAML), or `-` for standard input; else the stretch is replayed exactly as it was.
    #[arg(long, value_name = "FILE", conflicts_with = "version")]
    pub(crate) file: Option<PathBuf>,
    /// Under this stored version.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) version: Option<u64>,
    /// The stretch begins here, such as 2026-03-02T09:00:00Z; else an hour before it ends.
    #[arg(long, value_parser = instant)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// The stretch ends here; else now.
    #[arg(long, value_parser = instant)]
    pub(crate) to: Option<jiff::Timestamp>,
    /// What another agent than the recorded one takes for a ticket, in percent of what it took.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) others_take: u32,
    /// Everybody takes every offer; else agents decline and miss what they declined and missed.
    #[arg(long)]
    pub(crate) nobody_declines: bool,
    /// Agents whom only the other file knows are never there; else they are online throughout.
    #[arg(long)]
    pub(crate) newcomers_absent: bool,
    /// At most so many recorded events.
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    pub(crate) max_events: u64,
}
