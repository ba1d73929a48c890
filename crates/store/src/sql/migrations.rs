//! Schemas: compiled in, and brought up to date when a store is opened.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

use crate::StoreError;

/// One step: its number, its name and its SQL.
pub(crate) type Step = (i64, &'static str, &'static str);

/// Takes the steps that are missing, under the database's own migration lock.
///
/// # Errors
/// `NewerSchema` if the database has steps that this program does not know; `failed` of anything else.
pub(crate) async fn run<C: Migrate>(
    connection: &mut C,
    steps: &[Step],
    failed: impl Fn(sqlx::Error) -> StoreError,
) -> Result<(), StoreError> {
    let migration = |(number, name, sql): &Step| {
        Migration::new(
            *number,
            (*name).into(),
            MigrationType::Simple,
            (*sql).into_sql_str(),
            false,
        )
    };
    let migrator = Migrator::with_migrations(steps.iter().map(migration).collect());
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(number) => StoreError::NewerSchema(format!("it has step {number}")),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
            other => StoreError::damaged("_sqlx_migrations", "schema", &other.to_string()),
        })
}
