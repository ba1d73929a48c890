//! One stream's worker: drops repeats, notices gaps and heads that are further, reads what is missing
//! from the owner, and moves the position with what the handler did.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tandem_store::{Commit, Position, PositionUpdate, Record, StoreError, Stream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::history::{self, History};
use super::second::stand_back;
use super::{Consumer, HandleError, parked};
use crate::Head;
use crate::backoff::Backoff;
use crate::store_calls::{commit_within, within};

/// With so many events at hand no more are gathered.
const BATCH: usize = 1024;
/// How often one record is tried before it is parked.
const ATTEMPTS: u32 = 6;
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A position that moved over records which changed nothing is saved this long afterwards, unless something is committed
/// before. What a crash loses of it is handled again, and changes nothing again.
const SAVE_AFTER: Duration = Duration::from_secs(1);
const STORE_TIMEOUT: Duration = Duration::from_secs(20);
/// A handler that takes longer than this is tried again.
const HANDLER_TIMEOUT: Duration = Duration::from_mins(1);

/// What the bus brings.
pub(super) enum News {
    Records(Vec<Record>),
    Head(Head),
}

impl News {
    /// The head, if it is one.
    pub(super) fn into_head(self) -> Option<Head> {
        match self {
            Self::Records(_) => None,
            Self::Head(head) => Some(head),
        }
    }

    /// Up to where it tells of the stream.
    pub(super) fn up_to(&self) -> Option<Position> {
        match self {
            Self::Records(records) => records.last().map(place),
            Self::Head(head) => Some(Position {
                seq: head.seq,
                incarnation: head.incarnation,
            }),
        }
    }
}

/// Consumes one stream.
pub(super) struct Worker {
    consumer: Arc<Consumer>,
    stream: Stream,
    /// Up to here it is done.
    position: Option<Position>,
    /// What the store knows of it. What lies between changed nothing.
    saved: Option<Position>,
    save_due: Option<Instant>,
    /// Another replica was faster: it may go on with it.
    late: bool,
    backoff: Backoff,
}

/// What a step found.
#[derive(Default)]
struct Found {
    head: Option<Head>,
    events: Vec<Record>,
}

/// How handling records ended.
enum Handled {
    /// The position is behind them now.
    Committed,
    /// Another replica has moved the position; it has been read again.
    Moved,
}

impl Worker {
    pub(super) fn new(consumer: Arc<Consumer>, stream: Stream) -> Self {
        let backoff = Backoff::new(BACKOFF_MIN, BACKOFF_MAX, stream.desk.as_str().len() as u64);
        Self {
            consumer,
            stream,
            position: None,
            saved: None,
            save_due: None,
            late: false,
            backoff,
        }
    }

    /// Runs until nothing can come any more.
    pub(super) async fn run(mut self, mut news: mpsc::Receiver<News>) {
        self.reload().await;
        loop {
            if self.is_second() && stand_back(&mut self, &mut news).await.is_none() {
                return;
            }
            self.late = false;
            let first = tokio::select! {
                biased;
                () = until(self.save_due) => {
                    self.save().await;
                    continue;
                }
                first = news.recv() => first,
            };
            let Some(first) = first else { return };
            let found = self.gather(first, &mut news).await;
            self.step(found).await;
        }
    }

    /// Whether another replica does the work, as far as this one knows.
    pub(super) fn is_second(&self) -> bool {
        self.consumer.handler.is_second(&self.stream).unwrap_or(self.late)
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.position
    }

    /// Looks how far the other one has come; whether that is further than before.
    pub(super) async fn follow(&mut self) -> bool {
        let before = self.position;
        self.reload().await;
        let moved = self.position != before;
        if moved {
            self.consumer.handler.committed(&self.stream).await;
        }
        moved
    }

    /// Goes on from where the other one has come to.
    pub(super) async fn take_over(&mut self) {
        self.late = false;
        self.reload().await;
        self.catch_up(Found::default(), true).await;
    }

    /// What is there already, and what comes while the handler can wait.
    async fn gather(&self, first: News, news: &mut mpsc::Receiver<News>) -> Found {
        let until = Instant::now() + self.consumer.handler.patience();
        let mut found = Found::default();
        found.add(first);
        while found.events.len() < BATCH {
            let Ok(Some(more)) = timeout_at(until, news.recv()).await else {
                break;
            };
            found.add(more);
        }
        found
    }

    async fn step(&mut self, found: Found) {
        let head = found.head.as_ref().map(|head| head.seq);
        self.measure_lag(head);
        self.catch_up(found, false).await;
        self.measure_lag(head);
    }

    fn measure_lag(&self, head: Option<u64>) {
        if let Some(head) = head {
            let behind = head.saturating_sub(self.position.map_or(0, |position| position.seq));
            self.consumer.lag.set(&self.stream.desk, behind);
        }
    }

    /// `missed` says that there is more than was found.
    async fn catch_up(&mut self, found: Found, missed: bool) {
        let told = found.up_to();
        let whole = self.take(found.events).await && !missed;
        let behind = found.head.as_ref().is_some_and(|head| self.differs_from(head));
        if self.late {
            return;
        }
        let repaired = if whole && !behind {
            Ok(None)
        } else {
            self.repair(told).await
        };
        match repaired {
            Ok(newer_head) => self.tell_watermark(newer_head.or(found.head).as_ref()),
            // The next head comes in two seconds.
            Err(reason) => tracing::debug!(stream = %self.stream, reason, "missing events not read yet"),
        }
    }

    /// Handles the events that follow the position; `false` when some do not, other than repeats.
    async fn take(&mut self, events: Vec<Record>) -> bool {
        let mut run: Vec<Record> = Vec::new();
        let mut whole = true;
        for record in events {
            let at = run.last().map(place).or(self.position);
            let (seq, incarnation) = at.map_or((0, None), |at| (at.seq, Some(at.incarnation)));
            if record.seq == seq + 1 && incarnation.is_none_or(|known| known == record.incarnation) {
                run.push(record);
            } else if record.seq > seq {
                whole = false;
            }
        }
        self.handle(run).await && whole
    }

    fn differs_from(&self, head: &Head) -> bool {
        self.position
            != Some(Position {
                seq: head.seq,
                incarnation: head.incarnation,
            })
    }

    /// Reads what is missing from the owner, up to what was `told` of or to where the owner stands, and returns the owner's
    /// head. What comes behind that comes by itself: while the journal grows, there is always more to be read.
    async fn repair(&mut self, told: Option<u64>) -> Result<Option<Head>, String> {
        let mut until = told;
        while !self.late {
            match history::after(&self.consumer, &self.stream, self.position).await? {
                History::Rewritten => self.reset().await,
                History::Continues { records, head } if records.is_empty() => return Ok(head),
                History::Continues { records, head } => {
                    until = until.or(head.as_ref().map(|head| head.seq));
                    let handled = self.handle(records).await;
                    if handled && self.position.map(|at| at.seq) >= until {
                        return Ok(head);
                    }
                }
            }
        }
        Ok(None)
    }

    /// The head's time is only a watermark for those who have everything up to its `seq`.
    pub(super) fn tell_watermark(&self, head: Option<&Head>) {
        let Some(head) = head else { return };
        if self.position.is_some_and(|position| position.seq >= head.seq) {
            self.consumer.handler.watermark(&self.stream, head.seq, head.at);
        }
    }

    /// Handles records that follow the position; `false` when another replica was faster.
    async fn handle(&mut self, records: Vec<Record>) -> bool {
        if records.is_empty() {
            return true;
        }
        let together = self.try_handle(&records).await;
        match together {
            Ok(Handled::Committed) => return true,
            Ok(Handled::Moved) => return false,
            Err(_) if records.len() > 1 => {}
            Err(error) => return matches!(self.insist(&records[0], error).await, Handled::Committed),
        }
        for record in records {
            let alone = self.try_handle(std::slice::from_ref(&record)).await;
            let handled = match alone {
                Ok(handled) => handled,
                Err(error) => self.insist(&record, error).await,
            };
            if matches!(handled, Handled::Moved) {
                return false;
            }
        }
        true
    }

    /// Tries one record again and again, and parks it in the end.
    async fn insist(&mut self, record: &Record, mut error: HandleError) -> Handled {
        let mut backoff = Backoff::new(BACKOFF_MIN, BACKOFF_MAX, record.seq);
        for _ in 1..ATTEMPTS {
            if matches!(error, HandleError::Fail(_)) {
                break;
            }
            sleep(backoff.next()).await;
            match self.try_handle(std::slice::from_ref(record)).await {
                Ok(handled) => return handled,
                Err(again) => error = again,
            }
        }
        let (stream, seq) = (&self.stream, record.seq);
        tracing::error!(%stream, seq, consumer = self.consumer.name, reason = %error, "event parked");
        let row = parked::row(&self.consumer.name, stream, record, &error.to_string());
        let commit = Commit {
            rows: vec![row],
            ..Commit::default()
        };
        self.commit(commit, place(record)).await
    }

    async fn try_handle(&mut self, records: &[Record]) -> Result<Handled, HandleError> {
        let Some(last) = records.last() else {
            return Ok(Handled::Committed);
        };
        loop {
            match self.call_handler(records).await {
                Ok(commit) if changes_nothing(&commit) => return Ok(self.pass_over(place(last))),
                Ok(commit) => return Ok(self.commit(commit, place(last)).await),
                Err(HandleError::Wait(reason)) => self.pause(&reason).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// A handler that panics fails; one that hangs is tried again.
    async fn call_handler(&self, records: &[Record]) -> Result<Commit, HandleError> {
        let handling = AssertUnwindSafe(self.consumer.handler.handle(&self.stream, records)).catch_unwind();
        match timeout(HANDLER_TIMEOUT, handling).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(HandleError::Fail("the handler panicked".to_owned())),
            Err(_) => Err(HandleError::Retry("the handler took too long".to_owned())),
        }
    }

    async fn reset(&mut self) {
        tracing::warn!(stream = %self.stream, consumer = self.consumer.name, "history was rewritten; starting over");
        let commit = self.consumer.handler.reset(&self.stream).await;
        self.commit(commit, Position { seq: 0, incarnation: 0 }).await;
    }

    /// Commits with the new position. A store that is full or away is no fault of the records: it is
    /// waited for.
    async fn commit(&mut self, commit: Commit, to: Position) -> Handled {
        let counts = !changes_nothing(&commit);
        loop {
            let mut commit = commit.clone();
            commit.positions.push(PositionUpdate {
                consumer: self.consumer.name.clone(),
                stream: self.stream.clone(),
                from: self.saved,
                to,
            });
            let outcome = commit_within(STORE_TIMEOUT, self.consumer.store.as_ref(), commit).await;
            let handled = match outcome {
                Ok(()) => Handled::Committed,
                Err(StoreError::PositionMoved { .. }) if self.is_still_behind().await => continue,
                Err(StoreError::PositionMoved { .. }) => {
                    self.late = counts;
                    Handled::Moved
                }
                Err(error) => {
                    self.pause(&error.to_string()).await;
                    if let StoreError::OutcomeUnknown(_) = error {
                        Handled::Moved
                    } else {
                        continue;
                    }
                }
            };
            return self.moved(handled, to).await;
        }
    }

    async fn moved(&mut self, handled: Handled, to: Position) -> Handled {
        match handled {
            Handled::Committed => {
                (self.position, self.saved, self.save_due) = (Some(to), Some(to), None);
                self.backoff.succeeded();
            }
            Handled::Moved => self.reload().await,
        }
        self.consumer.handler.committed(&self.stream).await;
        handled
    }

    /// The records up to `to` changed nothing. So the position need not be in the store at once.
    fn pass_over(&mut self, to: Position) -> Handled {
        self.position = Some(to);
        self.save_due.get_or_insert_with(|| Instant::now() + SAVE_AFTER);
        Handled::Committed
    }

    async fn save(&mut self) {
        if let Some(position) = self.position {
            self.commit(Commit::default(), position).await;
        }
    }

    /// Another replica has saved its position, but one that this one has passed over as well: what this one does
    /// follows from there, too. It must be of the same opening: after another one, the history may be another.
    async fn is_still_behind(&mut self) -> bool {
        let stored = self.stored().await;
        let passed = |stored: Position| {
            let same = |at: Position| at.incarnation == stored.incarnation && stored.seq <= at.seq;
            self.position.is_some_and(same)
        };
        let behind = stored != self.saved && stored.is_some_and(passed);
        if behind {
            self.saved = stored;
        }
        behind
    }

    async fn reload(&mut self) {
        let stored = self.stored().await;
        (self.position, self.saved, self.save_due) = (stored, stored, None);
    }

    async fn stored(&mut self) -> Option<Position> {
        loop {
            let reading = self.consumer.store.position(&self.consumer.name, &self.stream);
            match within(STORE_TIMEOUT, reading).await {
                Ok(position) => return position,
                Err(error) => self.pause(&error.to_string()).await,
            }
        }
    }

    async fn pause(&mut self, reason: &str) {
        tracing::warn!(stream = %self.stream, consumer = self.consumer.name, reason, "events wait; tried again");
        sleep(self.backoff.next()).await;
    }
}

impl Found {
    fn add(&mut self, news: News) {
        match news {
            News::Records(records) => self.events.extend(records),
            News::Head(head) => self.head = Some(head),
        }
    }

    /// Up to where it tells of the stream; none if it tells nothing.
    fn up_to(&self) -> Option<u64> {
        let head = self.head.as_ref().map(|head| head.seq);
        self.events.iter().map(|record| record.seq).max().max(head)
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn changes_nothing(commit: &Commit) -> bool {
    let Commit {
        append,
        rows,
        requests,
        positions,
        jobs,
    } = commit;
    append.is_none() && rows.is_empty() && requests.is_empty() && positions.is_empty() && jobs.is_empty()
}

fn place(record: &Record) -> Position {
    Position {
        seq: record.seq,
        incarnation: record.incarnation,
    }
}
