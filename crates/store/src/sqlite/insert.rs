//! Statements over many rows.

use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

/// Rows per statement: far below SQLite's limit of 32766 parameters at any number of columns that we have.
const ROWS: usize = 256;

pub(super) type Statement = QueryBuilder<Sqlite>;
pub(super) type Values<'a> = Separated<'a, Sqlite, &'static str>;

/// `<head> VALUES (…), (…) … <tail>` for all rows, some hundred at a time.
pub(super) async fn for_all<T>(
    connection: &mut SqliteConnection,
    head: &'static str,
    rows: &[T],
    bind: impl Fn(Values<'_>, &T),
    tail: impl Fn(&mut Statement),
) -> Result<(), sqlx::Error> {
    for rows in rows.chunks(ROWS) {
        let mut statement = Statement::new(head);
        statement.push_values(rows, &bind);
        tail(&mut statement);
        statement.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Nothing more to say after the values.
pub(super) fn no_tail(_: &mut Statement) {}
