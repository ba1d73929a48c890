//! NATS does what every bus must do, and comes back from what happens to servers and networks.

#[path = "nats/faults.rs"]
mod faults;
#[path = "nats/setup.rs"]
mod setup;

use std::time::Duration;

use tandem_bus::nats::{NatsBus, NatsConfig};
use tandem_test_support::nats::Nats;

tandem_bus::bus_conformance!(start);

async fn start() -> Option<(NatsBus, Nats)> {
    let nats = Nats::start().await?;
    Some((connect(&nats.url()).await, nats))
}

async fn connect(url: &str) -> NatsBus {
    NatsBus::connect(config(url)).await.expect("the configuration is sound")
}

/// Quicker to notice things than one would want in earnest.
fn config(url: &str) -> NatsConfig {
    let quick = Duration::from_secs(1);
    NatsConfig {
        heartbeat: quick / 2,
        timeout: quick,
        ..NatsConfig::new(url)
    }
}
