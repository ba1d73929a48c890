//! One function a command; those that talk to a running Tandem connect first.

mod answers;
mod clocks;
mod deliveries;
mod desks;
mod explain;
mod handling;
mod lists;
mod metrics;
mod notifications;
mod parked;
mod preview;
mod simulate;
mod step;
mod tickets;
mod timeline;
mod token;
mod work;

pub(crate) use answers::{Writing, write};
pub(crate) use desks::{apply_file, apply_text};
pub(crate) use explain::ranking;
pub(crate) use lists::unrouted;
pub(crate) use metrics::{MeasureRow, measures_table, query};

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::client::Client;
use crate::failure::Failure;
use crate::{audit, demo, embedded, watch};

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
        Command::Timeline(args) => timeline::run(&client().await?, &args, output).await,
        Command::Simulate(args) => simulate::run(&client().await?, &args, output).await,
        Command::Ticket(args) => tickets::act(&client().await?, &args, output).await,
        Command::Pull(args) => handling::pull(&client().await?, &args, output).await,
        Command::Consult(args) => handling::consult(&client().await?, &args, output).await,
        Command::EndHelp(args) => handling::end_help(&client().await?, &args, output).await,
        Command::HandOver(args) => handling::hand_over(&client().await?, &args, output).await,
        Command::Merge(args) => handling::merge(&client().await?, &args, output).await,
        Command::Split(args) => handling::split(&client().await?, &args, output).await,
        Command::Schedule(args) => handling::schedule(&client().await?, &args, output).await,
        Command::Age(args) => handling::age(&client().await?, &args, output).await,
        Command::Bulk(args) => handling::bulk(&client().await?, &args, output).await,
        Command::Read(args) => answers::read(&client().await?, &args, output).await,
        Command::Reply(args) => answers::reply(&client().await?, &args, output).await,
        Command::Note(args) => answers::note(&client().await?, &args, output).await,
        Command::Deliveries(args) => deliveries::run(&client().await?, &args, output).await,
        Command::Watch(args) => watch::run(&client().await?, &args, output).await,
        Command::Clocks(args) => clocks::list(&client().await?, &args, output).await,
        Command::Escalations(args) => clocks::escalations(&client().await?, &args, output).await,
        Command::Ack(args) => clocks::acknowledge(&client().await?, &args, output).await,
        Command::Preview(args) => preview::run(&client().await?, &args, output).await,
        Command::Notifications(args) => notifications::run(&client().await?, &args, output).await,
        Command::Metrics(args) => metrics::run(&client().await?, &args, output).await,
        Command::Agents(desk) => lists::agents(&client().await?, &desk, output).await,
        Command::Messages(args) => lists::messages(&client().await?, &args, output).await,
        Command::Parked(args) => parked::run(&client().await?, &args, output).await,
        Command::Work(args) => work::run(&Client::connect_as_agent(&target, &args.agent).await?, &args, output).await,
    }?;
    Ok(ExitCode::SUCCESS)
}
