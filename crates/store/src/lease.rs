//! Leases: they decide who tries, never who may write (the journal's key does that).

use std::time::Duration;

use async_trait::async_trait;
use tandem_domain::Timestamp;

use crate::StoreError;

/// A lease as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What is leased, such as a stream.
    pub name: String,
    /// Who has it.
    pub owner: String,
    /// Until when, by the store's clock.
    pub expires_at: Timestamp,
}

/// Leases by name, judged by the store's clock.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Takes or renews a lease; `false` if somebody else has it and it has not expired.
    async fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives a lease back; nothing happens if `owner` does not have it.
    async fn release(&self, name: &str, owner: &str) -> Result<(), StoreError>;

    /// All leases whose name starts with `prefix`, expired ones too.
    async fn leases(&self, prefix: &str) -> Result<Vec<Lease>, StoreError>;
}
