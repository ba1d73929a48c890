//! Opens what a configuration names: the store and the bus.

use std::sync::Arc;

use tandem_bus::nats::{NatsBus, NatsConfig, NatsTls};
use tandem_bus::{Bus, BusError, InProcessBus};
use tandem_store::{PostgresStore, SqliteStore, Store, StoreError};

use crate::config::{BusConfig, StoreConfig};
use crate::telemetry::{MeasuredBus, MeasuredStore};

/// PostgreSQL at a URL, or SQLite in a directory.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_store(config: &StoreConfig) -> Result<Arc<dyn Store>, StoreError> {
    match (config.url_with_password(), &config.data_dir) {
        (Some(url), _) => {
            let store = PostgresStore::connect(url.expose(), config.max_connections).await?;
            Ok(Arc::new(MeasuredStore::new(Arc::new(store), "postgresql")))
        }
        (None, Some(directory)) => {
            let store = SqliteStore::open(directory).await?;
            Ok(Arc::new(MeasuredStore::new(Arc::new(store), "sqlite")))
        }
        (None, None) => Err(StoreError::Unavailable(
            "neither store.url nor store.data_dir is set".to_owned(),
        )),
    }
}

/// NATS where servers are named; else nobody but this process.
///
/// # Errors
/// When the configuration makes no sense; a server that is away is waited for.
pub async fn open_bus(config: &BusConfig, name: &str) -> Result<Arc<dyn Bus>, BusError> {
    let Some(first) = config.servers.first() else {
        return Ok(Arc::new(MeasuredBus::new(Arc::new(InProcessBus::new()), "in_process")));
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
    Ok(Arc::new(MeasuredBus::new(Arc::new(nats), "nats")))
}
