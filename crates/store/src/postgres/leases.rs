//! Leases, judged by the server's clock.

use std::time::Duration;

use async_trait::async_trait;

use super::PostgresStore;
use crate::sql::convert::{self, KeyRange, micros};
use crate::{Lease, LeaseStore, StoreError};

#[async_trait]
impl LeaseStore for PostgresStore {
    async fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<bool, StoreError> {
        let sql = "INSERT INTO lease (name, owner, expires_at) VALUES ($1, $2, tandem_now() + $3) \
                   ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = tandem_now() + $3 \
                   WHERE lease.owner = excluded.owner OR lease.expires_at <= tandem_now()";
        let query = sqlx::query(sql)
            .bind(name.as_bytes())
            .bind(owner.as_bytes())
            .bind(micros(ttl));
        Ok(self.execute(query).await? == 1)
    }

    async fn release(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM lease WHERE name = $1 AND owner = $2");
        self.execute(query.bind(name.as_bytes()).bind(owner.as_bytes())).await?;
        Ok(())
    }

    async fn leases(&self, prefix: &str) -> Result<Vec<Lease>, StoreError> {
        let sql = "SELECT name, owner, expires_at FROM lease WHERE name >= $1 AND name < $2 ORDER BY name";
        let KeyRange { start, end } = KeyRange::new(prefix, None);
        let rows = self.fetch_all(sqlx::query(sql).bind(start).bind(end)).await?;
        rows.into_iter().map(convert::lease).collect()
    }
}
