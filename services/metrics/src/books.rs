//! The roll-ups, kept from the router's journal, one book per desk.
//!
//! A book in memory is only ever trusted after a look at one row: the measures' progress. Whoever has the same bytes there
//! has the same state, because the state follows from the journal alone; whoever has not, because another replica was
//! faster or a commit failed, reads the book again from its rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_desk::{Consume, DecodeError, HandleError, Recorded, decode_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{DeskId, Event, RowChange, Timestamp};
use tandem_measures::{Grain, Live, Mark, Measures, table};
use tandem_routing::RoutingCore;
use tandem_store::{Commit, Record, Store, StoreError, Stream};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::Instant;

use crate::rows::{ReadError, Scan, forget, rows_of};

/// How old what watchers see may become while events keep coming.
const LIVE_EVERY: Duration = Duration::from_secs(1);
/// How long events wait for those behind them: a roll-up is the same row for all of them.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);

/// The books of all desks.
pub(crate) struct Books {
    store: Arc<dyn Store>,
    desks: Mutex<HashMap<DeskId, Arc<Kept>>>,
}

/// One desk's book, and a bell that rings when it has changed.
struct Kept {
    book: AsyncMutex<Book>,
    bell: watch::Sender<()>,
}

#[derive(Default)]
struct Book {
    /// None: it must be read. Nothing of a change that broke off is left.
    pages: Option<Pages>,
    /// Whether the pages hold what is committed, and nothing else, as far as this replica was told.
    settled: bool,
    live: Arc<Live>,
    shown_at: Option<Instant>,
}

struct Pages {
    /// The stored progress of which `measures` are the state; none: nothing is stored.
    progress: Option<Bytes>,
    measures: Measures,
}

/// A record of the router's journal; without an event where it is the shell's own.
struct Entry<'a> {
    mark: Mark,
    kind: &'a str,
    event: Option<Event<RoutingEvent>>,
}

impl Books {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let desks = Mutex::default();
        Self { store, desks }
    }

    /// Rings whenever something has changed on the desk.
    pub(crate) fn listen(&self, desk: &DeskId) -> watch::Receiver<()> {
        self.kept(desk).bell.subscribe()
    }

    /// The desk as it is at `now`, as far as it is committed.
    pub(crate) async fn live(&self, desk: &DeskId, now: Timestamp) -> Result<Arc<Live>, ReadError> {
        let kept = self.kept(desk);
        let mut book = kept.book.lock().await;
        if !book.settled {
            book.refresh(self.store.as_ref(), desk).await?;
        }
        book.show(now);
        Ok(book.live.clone())
    }

    fn kept(&self, desk: &DeskId) -> Arc<Kept> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = desks.entry(desk.clone()).or_insert_with(|| {
            Arc::new(Kept {
                book: AsyncMutex::default(),
                bell: watch::Sender::new(()),
            })
        });
        kept.clone()
    }
}

#[async_trait]
impl Consume for Books {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        let entries = records.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let kept = self.kept(&stream.desk);
        let mut book = kept.book.lock().await;
        book.refresh(self.store.as_ref(), &stream.desk).await.map_err(wait)?;
        Ok(Commit {
            rows: rows_of(&stream.desk, book.take(&entries)),
            ..Commit::default()
        })
    }

    async fn committed(&self, stream: &Stream) {
        let kept = self.kept(&stream.desk);
        let mut book = kept.book.lock().await;
        // Reading the book again can be dear, as where another replica keeps it: only for those who watch it.
        book.settled = false;
        if kept.bell.receiver_count() == 0 {
            return;
        }
        // What cannot be looked at now is looked at before the next event.
        if let Err(error) = book.refresh(self.store.as_ref(), &stream.desk).await {
            tracing::debug!(%stream, %error, "measures not looked at");
            return;
        }
        let due = book.shown_at.is_some_and(|at| at.elapsed() >= LIVE_EVERY);
        if due {
            book.show(Timestamp::EPOCH);
        }
        kept.bell.send_replace(());
    }

    async fn reset(&self, stream: &Stream) -> Commit {
        forget(self.store.as_ref(), stream, &table::FROM_ROUTER).await
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

impl Book {
    /// Brings the book to what is stored.
    async fn refresh(&mut self, store: &dyn Store, desk: &DeskId) -> Result<(), ReadError> {
        let progress = progress(store, desk).await?;
        if self.pages.as_ref().is_none_or(|pages| pages.progress != progress) {
            self.pages = Some(load(store, desk).await?);
        }
        self.settled = true;
        Ok(())
    }

    /// Takes events into a book that has just been looked at; what is to be stored.
    fn take(&mut self, entries: &[Entry]) -> Vec<RowChange> {
        // Should this panic, no half-written page is left.
        let Some(mut pages) = self.pages.take() else {
            return Vec::new();
        };
        self.settled = false;
        let changes = pages.take(entries);
        self.pages = Some(pages);
        changes
    }

    fn show(&mut self, now: Timestamp) {
        if let Some(pages) = self.pages.as_ref().filter(|_| self.settled) {
            self.live = Arc::new(pages.measures.live(now));
            self.shown_at = Some(Instant::now());
        }
    }
}

impl Pages {
    /// Entries that are in it already were committed by another replica, and so nothing of this will be.
    fn take(&mut self, entries: &[Entry]) -> Vec<RowChange> {
        let known = self.measures.mark().map_or(0, |mark| mark.seq);
        for Entry { mark, kind, event } in entries.iter().filter(|entry| entry.mark.seq > known) {
            match event {
                Some(event) => self.measures.observe(*mark, kind, event),
                None => self.measures.pass(*mark),
            }
        }
        let changes = self.measures.take_rows();
        let progress = changes.iter().find(|change| change.key == Measures::PROGRESS);
        self.progress = progress.and_then(|change| change.value.clone()).map(Bytes::from);
        changes
    }
}

fn entry(record: &Record) -> Result<Entry<'_>, HandleError> {
    let event = match decode_record::<RoutingCore>(record).map_err(|error| not_read(&error))? {
        Recorded::Core(event) => Some(event),
        Recorded::Shell(_) => None,
    };
    Ok(Entry {
        mark: Mark {
            seq: record.seq,
            incarnation: record.incarnation,
        },
        kind: &record.kind,
        event,
    })
}

/// What a newer program wrote waits for a newer program; leaving it out would make the measures wrong.
pub(crate) fn not_read(error: &DecodeError) -> HandleError {
    match error {
        DecodeError::UnknownKind(_) => HandleError::Wait(error.to_string()),
        DecodeError::Damaged(_) => HandleError::Fail(error.to_string()),
    }
}

pub(crate) fn wait(error: ReadError) -> HandleError {
    match error {
        ReadError::Store(error) => error.into(),
        ReadError::Damaged(damaged) => HandleError::Wait(damaged.to_string()),
    }
}

/// A book from its rows. If another replica commits meanwhile, what was read may not fit together: it is read again.
/// The next look at the progress would not find out, since by then the same records may have been taken here, too.
async fn load(store: &dyn Store, desk: &DeskId) -> Result<Pages, ReadError> {
    loop {
        let progress = progress(store, desk).await?;
        let pages = read(store, desk, progress).await?;
        if pages.progress == self::progress(store, desk).await? {
            return Ok(pages);
        }
    }
}

/// How far the stored measures are.
async fn progress(store: &dyn Store, desk: &DeskId) -> Result<Option<Bytes>, StoreError> {
    store.row(desk, table::STATE, Measures::PROGRESS).await
}

/// A book whose progress is known, from its other rows.
async fn read(store: &dyn Store, desk: &DeskId, progress: Option<Bytes>) -> Result<Pages, ReadError> {
    let state = Scan::new(store, desk, table::STATE, "").all().await?;
    let rows = state.iter().filter(|(key, _)| key != Measures::PROGRESS);
    let first = progress.iter().map(|progress| (Measures::PROGRESS, progress.as_ref()));
    let mut measures = Measures::load(first.chain(rows.map(|(key, value)| (key.as_str(), value.as_ref()))))?;
    for grain in Grain::ALL {
        let Some(prefix) = measures.at_hand(grain) else {
            continue;
        };
        for (key, value) in Scan::new(store, desk, table::of(grain), &prefix).all().await? {
            measures.put_cell(grain, &key, &value)?;
        }
    }
    Ok(Pages { progress, measures })
}
