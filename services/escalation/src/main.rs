//! `tandem-escalation`: escalation as a process of its own.

use std::process::ExitCode;

use tandem_escalation::ServiceConfig;

#[tokio::main]
async fn main() -> ExitCode {
    tandem_service_kit::process::run::<ServiceConfig>().await
}
