//! The command line: what can be asked for.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tandem routes customers' tickets to the person who speaks their language, has the skill and has room.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub target: Target,

    /// How to print.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Text, env = "TANDEM_OUTPUT")]
    pub output: Format,

    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 the answer is no (faults found, refused by the state) · 2 wrong arguments or input · \
3 cannot be reached, or busy · 4 not allowed · 64 bad configuration · 70 a fault of Tandem's · 130 interrupted";

/// Which Tandem to talk to, and as whom.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Where `tandem up` keeps its data; the address and the token are read from there.
    #[arg(long, global = true, default_value = "tandem-data", env = "TANDEM_DATA_DIR")]
    pub data_dir: PathBuf,

    /// The gRPC address, such as http://127.0.0.1:7420; default: the one that `tandem up` wrote down.
    #[arg(long, global = true, env = "TANDEM_SERVER")]
    pub server: Option<String>,

    /// A file that holds a token; default: the admin token that `tandem up` wrote down.
    #[arg(long, global = true, env = "TANDEM_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON value, or one a line where output goes on.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs ingest and router in this process, on SQLite, until it is interrupted.
    Up(Up),
    /// Validates a desk file and makes it the version in force.
    Apply(Apply),
    /// Lists tickets.
    Tickets(Tickets),
    /// Says why a ticket is where it is.
    Explain(Explain),
    /// Moves a ticket on: hold, resume, requeue, transfer, resolve, finish, reopen, cancel.
    Ticket(TicketAction),
    /// Lists agents.
    Agents(DeskArg),
    /// Lists messages, or only those that opened no ticket.
    Messages(Messages),
    /// Lists what failed too often, or retries it.
    Parked(Parked),
    /// Be an agent in the terminal.
    Work(Work),
    /// Checks journals, read models and documents for everything that must never happen.
    Audit(Audit),
    /// Makes a token for somebody (needs the data directory's signing key).
    Token(Token),
    /// Shows Tandem at work: an example desk, simulated agents, some fifty mails.
    Demo(Demo),
}

/// `tandem up`
#[derive(Debug, Args)]
pub struct Up {
    /// Where to serve gRPC; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7420", env = "TANDEM_GRPC")]
    pub grpc: SocketAddr,
    /// Where to take mail; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:2525", env = "TANDEM_SMTP")]
    pub smtp: SocketAddr,
    /// A desk file to apply at the start; may be repeated.
    #[arg(long = "desk", value_name = "FILE")]
    pub desks: Vec<PathBuf>,
    /// A configuration file (TOML); see config.default.toml of the services.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// `tandem apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// The desk file (YAML), or `-` for standard input.
    pub file: PathBuf,
    /// Only show what would change.
    #[arg(long)]
    pub dry_run: bool,
}

/// Which desk.
#[derive(Debug, Clone, Args)]
pub struct DeskArg {
    /// The desk's key; needed only if there are several.
    #[arg(long, short, env = "TANDEM_DESK")]
    pub desk: Option<String>,
}

/// `tandem tickets`
#[derive(Debug, Args)]
pub struct Tickets {
    #[command(flatten)]
    pub desk: DeskArg,
    /// Only these states: queued, offered, assigned, on_hold, wrapping_up, done, cancelled.
    #[arg(long, value_delimiter = ',')]
    pub state: Vec<String>,
    /// Only this queue.
    #[arg(long, default_value = "")]
    pub queue: String,
    /// Only tickets owned by or offered to this agent.
    #[arg(long, default_value = "")]
    pub agent: String,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}

/// `tandem explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The ticket, such as T17 or 17.
    pub ticket: String,
    #[command(flatten)]
    pub desk: DeskArg,
}

/// `tandem ticket`
#[derive(Debug, Args)]
pub struct TicketAction {
    /// What to do.
    #[arg(value_enum)]
    pub action: Action,
    /// The ticket, such as T17 or 17.
    pub ticket: String,
    #[command(flatten)]
    pub desk: DeskArg,
    /// For transfer: the queue in which it will wait.
    #[arg(long, conflicts_with = "to_agent")]
    pub to_queue: Option<String>,
    /// For transfer: the agent to whom it will be offered.
    #[arg(long)]
    pub to_agent: Option<String>,
}

/// What can be done with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Sets it aside, waiting for the customer.
    Hold,
    /// Takes it up again.
    Resume,
    /// Puts it back into its queue.
    Requeue,
    /// Hands it on.
    Transfer,
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
pub struct Messages {
    #[command(flatten)]
    pub desk: DeskArg,
    /// Only those of this ticket.
    #[arg(long, conflicts_with = "unrouted")]
    pub ticket: Option<String>,
    /// Only those that are on no ticket, with the reason.
    #[arg(long)]
    pub unrouted: bool,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}

/// `tandem parked`
#[derive(Debug, Args)]
pub struct Parked {
    #[command(flatten)]
    pub desk: DeskArg,
    /// Takes this one up again.
    #[arg(long)]
    pub retry: Option<String>,
}

/// `tandem work`
#[derive(Debug, Args)]
pub struct Work {
    /// The agent's key.
    pub agent: String,
    #[command(flatten)]
    pub desk: DeskArg,
    /// Accept every offer at once.
    #[arg(long)]
    pub auto_accept: bool,
}

/// `tandem audit`
#[derive(Debug, Args)]
pub struct Audit {
    /// Audit a cluster's PostgreSQL instead of the data directory.
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
    /// Only this desk.
    #[arg(long, short)]
    pub desk: Option<String>,
}

/// `tandem token`
#[derive(Debug, Args)]
pub struct Token {
    /// admin, supervisor, agent, channel, reader or service.
    #[arg(long)]
    pub role: String,
    /// Whose token: an id without personal data; for an agent, the agent's key.
    #[arg(long)]
    pub subject: String,
    /// The desks that it names, or `*` for all.
    #[arg(long, value_delimiter = ',', required = true)]
    pub desks: Vec<String>,
    /// For how long, such as 12h or 30d.
    #[arg(long, default_value = "12h")]
    pub ttl: String,
}

/// `tandem demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave it running at the end, to look around.
    #[arg(long)]
    pub keep: bool,
    /// Seeds what the simulated agents do.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How many times faster than life the agents work.
    #[arg(long, default_value_t = 60.0)]
    pub speed: f64,
}
