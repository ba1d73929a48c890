//! Leases.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::Timestamp;

use super::SqliteStore;
use super::error::Failure;
use super::unit::Write;
use crate::sql::convert::{self, KeyRange};
use crate::{Lease, LeaseStore, StoreError};

#[async_trait]
impl LeaseStore for SqliteStore {
    async fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<bool, StoreError> {
        self.write(Take {
            name: name.to_owned(),
            owner: owner.to_owned(),
            ttl,
        })
        .await
    }

    async fn release(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        self.write(Release {
            name: name.to_owned(),
            owner: owner.to_owned(),
        })
        .await
    }

    async fn leases(&self, prefix: &str) -> Result<Vec<Lease>, StoreError> {
        let sql = "SELECT name, owner, expires_at FROM lease WHERE name >= ? AND name < ? ORDER BY name";
        let KeyRange { start, end } = KeyRange::new(prefix, None);
        let rows = self
            .read(sqlx::query_as(sql).bind(start).bind(end).fetch_all(&self.readers))
            .await?;
        rows.into_iter().map(convert::lease).collect()
    }
}

struct Take {
    name: String,
    owner: String,
    ttl: Duration,
}

#[async_trait]
impl Write for Take {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<bool, Failure> {
        let sql = "INSERT INTO lease (name, owner, expires_at) VALUES (?, ?, ?) \
                   ON CONFLICT DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at \
                   WHERE lease.owner = excluded.owner OR lease.expires_at <= ?";
        let query = sqlx::query(sql).bind(self.name.as_bytes()).bind(self.owner.as_bytes());
        let query = query.bind(now.plus(self.ttl).as_micros()).bind(now.as_micros());
        Ok(query.execute(connection).await?.rows_affected() == 1)
    }
}

struct Release {
    name: String,
    owner: String,
}

#[async_trait]
impl Write for Release {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection, _: Timestamp) -> Result<(), Failure> {
        let query = sqlx::query("DELETE FROM lease WHERE name = ? AND owner = ?");
        query
            .bind(self.name.as_bytes())
            .bind(self.owner.as_bytes())
            .execute(connection)
            .await?;
        Ok(())
    }
}
