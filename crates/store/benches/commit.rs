//! Records per second and commit latency of each store, by size of the batch. Each record comes with a row and a
//! remembered request, as a command's event does.

use std::time::Duration;

use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};
use tandem_store::conformance::speed::measure;
use tandem_store::{
    Append, Commit, JournalStore, MemoryStore, NewRecord, PostgresStore, RequestKey, RequestRecord, Row, SqliteStore,
    StoreError, Stream,
};
use tandem_test_support::postgres::Postgres;

const TIME: Duration = Duration::from_secs(2);
const BATCHES: [u64; 4] = [1, 10, 100, 1000];

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    println!(
        "{:<10} {:>6} {:>12} {:>10} {:>10}",
        "store", "batch", "records/s", "p50 ms", "p99 ms"
    );
    report("memory", &MemoryStore::new()).await?;
    let directory = tempfile::tempdir().map_err(|error| StoreError::Unavailable(error.to_string()))?;
    report("sqlite", &SqliteStore::open(directory.path()).await?).await?;
    if let Some(server) = Postgres::start().await {
        report("postgres", &PostgresStore::connect(&server.database(), 4).await?).await?;
    }
    Ok(())
}

async fn report(name: &str, store: &dyn JournalStore) -> Result<(), StoreError> {
    for size in BATCHES {
        let desk: DeskId = format!("desk{size}").parse().expect("it is a key");
        let speed = measure(store, TIME, |seq| batch(&desk, seq, size)).await?;
        let millis = |percent| speed.percentile(percent).as_secs_f64() * 1000.0;
        let rate = speed.records_per_second();
        println!(
            "{name:<10} {size:>6} {rate:>12.0} {:>10.3} {:>10.3}",
            millis(50),
            millis(99)
        );
    }
    Ok(())
}

fn batch(desk: &DeskId, first_seq: u64, size: u64) -> Commit {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let record = NewRecord {
        kind: "TicketOpened".to_owned(),
        at,
        payload: Bytes::from_static(&[0xA5; 200]),
    };
    let seqs = first_seq..first_seq + size;
    let row = |seq: u64| Row {
        desk: desk.clone(),
        table: "ticket".to_owned(),
        // Ten thousand tickets, of which each changes again and again.
        key: format!("{:08}", seq % 10_000),
        value: Some(Bytes::from_static(&[0x5A; 300])),
    };
    let request = |seq: u64| RequestRecord {
        key: RequestKey {
            desk: desk.clone(),
            caller: "ingest".to_owned(),
            method: "OpenTicket".to_owned(),
            id: format!("request {seq}"),
        },
        hash: [7; 32],
        reply: Bytes::from_static(&[1; 40]),
        expires_at: Some(Timestamp::from_micros(i64::MAX)),
    };
    let stream = Stream::new("router", desk.clone());
    let records = seqs.clone().map(|_| record.clone()).collect();
    Commit {
        append: Some(Append {
            stream,
            first_seq,
            incarnation: 1,
            records,
        }),
        rows: seqs.clone().map(row).collect(),
        requests: seqs.map(request).collect(),
        ..Commit::default()
    }
}
