//! `tandem`: the whole of Tandem in one process, and its command line.

mod audit;
mod cli;
mod client;
mod command;
mod demo;
mod embedded;
mod failure;
mod output;
mod view;
mod watch;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("tandem: {failure}");
            failure.exit_code()
        }
    }
}
