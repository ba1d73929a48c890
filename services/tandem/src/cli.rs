//! The command line: what can be asked for.

mod answers;
mod clocks;
mod handling;
mod measures;
mod past;

pub(crate) use answers::{Deliveries, Note, Read, Reply, Text, Then};
pub(crate) use clocks::{Ack, Clocks, Escalations, Notifications, Preview};
pub(crate) use handling::{Age, Bulk, Consult, Helper, Merge, Pull, Schedule, Split};
pub(crate) use measures::{By, Interval, Metrics, Watch};
pub(crate) use past::{Explain, Simulate, Timeline};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{Span, SpanRelativeTo};
use tandem_domain::{Priority, Role, RoutingState};

/// Tandem routes customers' tickets to the person who speaks their language, has the skill and has room.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) target: Target,

    /// How to print.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Text, env = "TANDEM_OUTPUT",
        help_heading = HEADING)]
    pub(crate) output: Format,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Below the options of the command at hand.
const HEADING: &str = "For all commands";

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 the answer is no (faults found, refused by the state) · 2 wrong arguments or input · \
3 cannot be reached, or busy · 4 not allowed · 64 bad configuration · 70 a fault of Tandem's · 130 interrupted";

/// Which Tandem to talk to, and as whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Target {
    /// Where `tandem up` keeps its data; the address and the token are read from there.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "tandem-data",
        env = "TANDEM_DATA_DIR"
    )]
    pub(crate) data_dir: PathBuf,

    /// The gRPC address, such as `http://127.0.0.1:7420`; default: the one that `tandem up` wrote down.
    #[arg(long, global = true, value_name = "URL", env = "TANDEM_SERVER")]
    pub(crate) server: Option<String>,

    /// A file that holds a token; default: the admin token that `tandem up` wrote down.
    #[arg(long, global = true, value_name = "FILE", env = "TANDEM_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The authority that signed an https server's certificate (PEM).
    #[arg(long, global = true, value_name = "FILE", env = "TANDEM_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON value, or one a line where output goes on.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs all of Tandem in this process, on SQLite, until it is interrupted.
    Up(Up),
    /// Validates a desk file and makes it the version in force.
    Apply(Apply),
    /// Lists tickets.
    Tickets(Tickets),
    /// Says why a ticket is where it is, or was.
    Explain(Explain),
    /// Tells what happened to a ticket.
    Timeline(Timeline),
    /// Moves a ticket on: hold, resume, requeue, transfer, prioritize, resolve, finish, reopen, cancel.
    Ticket(TicketAction),
    /// Gives a ticket to an agent at once, without an offer.
    Pull(Pull),
    /// Asks an agent, or a queue's agents, for help with a ticket.
    Consult(Consult),
    /// Ends somebody's help with a ticket.
    EndHelp(Helper),
    /// Makes a helper the owner of a ticket.
    HandOver(Helper),
    /// Puts a ticket into another one.
    Merge(Merge),
    /// Makes a new ticket of some of a ticket's messages.
    Split(Split),
    /// Sets a ticket aside until a time.
    Schedule(Schedule),
    /// Lets a ticket count as older, or younger, than it is.
    Age(Age),
    /// Does one thing with many tickets.
    Bulk(Bulk),
    /// Shows what was written on a ticket.
    Read(Read),
    /// Answers the customer.
    Reply(Reply),
    /// Notes something on a ticket for colleagues.
    Note(Note),
    /// Lists answers that are on their way or were given up, or tries one again.
    Deliveries(Deliveries),
    /// Lists agents.
    Agents(DeskArg),
    /// Lists messages, or only those that opened no ticket.
    Messages(Messages),
    /// Lists what failed too often, or retries it.
    Parked(Parked),
    /// Be an agent in the terminal.
    Work(Work),
    /// Shows a desk live: queues, agents, clocks, latest events.
    Watch(Watch),
    /// Lists SLA clocks.
    Clocks(Clocks),
    /// Lists escalations.
    Escalations(Escalations),
    /// Takes care of an escalation: it climbs no higher.
    Ack(Ack),
    /// Replays a stretch of a desk's history: as it was, or under another desk file.
    Simulate(Simulate),
    /// Says what is promised to a ticket, and what would happen when.
    Preview(Preview),
    /// Lists who is to be told of escalations and was not yet, or tries one again.
    Notifications(Notifications),
    /// Shows measures: what was received, accepted, answered, missed.
    Metrics(Metrics),
    /// Checks what is stored for everything that must never happen; nothing should be running meanwhile.
    Audit(Audit),
    /// Makes a token for somebody (needs the data directory's signing key).
    Token(Token),
    /// Shows Tandem at work: an example desk, simulated agents and customers, clocks that breach.
    Demo(Demo),
}

/// `tandem up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Where to serve gRPC: loopback only, port 0 takes a free one [default: 127.0.0.1:7420].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) grpc: Option<SocketAddr>,
    /// Where to take mail: loopback only, port 0 takes a free one [default: 127.0.0.1:2525].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) smtp: Option<SocketAddr>,
    /// Where to serve chats: loopback only, port 0 takes a free one [default: 127.0.0.1:7480].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) chat: Option<SocketAddr>,
    /// A desk file to apply at the start; may be repeated.
    #[arg(long = "desk", value_name = "FILE")]
    pub(crate) desks: Vec<PathBuf>,
    /// A configuration file (TOML); settings may also come from `TANDEM_…` in the environment.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `tandem apply`
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The desk file (YAML), or `-` for standard input.
    pub(crate) file: PathBuf,
    /// Only show what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which desk.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeskArg {
    /// The desk's key; needed only if there are several.
    #[arg(long, short, env = "TANDEM_DESK")]
    pub(crate) desk: Option<String>,
}

/// `tandem tickets`
#[derive(Debug, Args)]
pub(crate) struct Tickets {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only tickets in these states; several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of(RoutingState::ALL, RoutingState::as_str))]
    pub(crate) state: Vec<RoutingState>,
    /// Only this queue.
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// Only tickets owned by or offered to this agent.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// `tandem ticket`
#[derive(Debug, Args)]
pub(crate) struct TicketAction {
    /// What to do.
    #[arg(value_enum)]
    pub(crate) action: Action,
    /// The ticket, such as T17 or 17.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// For transfer: the queue in which it will wait.
    #[arg(long, conflicts_with = "to_agent")]
    pub(crate) to_queue: Option<String>,
    /// For transfer: the agent to whom it will be offered.
    #[arg(long)]
    pub(crate) to_agent: Option<String>,
    /// For prioritize: how urgent it is from now on.
    #[arg(long, value_parser = one_of(Priority::ALL, Priority::as_str))]
    pub(crate) priority: Option<Priority>,
}

/// What can be done with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    /// Sets it aside, waiting for the customer.
    Hold,
    /// Takes it up again.
    Resume,
    /// Puts it back into its queue.
    Requeue,
    /// Hands it on.
    Transfer,
    /// Says how urgent it is.
    Prioritize,
    /// The customer is served.
    Resolve,
    /// The paperwork is done.
    Finish,
    /// It turns out not to be resolved.
    Reopen,
    /// Withdraws it for good.
    Cancel,
}

/// `tandem messages`
#[derive(Debug, Args)]
pub(crate) struct Messages {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Only those of this ticket.
    #[arg(long, conflicts_with = "unrouted")]
    pub(crate) ticket: Option<String>,
    /// Only those that are on no ticket, with the reason.
    #[arg(long)]
    pub(crate) unrouted: bool,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// `tandem parked`
#[derive(Debug, Args)]
pub(crate) struct Parked {
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Takes this one up again.
    #[arg(long)]
    pub(crate) retry: Option<String>,
}

/// `tandem work`
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// The agent's key.
    pub(crate) agent: String,
    #[command(flatten)]
    pub(crate) desk: DeskArg,
    /// Accept every offer at once.
    #[arg(long)]
    pub(crate) auto_accept: bool,
}

/// `tandem audit`
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Audit a cluster's PostgreSQL instead of the data directory.
    #[arg(long, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Only this desk.
    #[arg(long, short)]
    pub(crate) desk: Option<String>,
    /// Count the measures again, too, from the journals.
    #[arg(long)]
    pub(crate) metrics: bool,
}

/// `tandem token`
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// What its bearer may do.
    #[arg(long, value_parser = one_of(&Role::ALL, Role::as_str))]
    pub(crate) role: Role,
    /// Whose token: an id without personal data; for an agent, the agent's key.
    #[arg(long)]
    pub(crate) subject: String,
    /// The desks that it names, or `*` for all.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) desks: Vec<String>,
    /// For how long, such as 12h or 30d.
    #[arg(long, default_value = "12h", value_parser = duration)]
    pub(crate) ttl: Duration,
    /// Make the signing key if there is none, for a cluster that has no other issuer.
    #[arg(long)]
    pub(crate) make_key: bool,
}

/// `tandem demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Leave it running at the end, to look around.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Seeds what the simulated agents do.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// How many times faster than life the agents work.
    #[arg(long, default_value_t = 60.0, value_parser = speed)]
    pub(crate) speed: f64,
}

/// Takes one of these values by its name.
fn one_of<T: Copy + Send + Sync>(
    values: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = values.iter().map(|value| name(*value));
    PossibleValuesParser::new(names).map(move |given| {
        let found = values.iter().find(|value| name(**value) == given);
        *found.expect("only names of the values are let through")
    })
}

/// Takes a duration; a day is 24 hours.
fn duration(text: &str) -> Result<Duration, String> {
    let span: Option<Span> = text.parse().ok();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "use a time such as 90s, 12h or 30d".to_owned())
}

/// Takes an instant.
fn instant(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse()
        .map_err(|_| "use a time with its zone, such as 2026-03-02T09:00:00Z".to_owned())
}

/// Takes a factor.
fn speed(text: &str) -> Result<f64, String> {
    let factor: Option<f64> = text.parse().ok();
    factor
        .filter(|factor| (1.0..=1000.0).contains(factor))
        .ok_or_else(|| "use a number from 1 to 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_taken_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("12h", 43_200), ("30d", 2_592_000), ("1h 30m", 5_400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "12", "0s", "-1h", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
