//! Opens what a configuration names: the store and the bus.

use std::sync::Arc;

use tandem_bus::nats::{NatsBus, NatsConfig, NatsTls};
use tandem_bus::{Bus, BusError, InProcessBus};
use tandem_service_kit::config::{BusConfig, StoreConfig};
use tandem_store::{PostgresStore, SqliteStore, Store, StoreError};

/// PostgreSQL at a URL, or SQLite in a directory.
pub(crate) async fn open_store(config: &StoreConfig) -> Result<Arc<dyn Store>, StoreError> {
    match (config.url_with_password(), &config.data_dir) {
        (Some(url), _) => Ok(Arc::new(
            PostgresStore::connect(url.expose(), config.max_connections).await?,
        )),
        (None, Some(directory)) => Ok(Arc::new(SqliteStore::open(directory).await?)),
        (None, None) => Err(StoreError::Unavailable(
            "neither store.url nor store.data_dir is set".to_owned(),
        )),
    }
}

/// NATS where servers are named; else nobody but this process.
pub(crate) async fn open_bus(config: &BusConfig, name: &str) -> Result<Arc<dyn Bus>, BusError> {
    let Some(first) = config.servers.first() else {
        return Ok(Arc::new(InProcessBus::new()));
    };
    let identity = config.tls_cert_file.clone().zip(config.tls_key_file.clone());
    let ca_file = config.ca_file.clone();
    let encrypted = ca_file.is_some() || identity.is_some();
    let nats = NatsBus::connect(NatsConfig {
        servers: config.servers.clone(),
        name: name.to_owned(),
        credentials_file: config.credentials_file.clone(),
        tls: encrypted.then_some(NatsTls { ca_file, identity }),
        monitor: config.monitor.clone(),
        replicas: config.replicas,
        ..NatsConfig::new(first)
    });
    let nats = nats.await?;
    for weakness in nats.weaknesses().await.unwrap_or_default() {
        tracing::warn!(%weakness, "events may be lost by the bus; consumers then read them from the journals");
    }
    Ok(Arc::new(nats))
}
