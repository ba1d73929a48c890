//! `chaos`: kills Tandem under traffic and looks for what was lost. Exit code 1 if anything was.

use std::process::ExitCode;

use clap::Parser;
use tandem_tests::chaos::{Mode, Plan, run};

/// Kills Tandem's processes (kill -9) under traffic, then audits.
#[derive(Parser)]
struct Arguments {
    /// How many kills, in each way of running.
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Where all choices come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One way of running only.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { kills, seed, mode } = Arguments::parse();
    let modes = mode.map_or_else(|| vec![Mode::Embedded, Mode::Cluster], |mode| vec![mode]);
    let mut violated = false;
    for mode in modes {
        println!("{mode:?}: {kills} kills, seed {seed} ...");
        if let Some(report) = run(Plan { mode, kills, seed }).await {
            print!("{report}");
            violated |= !report.violations().is_empty();
        }
    }
    if violated { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
