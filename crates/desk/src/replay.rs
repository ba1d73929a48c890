//! A core's state from its journal: snapshot first, then the tail in chunks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use prost::Message;
use tandem_domain::Timestamp;
use tandem_store::{JournalStore, Record, Snapshot, StoreError, Stream};

use crate::shell_event::{Recorded, ShellEvent, read_record};
use crate::store_calls::within;
use crate::{Journaled, Lexicon, Settings};

/// The journal level of a desk on which none was ever raised.
pub(crate) const FIRST_LEVEL: u32 = 1;

/// A core's state at a `seq`, with what the shell knows beside it.
pub(crate) struct Replay<C> {
    pub(crate) core: C,
    pub(crate) seq: u64,
    pub(crate) incarnation: u64,
    pub(crate) last_at: Timestamp,
    pub(crate) epoch: u64,
    pub(crate) level: u32,
    pub(crate) snapshot_seq: u64,
}

/// Why a journal cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// By this program, now or ever.
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a snapshot holds: the core's bytes, and what the shell needs of the records before it.
#[derive(Clone, PartialEq, Message)]
struct Frozen {
    #[prost(uint64, tag = "1")]
    epoch: u64,
    #[prost(uint32, tag = "2")]
    level: u32,
    #[prost(bytes = "bytes", tag = "3")]
    core: Bytes,
}

impl<C: Journaled> Replay<C> {
    /// The state at the journal's end.
    pub(crate) async fn load(
        store: &(impl JournalStore + ?Sized),
        stream: &Stream,
        settings: &Settings,
    ) -> Result<Self, ReplayError> {
        let mut replay = match Self::from_snapshot(store, stream, settings).await? {
            Some(replay) => replay,
            None => Self::from_nothing(stream),
        };
        replay.catch_up(store, stream, settings).await?;
        Ok(replay)
    }

    fn from_nothing(stream: &Stream) -> Self {
        Self {
            core: C::new(&stream.desk),
            seq: 0,
            incarnation: 0,
            last_at: Timestamp::EPOCH,
            epoch: 0,
            level: FIRST_LEVEL,
            snapshot_seq: 0,
        }
    }

    /// None: there is no snapshot, or none that can be used; the journal has everything anyway.
    async fn from_snapshot(
        store: &(impl JournalStore + ?Sized),
        stream: &Stream,
        settings: &Settings,
    ) -> Result<Option<Self>, ReplayError> {
        let limit = settings.store_timeout;
        let Some(snapshot) = within(limit, store.snapshot(stream)).await? else {
            return Ok(None);
        };
        let at_seq = within(limit, store.read(stream, snapshot.seq, 1)).await?;
        match thaw(stream, &snapshot, at_seq.first()) {
            Ok(replay) => Ok(Some(replay)),
            Err(reason) => {
                tracing::warn!(%stream, seq = snapshot.seq, reason, "snapshot dropped; replaying the whole journal");
                within(limit, store.drop_snapshot(stream)).await?;
                Ok(None)
            }
        }
    }

    /// Applies what has been written behind the state's `seq`.
    pub(crate) async fn catch_up(
        &mut self,
        store: &(impl JournalStore + ?Sized),
        stream: &Stream,
        settings: &Settings,
    ) -> Result<(), ReplayError> {
        let mut lexicon = Lexicon::default();
        loop {
            let chunk = within(
                settings.store_timeout,
                store.read(stream, self.seq + 1, settings.read_chunk),
            )
            .await?;
            for record in &chunk {
                self.apply(record, &mut lexicon)?;
            }
            if chunk.len() < settings.read_chunk {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    fn apply(&mut self, record: &Record, lexicon: &mut Lexicon) -> Result<(), ReplayError> {
        let unreadable = |why: String| ReplayError::Unreadable(format!("seq {}: {why}", record.seq));
        if record.seq != self.seq + 1 {
            return Err(unreadable(format!("the journal has a gap behind seq {}", self.seq)));
        }
        match read_record::<C>(record, lexicon).map_err(|error| unreadable(error.to_string()))? {
            Recorded::Core(event) => guarded(|| self.core.apply(&event)).map_err(unreadable)?,
            Recorded::Shell(event) => self.apply_shell(&event).map_err(unreadable)?,
        }
        self.seq = record.seq;
        self.incarnation = record.incarnation;
        self.last_at = self.last_at.max(record.at);
        Ok(())
    }

    fn apply_shell(&mut self, event: &ShellEvent) -> Result<(), String> {
        match event {
            ShellEvent::Opened { epoch, level, .. } => (self.epoch, self.level) = (*epoch, *level),
            ShellEvent::LevelRaised { level, .. } => self.level = *level,
        }
        if self.level > C::LEVEL {
            return Err(format!(
                "journal level {} is above this program's {}",
                self.level,
                C::LEVEL
            ));
        }
        Ok(())
    }

    /// The state as it can be saved.
    pub(crate) fn freeze(&self) -> Snapshot {
        freeze(&self.core, self.seq, self.incarnation, self.epoch, self.level)
    }
}

/// A core's state as it can be saved.
pub(crate) fn freeze<C: Journaled>(core: &C, seq: u64, incarnation: u64, epoch: u64, level: u32) -> Snapshot {
    let bytes = Frozen {
        epoch,
        level,
        core: core.snapshot().into(),
    }
    .encode_to_vec();
    Snapshot {
        seq,
        incarnation,
        format: C::SNAPSHOT_FORMAT,
        bytes: bytes.into(),
    }
}

/// `at_seq` is the journal's record at the snapshot's `seq`: if it is another one than the snapshot was
/// taken at, the journal was restored from a backup since.
pub(crate) fn thaw<C: Journaled>(
    stream: &Stream,
    snapshot: &Snapshot,
    at_seq: Option<&Record>,
) -> Result<Replay<C>, String> {
    let record = at_seq.filter(|record| record.seq == snapshot.seq && record.incarnation == snapshot.incarnation);
    let record = record.ok_or("the journal has another history")?;
    let frozen = Frozen::decode(snapshot.bytes.clone()).map_err(|error| error.to_string())?;
    let core = guarded(|| C::restore(&stream.desk, snapshot.format, &frozen.core))?;
    Ok(Replay {
        core: core.map_err(|error| error.to_string())?,
        seq: snapshot.seq,
        incarnation: snapshot.incarnation,
        last_at: record.at,
        epoch: frozen.epoch,
        level: frozen.level,
        snapshot_seq: snapshot.seq,
    })
}

/// Runs a piece of a core; a panic becomes its message. What it has touched is thrown away afterwards.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        format!(
            "the core panicked: {}",
            text.unwrap_or_else(|| "without a message".to_owned())
        )
    })
}
