//! One function a command; those that talk to a running Tandem share a connection.

mod desks;
mod lists;
mod tickets;
mod token;
mod work;

pub use desks::{apply_file, apply_text};
pub use tickets::ranking;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::client::Client;
use crate::failure::Failure;
use crate::{audit, demo, embedded};

/// Runs the command.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Fault(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(dispatch(cli))
}

async fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli {
        target,
        output,
        command,
    } = cli;
    match command {
        Command::Up(up) => return embedded::up(&target, &up).await,
        Command::Audit(audit) => return audit::run(&target, &audit, output).await,
        Command::Demo(demo) => return demo::run(&demo, output).await,
        Command::Token(token) => token::run(&target, &token, output)?,
        other => online(&Client::connect(&target).await?, other, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn online(client: &Client, command: Command, output: crate::cli::Format) -> Result<(), Failure> {
    match command {
        Command::Apply(apply) => desks::apply(client, &apply, output).await,
        Command::Tickets(tickets) => tickets::list(client, &tickets, output).await,
        Command::Explain(explain) => tickets::explain(client, &explain, output).await,
        Command::Ticket(action) => tickets::act(client, &action, output).await,
        Command::Agents(desk) => lists::agents(client, &desk, output).await,
        Command::Messages(messages) => lists::messages(client, &messages, output).await,
        Command::Parked(parked) => lists::parked(client, &parked, output).await,
        Command::Work(work) => work::run(client, &work, output).await,
        Command::Up(_) | Command::Audit(_) | Command::Demo(_) | Command::Token(_) => {
            unreachable!("commands that need no connection are dispatched before")
        }
    }
}
