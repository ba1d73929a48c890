//! Statements over many rows.

use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use tandem_domain::Timestamp;

use crate::documents::plan::DeskKey;
use crate::{RequestKey, Row};

/// Rows per statement: far below SQLite's limits of 32766 parameters, at any number of columns that we have, and of
/// 1000 nested expressions.
pub(super) const ROWS: usize = 256;

pub(super) type Statement = QueryBuilder<Sqlite>;
pub(super) type Values<'a> = Separated<'a, Sqlite, &'static str>;

/// The rows in portions of [`ROWS`], and what is left over in powers of two: so there are few different statements over
/// however many rows, and each is prepared once.
pub(super) fn portions<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let size = ROWS.min(1 << left.len().checked_ilog2()?);
        let (portion, rest) = left.split_at(size);
        left = rest;
        Some(portion)
    })
}

/// `<head> VALUES (…), (…) … <tail>` for all rows, some hundred at a time.
pub(super) async fn insert_all<T>(
    connection: &mut SqliteConnection,
    head: &'static str,
    rows: &[T],
    bind: impl Fn(Values<'_>, &T),
    tail: impl Fn(&mut Statement),
) -> Result<(), sqlx::Error> {
    for rows in portions(rows) {
        let mut statement = Statement::new(head);
        statement.push_values(rows, &bind);
        tail(&mut statement);
        statement.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Nothing more to say after the values.
pub(super) fn no_tail(_: &mut Statement) {}

/// Deletes rows by key. SQLite would read the whole table for `(…) IN (VALUES …)`.
pub(super) fn delete_rows(rows: &[&Row]) -> Statement {
    let mut statement = Statement::new("DELETE FROM read_row WHERE ");
    let mut any = statement.separated(" OR ");
    for row in rows {
        any.push("(desk = ").push_bind_unseparated(row.desk.as_str());
        any.push_unseparated(" AND tbl = ").push_bind_unseparated(&*row.table);
        any.push_unseparated(" AND key = ")
            .push_bind_unseparated(row.key.as_bytes())
            .push_unseparated(")");
    }
    statement
}

/// `WITH asked (desk, key) AS (VALUES …) <query>`. A query that cross-joins what is asked for is not reordered into
/// one that reads the whole table.
pub(super) fn asking(keys: &[DeskKey], query: &'static str) -> Statement {
    let mut statement = Statement::new("WITH asked (desk, key) AS (");
    statement.push_values(keys, |mut values, (desk, key)| {
        values.push_bind(desk.as_str()).push_bind(&**key);
    });
    statement.push(") ").push(query);
    statement
}

/// What is remembered of these requests and has not expired, as `convert::RequestKeyRow`s.
pub(super) fn known_requests(keys: &[RequestKey], now: Timestamp) -> Statement {
    let mut statement = Statement::new("WITH asked (desk, caller, method, id) AS (");
    statement.push_values(keys, |mut values, key| {
        values.push_bind(key.desk.as_str()).push_bind(key.caller.as_bytes());
        values.push_bind(key.method.as_bytes()).push_bind(key.id.as_bytes());
    });
    statement.push(
        ") SELECT r.desk, r.caller, r.method, r.id, r.hash, r.reply, r.expires_at FROM asked CROSS JOIN request AS r \
         WHERE r.desk = asked.desk AND r.caller = asked.caller AND r.method = asked.method AND r.id = asked.id \
         AND (r.expires_at IS NULL OR r.expires_at >= ",
    );
    statement.push_bind(now.as_micros()).push(")");
    statement
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, Execute, SqliteConnection};

    use super::*;
    use crate::OutboxOutcome;
    use crate::sqlite::{accept, outbox, schema};
    use tandem_domain::MessageId;

    /// Tables that the statement reads from end to end.
    async fn scans(mut statement: Statement) -> Vec<String> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        schema::migrate(&mut connection).await.unwrap();
        let arguments = statement.build().take_arguments().unwrap().unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql().as_str());
        let explain = sqlx::query_as_with::<_, (i64, i64, i64, String), _>(AssertSqlSafe(explain), arguments);
        let plan = explain.fetch_all(&mut connection).await.unwrap();
        let tables = ["read_row", "message", "conversation_key", "request", "outbox"];
        let is_scan = |step: &String| tables.iter().any(|table| step.starts_with(&format!("SCAN {table}")));
        plan.into_iter().map(|(.., step)| step).filter(is_scan).collect()
    }

    #[tokio::test]
    async fn statements_over_many_keys_scan_no_table() {
        let row = |key: &str| Row {
            desk: "acme".parse().unwrap(),
            table: "ticket".to_owned(),
            key: key.to_owned(),
            value: None,
        };
        let rows = [row("T1"), row("T2"), row("T3")];
        assert_eq!(scans(delete_rows(&rows.each_ref())).await, [""; 0]);
        let keys = [
            ("acme".parse().unwrap(), "a".into()),
            ("acme".parse().unwrap(), "b".into()),
        ];
        let request = |id: &str| RequestKey {
            desk: "acme".parse().unwrap(),
            caller: "ana".to_owned(),
            method: "Accept".to_owned(),
            id: id.to_owned(),
        };
        let requests = known_requests(&[request("1"), request("2")], Timestamp::EPOCH);
        assert_eq!(scans(requests).await, [""; 0]);
        for query in [accept::KNOWN_MESSAGES, accept::KNOWN_CONVERSATIONS] {
            assert_eq!(scans(asking(&keys, query)).await, [""; 0]);
        }
        let acme = "acme".parse().unwrap();
        let outcome = OutboxOutcome::OnTicket(7);
        let outcomes: [outbox::Outcome<'_>; 2] =
            [1, 2].map(|id| (&acme, MessageId(uuid::Uuid::from_u128(id)), &outcome));
        for statement in [outbox::told(&outcomes), outbox::gone(&outcomes)] {
            assert_eq!(scans(statement).await, [""; 0]);
        }
    }

    #[test]
    fn any_number_of_rows_comes_in_few_sizes() {
        let sizes = |count: usize| portions(&vec![(); count]).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(2 * ROWS + 7), [ROWS, ROWS, 4, 2, 1]);
        for count in 0..1_000 {
            assert_eq!(sizes(count).iter().sum::<usize>(), count);
            assert!(sizes(count).iter().all(|size| size.is_power_of_two()));
        }
    }

    #[tokio::test]
    async fn a_scan_would_be_seen() {
        assert_eq!(
            scans(Statement::new("SELECT count(*) FROM read_row WHERE value = x'00'"))
                .await
                .len(),
            1
        );
    }
}
