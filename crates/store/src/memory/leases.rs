//! The leases of the memory store.

use std::time::Duration;

use async_trait::async_trait;
use tandem_domain::Clock;

use super::MemoryStore;
use crate::{Lease, LeaseStore, StoreError};

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.write(|state| {
            let held = state
                .leases
                .get(name)
                .is_some_and(|lease| lease.owner != owner && lease.expires_at > now);
            if !held {
                let lease = Lease {
                    name: name.to_owned(),
                    owner: owner.to_owned(),
                    expires_at: now.plus(ttl),
                };
                state.leases.insert(name.to_owned(), lease);
            }
            !held
        })
    }

    async fn release(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        self.write(|state| {
            if state.leases.get(name).is_some_and(|lease| lease.owner == owner) {
                state.leases.remove(name);
            }
        })
    }

    async fn leases(&self, prefix: &str) -> Result<Vec<Lease>, StoreError> {
        self.read(|state| {
            state
                .leases
                .values()
                .filter(|lease| lease.name.starts_with(prefix))
                .cloned()
                .collect()
        })
    }
}
