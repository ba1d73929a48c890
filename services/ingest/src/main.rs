//! `tandem-ingest`: ingest as a process of its own.

use std::process::ExitCode;

use tandem_ingest::config::ServiceConfig;

#[tokio::main]
async fn main() -> ExitCode {
    tandem_service_kit::process::run::<ServiceConfig>().await
}
