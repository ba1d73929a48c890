//! `tandem-router`: the router as a process of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tandem_router::{NAME, ServiceConfig, run};
use tandem_service_kit::config::environment;
use tandem_service_kit::error::chain;
use tandem_service_kit::lifecycle::{Exit, Lifecycle, signals};
use tandem_service_kit::telemetry::{Program, Telemetry};

/// Decides who is offered what. Settings come from the file, then from TANDEM_… in the environment.
#[derive(Parser)]
#[command(name = NAME, version)]
struct Arguments {
    /// A configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match ServiceConfig::load(arguments.config.as_deref(), environment()) {
        Ok(config) => config,
        Err(faults) => return failed(&faults, Exit::BadConfiguration),
    };
    let program = Program {
        name: NAME,
        version: env!("CARGO_PKG_VERSION"),
    };
    let telemetry = match Telemetry::start(&config.telemetry, program) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&error, Exit::BadConfiguration),
    };
    let exit = serve(config).await;
    telemetry.shutdown().await;
    exit.into()
}

async fn serve(config: ServiceConfig) -> Exit {
    let life = Lifecycle::new(config.lifecycle);
    let Ok(signals) = signals() else { return Exit::Internal };
    match run(config, &life).await {
        Ok(address) => tracing::info!(%address, "answers calls"),
        Err(error) => {
            tracing::error!(error = chain(&error), "cannot start");
            return error.exit();
        }
    }
    life.run(signals).await
}

fn failed(error: &dyn std::error::Error, exit: Exit) -> ExitCode {
    eprintln!("{NAME}: {error}");
    exit.into()
}
