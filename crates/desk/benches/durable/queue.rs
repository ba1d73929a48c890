//! The queue that a team would write in SQL: agents and tickets as rows, chosen and locked by the database, honestly
//! tuned: prepared statements, partial and GIN indices, ANALYZE after loading, and once with the whole decision in one
//! function, so that it costs one round trip. And the same decision in batches by hand, which is the store's limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::time::Instant;

const CLIENTS: u32 = 8;
const BATCH: i32 = 100;
const SCHEMA: &str = include_str!("queue.sql");

/// How an arriving ticket finds its agent.
#[derive(Clone, Copy)]
pub(crate) enum Push {
    /// Statement by statement, in a transaction.
    Statements,
    /// In one function of the database.
    Function,
}

/// The tables, loaded.
pub(crate) struct Queue {
    pool: PgPool,
    number: AtomicU64,
}

impl Queue {
    pub(crate) async fn new(url: &str) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CLIENTS)
            .connect(url)
            .await
            .expect("the server is there");
        sqlx::raw_sql(SCHEMA).execute(&pool).await.expect("the tables are new");
        Self {
            pool,
            number: AtomicU64::new(0),
        }
    }

    /// The limit: tickets, their assignment and an event each, in bulk, by one writer.
    pub(crate) async fn decisions_per_second(&self, time: Duration) -> f64 {
        let started = Instant::now();
        let mut done = 0;
        while started.elapsed() < time {
            sqlx::query("SELECT decide($1)")
                .bind(BATCH)
                .execute(&self.pool)
                .await
                .expect("the server works");
            done += BATCH;
        }
        f64::from(done) / started.elapsed().as_secs_f64()
    }

    pub(crate) async fn pushes_per_second(&self, how: Push, time: Duration) -> f64 {
        self.per_second(time, async |number| match how {
            Push::Statements => self.push(number).await,
            Push::Function => self.push_at_once(number).await,
        })
        .await
    }

    /// An agent asks for the next ticket that fits, of a hundred thousand that wait.
    pub(crate) async fn pulls_per_second(&self, time: Duration) -> f64 {
        self.per_second(time, async |number| {
            sqlx::query("SELECT pull($1)")
                .bind(number % 1_000)
                .execute(&self.pool)
                .await
                .map(drop)
        })
        .await
    }

    async fn per_second(&self, time: Duration, once: impl AsyncFn(i32) -> Result<(), sqlx::Error>) -> f64 {
        let started = Instant::now();
        let client = async || {
            let mut done = 0;
            while started.elapsed() < time {
                let number = self.number.fetch_add(1, Ordering::Relaxed);
                once(i32::try_from(number).expect("few"))
                    .await
                    .expect("the server works");
                done += 1;
            }
            done
        };
        let done: i32 = join_all((0..CLIENTS).map(|_| client())).await.into_iter().sum();
        f64::from(done) / started.elapsed().as_secs_f64()
    }

    async fn push_at_once(&self, number: i32) -> Result<(), sqlx::Error> {
        let (skill, language) = wanted(number);
        let query = sqlx::query("SELECT push($1, $2)").bind(skill).bind(language);
        query.execute(&self.pool).await.map(drop)
    }

    async fn push(&self, number: i32) -> Result<(), sqlx::Error> {
        let (skill, language) = wanted(number);
        let mut transaction = self.pool.begin().await?;
        let ticket: i64 = sqlx::query_scalar("INSERT INTO ticket (skill, language) VALUES ($1, $2) RETURNING id")
            .bind(skill)
            .bind(language)
            .fetch_one(&mut *transaction)
            .await?;
        let agent: Option<i32> = sqlx::query_scalar(
            "SELECT id FROM agent WHERE load < capacity AND skills @> ARRAY[$1] AND languages @> ARRAY[$2]
             ORDER BY load, assigned LIMIT 1 FOR UPDATE SKIP LOCKED",
        )
        .bind(skill)
        .bind(language)
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(agent) = agent {
            for sql in [
                "UPDATE agent SET load = load + 1, assigned = clock_timestamp() WHERE id = $1 AND $2 > 0",
                "UPDATE ticket SET agent = $1, state = 'offered' WHERE id = $2",
                "INSERT INTO event (ticket, kind, payload) VALUES ($2, 'offered', repeat('x', 180) || $1)",
            ] {
                sqlx::query(sql)
                    .bind(agent)
                    .bind(ticket)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await
    }
}

fn wanted(number: i32) -> (i32, i32) {
    (number / 10 % 50, number % 10)
}
