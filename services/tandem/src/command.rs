//! One function a command; those that talk to a running Tandem connect first.

mod desks;
mod explain;
mod lists;
mod parked;
mod step;
mod tickets;
mod token;
mod work;

pub(crate) use desks::{apply_file, apply_text};
pub(crate) use explain::ranking;
pub(crate) use lists::unrouted;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::client::Client;
use crate::failure::Failure;
use crate::{audit, demo, embedded};

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
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
    let client = || Client::connect(&target);
    match command {
        Command::Up(args) => return embedded::up(&target, &args, output).await,
        Command::Audit(args) => return audit::run(&target, &args, output).await,
        Command::Demo(args) => return demo::run(&args, output).await,
        Command::Token(args) => token::run(&target, &args, output),
        Command::Apply(args) => desks::apply(&client().await?, &args, output).await,
        Command::Tickets(args) => tickets::list(&client().await?, &args, output).await,
        Command::Explain(args) => explain::run(&client().await?, &args, output).await,
        Command::Ticket(args) => tickets::act(&client().await?, &args, output).await,
        Command::Agents(desk) => lists::agents(&client().await?, &desk, output).await,
        Command::Messages(args) => lists::messages(&client().await?, &args, output).await,
        Command::Parked(args) => parked::run(&client().await?, &args, output).await,
        Command::Work(args) => work::run(&client().await?, &args, output).await,
    }?;
    Ok(ExitCode::SUCCESS)
}
