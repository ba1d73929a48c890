//! `tandem-metrics`: metrics as a process of its own.

use std::process::ExitCode;

use tandem_metrics::ServiceConfig;

#[tokio::main]
async fn main() -> ExitCode {
    tandem_service_kit::process::run::<ServiceConfig>().await
}
