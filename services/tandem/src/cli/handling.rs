//! What supervisors and agents do with tickets beyond serving them.

use clap::{ArgGroup, Args};
use tandem_domain::{Priority, RoutingState};

use super::{DeskArg, instant, one_of};

/// `tandem pull`
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// The agent who has it from now on; signed in and with room.
    pub(crate) agent: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem consult`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["agent", "queue"]))]
pub(crate) struct Consult {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// This agent.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Whoever of this queue's agents is least busy.
    #[arg(long)]
    pub(crate) queue: Option<String>,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem end-help`, `tandem hand-over`
#[derive(Debug, Args)]
pub(crate) struct Helper {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// The helper.
    pub(crate) agent: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem merge`
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The ticket that ends, such as T17 or 17.
    pub(crate) ticket: String,
    /// The ticket that goes on.
    pub(crate) into: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem split`
#[derive(Debug, Args)]
pub(crate) struct Split {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// The messages that leave it, as `tandem read` shows their ids.
    #[arg(required = true)]
    pub(crate) messages: Vec<String>,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem schedule`
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// When it is due, such as 2026-03-02T09:00:00Z.
    #[arg(value_parser = instant)]
    pub(crate) until: jiff::Timestamp,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem age`
#[derive(Debug, Args)]
pub(crate) struct Age {
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    /// So much older, such as 2h; with a minus, younger.
    #[arg(value_parser = adjustment, allow_hyphen_values = true)]
    pub(crate) by: jiff::SignedDuration,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// `tandem bulk`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args([
    "requeue", "resolve", "cancel", "to_queue", "to_agent", "priority", "until", "older_by", "merge_into",
]))]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["tickets", "state", "queue", "agent"]))]
pub(crate) struct Bulk {
    /// These tickets, such as T17 or 17; instead of the filters.
    #[arg(conflicts_with_all = ["state", "queue", "agent"])]
    pub(crate) tickets: Vec<String>,
    /// Tickets in these states; several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of(RoutingState::ALL, RoutingState::as_str))]
    pub(crate) state: Vec<RoutingState>,
    /// Tickets of this queue.
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// Tickets owned by or offered to this agent.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Puts them back into their queues.
    #[arg(long)]
    pub(crate) requeue: bool,
    /// Their customers are served.
    #[arg(long)]
    pub(crate) resolve: bool,
    /// Withdraws them for good.
    #[arg(long)]
    pub(crate) cancel: bool,
    /// Hands them to this queue.
    #[arg(long)]
    pub(crate) to_queue: Option<String>,
    /// Gives them to this agent.
    #[arg(long)]
    pub(crate) to_agent: Option<String>,
    /// Says how urgent they are.
    #[arg(long, value_parser = one_of(Priority::ALL, Priority::as_str))]
    pub(crate) priority: Option<Priority>,
    /// Sets them aside until then.
    #[arg(long, value_parser = instant)]
    pub(crate) until: Option<jiff::Timestamp>,
    /// Lets them count as so much older; with a minus, younger.
    #[arg(long, value_parser = adjustment, allow_hyphen_values = true)]
    pub(crate) older_by: Option<jiff::SignedDuration>,
    /// Puts them into this ticket.
    #[arg(long)]
    pub(crate) merge_into: Option<String>,
    /// Repeats an earlier call under its id, which was shown then: nothing is done to a ticket twice.
    #[arg(long)]
    pub(crate) request_id: Option<String>,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
}

/// Takes a duration with a direction; a day is 24 hours.
fn adjustment(text: &str) -> Result<jiff::SignedDuration, String> {
    let span: Option<jiff::Span> = text.parse().ok();
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.and_then(|span| span.to_duration(relative).ok());
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "use a time such as 90s, 2h or -30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adjustment_has_a_direction() {
        assert_eq!(adjustment("2h").map(|by| by.as_secs()), Ok(7_200));
        assert_eq!(adjustment("-30m").map(|by| by.as_secs()), Ok(-1_800));
        assert!(adjustment("0s").is_err() && adjustment("soon").is_err());
    }
}
