//! A consumer that adds up what was added on a desk, in the store: counted twice or not at all, it shows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tandem_desk::{Consume, HandleError, Recorded, consume, decode_record};
use tandem_domain::{DeskId, Timestamp};
use tandem_store::{Commit, JournalStore, MemoryStore, Record, Row, StoreError, Stream};
use tokio_util::sync::CancellationToken;

use super::World;
use super::ledger::{Body, Ledger};

/// What one replica of the consumer has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every record that was handed to the handler, with its seq.
    pub(crate) handled: Vec<u64>,
    pub(crate) committed: usize,
    pub(crate) resets: usize,
    pub(crate) watermark: Option<Timestamp>,
    panic_at: Option<u64>,
    /// How often handling this seq still fails, and how.
    pub(crate) trouble: HashMap<u64, (usize, HandleError)>,
}

/// One replica of the consumer.
pub(crate) struct Counting {
    store: MemoryStore,
    pub(crate) seen: Mutex<Seen>,
    shutdown: CancellationToken,
}

impl Counting {
    /// Starts a replica with its own subscription.
    pub(crate) fn start(world: &World, instance: &str) -> Arc<Self> {
        let store = world.store.clone();
        Self::start_on(world, store, instance)
    }

    /// Starts a replica that keeps what it knows in another store than the owner.
    pub(crate) fn start_on(world: &World, store: MemoryStore, instance: &str) -> Arc<Self> {
        let (seen, shutdown) = (Mutex::default(), CancellationToken::new());
        let counting = Arc::new(Self {
            store: store.clone(),
            seen,
            shutdown: shutdown.clone(),
        });
        let (store, bus) = (Arc::new(store), world.bus.clone());
        consume("counting", instance, "ledger", store, bus, counting.clone(), shutdown);
        counting
    }

    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    pub(crate) fn trouble(&self, seq: u64, times: usize, error: HandleError) {
        self.seen.lock().unwrap().trouble.insert(seq, (times, error));
    }

    pub(crate) fn panic_at(&self, seq: u64) {
        self.seen.lock().unwrap().panic_at = Some(seq);
    }

    /// The sum, as committed.
    pub(crate) async fn sum(&self, desk: &DeskId) -> i64 {
        self.read_sum(desk).await.unwrap()
    }

    async fn read_sum(&self, desk: &DeskId) -> Result<i64, StoreError> {
        let row = self.store.row(desk, "counting", "sum").await?;
        Ok(row.map_or(0, |row| String::from_utf8(row.to_vec()).unwrap().parse().unwrap()))
    }

    /// How far it has come, as committed.
    pub(crate) async fn seq(&self, stream: &Stream) -> u64 {
        self.store
            .position("counting", stream)
            .await
            .unwrap()
            .map_or(0, |position| position.seq)
    }

    fn fail(&self, record: &Record) -> Result<(), HandleError> {
        let mut seen = self.seen.lock().unwrap();
        match seen.trouble.get_mut(&record.seq) {
            Some((times, error)) if *times > 0 => {
                *times -= 1;
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }
}

fn row(desk: &DeskId, sum: i64) -> Row {
    let value = Some(sum.to_string().into());
    Row {
        desk: desk.clone(),
        table: "counting".to_owned(),
        key: "sum".to_owned(),
        value,
    }
}

fn amount(record: &Record) -> i64 {
    match decode_record::<Ledger>(record).unwrap() {
        Recorded::Core(event) => match event.body {
            Body::Added(amount) => amount,
            Body::Marked(_) => 1,
            _ => 0,
        },
        Recorded::Shell(_) => 0,
    }
}

#[async_trait]
impl Consume for Counting {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        for record in records {
            self.fail(record)?;
            let panic_at = self.seen.lock().unwrap().panic_at;
            assert_ne!(panic_at, Some(record.seq), "told to panic");
            self.seen.lock().unwrap().handled.push(record.seq);
        }
        let before = self.read_sum(&stream.desk).await?;
        // Another replica may be at it at the same time; the position decides whose commit counts.
        tokio::time::sleep(Duration::from_millis(3)).await;
        let sum = before + records.iter().map(amount).sum::<i64>();
        Ok(Commit {
            rows: vec![row(&stream.desk, sum)],
            ..Commit::default()
        })
    }

    async fn committed(&self, _stream: &Stream) {
        self.seen.lock().unwrap().committed += 1;
    }

    async fn reset(&self, stream: &Stream) -> Commit {
        self.seen.lock().unwrap().resets += 1;
        Commit {
            rows: vec![row(&stream.desk, 0)],
            ..Commit::default()
        }
    }

    fn watermark(&self, _stream: &Stream, _seq: u64, up_to: Timestamp) {
        self.seen.lock().unwrap().watermark = Some(up_to);
    }
}
