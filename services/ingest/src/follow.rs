//! Follows the router's journal for one thing: which version of each desk is in force.
//!
//! Two steps, so that neither waits for the other: the consumer notes which version is *wanted*, and a
//! reconciler brings the versions *in use* there. The reconciler looks at a desk when there is news of it, and at
//! all of them by a timer; it takes no input but what is stored, and does nothing that it would do wrong twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tandem_desk::{Consume, HandleError, Recorded, decode_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{DeskId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_store::{Commit, Record, Row, Store, StoreError, Stream};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::directory::{Desk, Directory, KnownDesk};

/// The table of ingest's own rows about desks.
const TABLE: &str = "ingest_desk";
/// The version that the router says is in force.
const WANTED: &str = "wanted";
/// The version that ingest uses.
const IN_USE: &str = "in_use";
/// How often all desks are looked at: so long waits a desk file that could not be fetched.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A version that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    version: u64,
    hash: String,
    at: Timestamp,
}

/// Desks of which something was heard. Most of it is no new version, so each costs one look at one row.
#[derive(Default)]
pub(crate) struct News {
    desks: Mutex<BTreeSet<DeskId>>,
    some: Notify,
}

impl News {
    fn of(&self, desk: &DeskId) {
        self.desks().insert(desk.clone());
        self.some.notify_one();
    }

    /// Waits until there is some, and takes it.
    async fn next(&self) -> BTreeSet<DeskId> {
        self.some.notified().await;
        std::mem::take(&mut *self.desks())
    }

    fn desks(&self) -> std::sync::MutexGuard<'_, BTreeSet<DeskId>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes which versions are wanted.
pub(crate) struct Follower {
    news: Arc<News>,
}

impl Follower {
    /// A follower that gives `news` of the desks whose events it has noted.
    #[must_use]
    pub(crate) fn new(news: Arc<News>) -> Self {
        Self { news }
    }
}

#[async_trait]
impl Consume for Follower {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        let row = last_activation(records)?.map(|wanted| row(&stream.desk, WANTED, Some(&wanted)));
        Ok(Commit {
            rows: row.into_iter().collect(),
            ..Commit::default()
        })
    }

    async fn committed(&self, stream: &Stream) {
        self.news.of(&stream.desk);
    }

    async fn reset(&self, stream: &Stream) -> Commit {
        Commit {
            rows: vec![row::<Wanted>(&stream.desk, WANTED, None)],
            ..Commit::default()
        }
    }
}

/// The last activation among the records; those before it are history already.
fn last_activation(records: &[Record]) -> Result<Option<Wanted>, HandleError> {
    let mut last = None;
    for record in records {
        let recorded = decode_record::<RoutingCore>(record).map_err(|error| HandleError::Fail(error.to_string()))?;
        if let Recorded::Core(event) = recorded
            && let RoutingEvent::DeskActivated(desk) = event.body
        {
            last = Some(Wanted {
                version: desk.version,
                hash: desk.hash,
                at: event.at,
            });
        }
    }
    Ok(last)
}

/// Brings the versions in use to those that are wanted.
pub(crate) struct Reconciler {
    store: Arc<dyn Store>,
    files: Arc<dyn DeskFiles>,
    directory: Arc<Directory>,
    news: Arc<News>,
}

impl Reconciler {
    /// A reconciler that fetches from `files` and puts into `directory`.
    #[must_use]
    pub(crate) fn new(
        store: Arc<dyn Store>,
        files: Arc<dyn DeskFiles>,
        directory: Arc<Directory>,
        news: Arc<News>,
    ) -> Self {
        Self {
            store,
            files,
            directory,
            news,
        }
    }

    /// Puts what is in use into the directory, so that mail is taken while the router is away.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn load(&self) -> Result<(), StoreError> {
        for stream in self.store.streams(crate::ROUTER).await? {
            if let Some(known) = self.read::<KnownDesk>(&stream.desk, IN_USE).await? {
                self.put(&stream.desk, &known);
            }
        }
        Ok(())
    }

    /// Reconciles until `shutdown`. Breaking off is harmless: the next start looks at all desks.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.reconcile_on()).await;
    }

    async fn reconcile_on(&self) {
        let mut due = tokio::time::interval(LOOK_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let looked = tokio::select! {
                _ = due.tick() => self.look_at_all().await,
                desks = self.news.next() => self.look_at(desks).await,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "desks cannot be looked at");
            }
        }
    }

    async fn look_at_all(&self) -> Result<(), StoreError> {
        let streams = self.store.streams(crate::ROUTER).await?;
        let mut all_known = !streams.is_empty();
        for stream in &streams {
            all_known &= self.reconcile(stream).await?;
        }
        self.directory.set_complete(all_known);
        Ok(())
    }

    async fn look_at(&self, desks: BTreeSet<DeskId>) -> Result<(), StoreError> {
        for desk in desks {
            if !self.reconcile(&Stream::new(crate::ROUTER, desk)).await? {
                self.directory.set_complete(false);
            }
        }
        Ok(())
    }

    /// Whether the version that is wanted is in use.
    async fn reconcile(&self, stream: &Stream) -> Result<bool, StoreError> {
        let desk = &stream.desk;
        let Some(wanted) = self.read::<Wanted>(desk, WANTED).await? else {
            // A desk whose journal was read, and in which no version ever came into force, has no addresses.
            return Ok(self.store.position(crate::SERVICE, stream).await?.is_some());
        };
        if self.directory.desk(desk).is_some_and(|used| used.hash == wanted.hash) {
            return Ok(true);
        }
        let in_use = self.read::<KnownDesk>(desk, IN_USE).await?;
        match in_use {
            // Another replica was faster.
            Some(known) if known.hash == wanted.hash => Ok(self.put(desk, &known)),
            earlier => self.take(desk, &wanted, earlier.as_ref()).await,
        }
    }

    async fn take(&self, desk: &DeskId, wanted: &Wanted, earlier: Option<&KnownDesk>) -> Result<bool, StoreError> {
        let text = match self.files.fetch(desk, wanted.version).await {
            Ok(text) if hex::encode(Sha256::digest(&text)) == wanted.hash => text,
            Ok(_) => {
                return Ok(not_yet(
                    desk,
                    wanted,
                    "the router sent another file than the one in force",
                ));
            }
            Err(reason) => return Ok(not_yet(desk, wanted, &reason)),
        };
        let Ok(file) = tandem_desk_file::parse(&text) else {
            return Ok(not_yet(
                desk,
                wanted,
                "the file is not understood: this program is older than the router",
            ));
        };
        let known = KnownDesk::new(&file, wanted.version, wanted.hash.clone(), text, earlier, wanted.at);
        let row = row(desk, IN_USE, Some(&known));
        self.store
            .commit(Commit {
                rows: vec![row],
                ..Commit::default()
            })
            .await?;
        Ok(self.put(desk, &known))
    }

    fn put(&self, desk: &DeskId, known: &KnownDesk) -> bool {
        match Desk::compile(desk.clone(), known) {
            Ok(compiled) => {
                self.directory.put(compiled);
                tracing::info!(%desk, version = known.version, "desk version in use");
                true
            }
            Err(faults) => {
                let faults = faults.len();
                tracing::error!(%desk, version = known.version, faults, "desk file not understood; its mail waits at the senders'");
                false
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, desk: &DeskId, key: &str) -> Result<Option<T>, StoreError> {
        let Some(value) = self.store.row(desk, TABLE, key).await? else {
            return Ok(None);
        };
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            table: TABLE,
            key: format!("{desk}/{key}"),
            why: format!("{:?} error", error.classify()),
        };
        serde_json::from_slice(&value).map(Some).map_err(damaged)
    }
}

fn not_yet(desk: &DeskId, wanted: &Wanted, reason: &str) -> bool {
    tracing::warn!(%desk, version = wanted.version, reason, "desk version not in use yet");
    false
}

fn row<T: Serialize>(desk: &DeskId, key: &str, value: Option<&T>) -> Row {
    let value = value.map(|value| {
        serde_json::to_vec(value)
            .expect("rows about desks are plain data")
            .into()
    });
    Row {
        desk: desk.clone(),
        table: TABLE.to_owned(),
        key: key.to_owned(),
        value,
    }
}
