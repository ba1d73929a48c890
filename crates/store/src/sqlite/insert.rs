//! Statements over many rows, and scripts of them.

use std::iter::repeat_n;

use futures::StreamExt;
use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteRow;
use sqlx::{Either, Executor, QueryBuilder, Sqlite, SqliteConnection};
use tandem_domain::Timestamp;

use crate::documents::plan::DeskKey;
use crate::{RequestKey, Row};

/// Rows per statement at most: far below SQLite's limits of 32766 parameters, at any number of columns that we have, and of
/// 1000 nested expressions.
pub(super) const ROWS: usize = 256;

/// Statements over no more rows than these share a script.
const FEW: usize = 64;

pub(super) type Statement = QueryBuilder<Sqlite>;
pub(super) type Values<'a> = Separated<'a, Sqlite, &'static str>;

/// For how many rows there are statements: rows are padded with empty ones up to the next of these. So there are few
/// different statements over however many rows, and each is prepared once.
fn padded(rows: usize) -> usize {
    let sizes = [0, 1, 4, 16, FEW];
    sizes.into_iter().find(|size| rows <= *size).unwrap_or(ROWS)
}

/// Rows, then nothing as often as it takes.
fn pad<T>(rows: &[T]) -> impl Iterator<Item = Option<&T>> {
    let missing = padded(rows.len()).saturating_sub(rows.len());
    rows.iter().map(Some).chain(repeat_n(None, missing))
}

/// `VALUES (…), (…), …` with so many columns; empty rows are NULL in all of them.
pub(super) fn push_rows<T>(statement: &mut Statement, rows: &[T], columns: usize, bind: impl Fn(Values<'_>, &T)) {
    statement.push_values(pad(rows), |mut values, row| match row {
        Some(row) => bind(values, row),
        None => {
            for _ in 0..columns {
                values.push_bind(None::<i64>);
            }
        }
    });
}

/// Statements that the connection's thread runs in a row: each way there and back costs more than most statements. It is
/// what sqlx's SQLite driver does with a query of several statements; sqlx would rather not, but has nothing else that takes
/// values (its issue 3108).
pub(super) struct Script {
    /// What is run together. A statement over many rows is one by itself, so that large ones are kept in one shape each.
    pieces: Vec<Statement>,
    /// The last piece takes no more.
    is_full: bool,
    len: usize,
}

/// How a whole transaction ended.
pub(super) enum Whole {
    Committed,
    /// Nothing is written; the transaction may still be open.
    NotRun,
    /// COMMIT failed.
    Failed(sqlx::Error),
}

/// What a script brought: rows by statement, and how it ended. A statement that fails is the last one.
pub(super) struct Ran {
    pub(super) rows: Vec<Vec<SqliteRow>>,
    pub(super) outcome: Result<(), sqlx::Error>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self {
            pieces: Vec::new(),
            is_full: true,
            len: 0,
        }
    }

    /// One that is a transaction of its own.
    pub(super) fn transaction() -> Self {
        let mut script = Self::new();
        script.add(|statement| {
            statement.push("BEGIN IMMEDIATE");
        });
        script
    }

    /// Adds a statement; returns its place.
    pub(super) fn add(&mut self, push: impl FnOnce(&mut Statement)) -> usize {
        self.add_over(1, push)
    }

    /// Adds a statement over so many rows; returns its place.
    pub(super) fn add_over(&mut self, rows: usize, push: impl FnOnce(&mut Statement)) -> usize {
        let is_large = rows > FEW;
        if self.is_full || is_large {
            let mut piece = Statement::new("");
            push(&mut piece);
            self.pieces.push(piece);
        } else if let Some(piece) = self.pieces.last_mut() {
            push(piece.push(";\n"));
        }
        self.is_full = is_large;
        self.len += 1;
        self.len - 1
    }

    /// Adds `<head> … <tail>` for all rows of so many columns, the first of which is never NULL.
    pub(super) fn insert_all<T>(
        &mut self,
        (head, columns): (&'static str, usize),
        rows: &[T],
        bind: impl Fn(Values<'_>, &T),
        tail: impl Fn(&mut Statement),
    ) {
        for rows in rows.chunks(ROWS) {
            self.add_over(rows.len(), |statement| {
                statement.push(head).push("SELECT * FROM (");
                push_rows(statement, rows, columns, &bind);
                statement.push(") WHERE column1 IS NOT NULL");
                tail(statement);
            });
        }
    }

    /// Ends the script with a failure if `condition` holds. SQLite has no other way to say so than a row that cannot be.
    pub(super) fn fail_if(&mut self, condition: impl FnOnce(&mut Statement)) {
        self.add(|statement| {
            statement.push("INSERT INTO position SELECT NULL, NULL, NULL, NULL, NULL WHERE ");
            condition(statement);
        });
    }

    /// Runs and commits a [`transaction`](Self::transaction).
    pub(super) async fn commit(mut self, connection: &mut SqliteConnection) -> Whole {
        let last = self.add(|statement| {
            statement.push("COMMIT");
        });
        let Ran { rows, outcome } = self.run(connection).await;
        match outcome {
            Ok(()) => Whole::Committed,
            Err(error) if rows.len() > last => Whole::Failed(error),
            Err(_) => Whole::NotRun,
        }
    }

    pub(super) async fn run(mut self, connection: &mut SqliteConnection) -> Ran {
        let mut rows = vec![Vec::new()];
        for piece in &mut self.pieces {
            let mut steps = connection.fetch_many(piece.build());
            while let Some(step) = steps.next().await {
                match (step, rows.last_mut()) {
                    (Ok(Either::Right(row)), Some(rows)) => rows.push(row),
                    (Ok(_), _) => rows.push(Vec::new()),
                    (Err(error), _) => {
                        let outcome = Err(error);
                        return Ran { rows, outcome };
                    }
                }
            }
        }
        Ran { rows, outcome: Ok(()) }
    }
}

impl Ran {
    /// The rows of the statement in this place, as tuples.
    pub(super) fn read<T: for<'r> sqlx::FromRow<'r, SqliteRow>>(&self, place: usize) -> Result<Vec<T>, sqlx::Error> {
        let rows = self.rows.get(place).map_or(&[][..], Vec::as_slice);
        rows.iter().map(T::from_row).collect()
    }
}

/// Nothing more to say after the values.
pub(super) fn no_tail(_: &mut Statement) {}

/// Deletes rows by key. SQLite would read the whole table for `(…) IN (VALUES …)`.
pub(super) fn delete_rows(statement: &mut Statement, rows: &[&Row]) {
    statement.push("DELETE FROM read_row WHERE ");
    let mut any = statement.separated(" OR ");
    for row in pad(rows) {
        let row = row.copied();
        any.push("(desk = ")
            .push_bind_unseparated(row.map(|row| row.desk.as_str().to_owned()));
        any.push_unseparated(" AND tbl = ")
            .push_bind_unseparated(row.map(|row| row.table.clone()));
        any.push_unseparated(" AND key = ")
            .push_bind_unseparated(row.map(|row| row.key.as_bytes().to_vec()))
            .push_unseparated(")");
    }
}

/// `WITH asked (desk, key) AS (VALUES …) <query>`. A query that cross-joins what is asked for is not reordered into
/// one that reads the whole table.
pub(super) fn asking(statement: &mut Statement, keys: &[DeskKey], query: &'static str) {
    statement.push("WITH asked (desk, key) AS (");
    push_rows(statement, keys, 2, |mut values, (desk, key)| {
        values.push_bind(desk.as_str()).push_bind(&**key);
    });
    statement.push(") ").push(query);
}

/// What is remembered of these requests, at most [`ROWS`], and has not expired, as `convert::RequestKeyRow`s.
pub(super) fn known_requests(keys: &[RequestKey], now: Timestamp) -> Statement {
    let mut statement = Statement::new("WITH asked (desk, caller, method, id) AS (");
    push_rows(&mut statement, keys, 4, |mut values, key| {
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
        let of = |push: &dyn Fn(&mut Statement)| {
            let mut statement = Statement::new("");
            push(&mut statement);
            statement
        };
        let deleting = of(&|statement| delete_rows(statement, &rows.each_ref()));
        assert_eq!(scans(deleting).await, [""; 0]);
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
            assert_eq!(scans(of(&|statement| asking(statement, &keys, query))).await, [""; 0]);
        }
        let acme = "acme".parse().unwrap();
        let outcome = OutboxOutcome::OnTicket(7);
        let outcomes: [outbox::Outcome<'_>; 2] =
            [1, 2].map(|id| (&acme, MessageId(uuid::Uuid::from_u128(id)), &outcome));
        for push in [outbox::told, outbox::gone] {
            assert_eq!(scans(of(&|statement| push(statement, &outcomes))).await, [""; 0]);
        }
    }

    #[test]
    fn any_number_of_rows_comes_in_few_sizes() {
        assert_eq!(
            [1, 2, 4, 5, 17, 64, 65, 256].map(padded),
            [1, 4, 4, 16, 64, 64, 256, 256]
        );
        for count in 1..=ROWS {
            let rows = vec![(); count];
            assert_eq!(pad(&rows).flatten().count(), count);
            assert_eq!(pad(&rows).count(), padded(count));
        }
    }

    #[tokio::test]
    async fn a_script_brings_rows_by_statement_and_ends_with_the_first_that_fails() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut script = Script::new();
        script.add(|statement| {
            statement.push("CREATE TABLE one (a INTEGER PRIMARY KEY) STRICT");
        });
        let bind = |mut values: Values<'_>, number: &i64| {
            values.push_bind(*number);
        };
        script.insert_all(("INSERT INTO one (a) ", 1), &[1, 2, 3, 4, 5], bind, no_tail);
        let many: Vec<i64> = (-300..0).collect();
        script.insert_all(("INSERT INTO one (a) ", 1), &many, bind, no_tail);
        let all = script.add(|statement| {
            statement.push("SELECT a FROM one WHERE a > ").push_bind(3);
        });
        script.insert_all(("INSERT INTO one (a) ", 1), &[5], bind, no_tail);
        let after = script.add(|statement| {
            statement.push("SELECT 6");
        });
        assert_eq!(script.pieces.len(), 3, "256 rows are by themselves");
        let ran = script.run(&mut connection).await;
        assert_eq!(ran.read::<(i64,)>(all).unwrap(), [(4,), (5,)]);
        assert_eq!(ran.read::<(i64,)>(after).unwrap(), []);
        assert!(
            ran.outcome
                .unwrap_err()
                .as_database_error()
                .unwrap()
                .is_unique_violation()
        );
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
