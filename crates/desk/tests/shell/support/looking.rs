//! A consumer that waits for marks and writes each down; whatever else happens changes nothing for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tandem_desk::{Consume, HandleError, Recorded, consume, decode_record};
use tandem_store::{Commit, JournalStore, Position, Record, Row, Stream};
use tokio_util::sync::CancellationToken;

use super::World;
use super::ledger::{Body, Ledger};

/// One replica of the consumer.
pub(crate) struct Looking {
    /// How many records came together, each time.
    pub(crate) together: Mutex<Vec<usize>>,
    patience: Duration,
}

impl Looking {
    pub(crate) fn start(world: &World, instance: &str) -> (Arc<Self>, CancellationToken) {
        Self::start_patient(world, instance, Duration::ZERO)
    }

    pub(crate) fn start_patient(world: &World, instance: &str, patience: Duration) -> (Arc<Self>, CancellationToken) {
        let shutdown = CancellationToken::new();
        let looking = Arc::new(Self {
            together: Mutex::default(),
            patience,
        });
        let (store, bus) = (Arc::new(world.store.clone()), world.bus.clone());
        consume(
            "looking",
            instance,
            "ledger",
            store,
            bus,
            looking.clone(),
            shutdown.clone(),
        );
        (looking, shutdown)
    }

    pub(crate) fn handled(&self) -> usize {
        self.together.lock().unwrap().iter().sum()
    }

    /// How far the consumer has come, as saved.
    pub(crate) async fn saved(world: &World, stream: &Stream) -> u64 {
        let position: Option<Position> = world.store.position("looking", stream).await.unwrap();
        position.map_or(0, |position| position.seq)
    }

    /// The marks that were written down, with the seq of each.
    pub(crate) async fn marks(world: &World, stream: &Stream) -> Vec<String> {
        let rows = world.store.rows(&stream.desk, "looking", "", None, 100).await.unwrap();
        rows.rows.into_iter().map(|(key, _)| key).collect()
    }
}

#[async_trait]
impl Consume for Looking {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        self.together.lock().unwrap().push(records.len());
        let is_mark = |record: &&Record| {
            let Ok(Recorded::Core(event)) = decode_record::<Ledger>(record) else {
                return false;
            };
            matches!(event.body, Body::Marked(_))
        };
        let row = |record: &Record| Row {
            desk: stream.desk.clone(),
            table: "looking".to_owned(),
            key: record.seq.to_string(),
            value: Some("seen".into()),
        };
        Ok(Commit {
            rows: records.iter().filter(is_mark).map(row).collect(),
            ..Commit::default()
        })
    }

    async fn committed(&self, _stream: &Stream) {}

    async fn reset(&self, _stream: &Stream) -> Commit {
        Commit::default()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}
