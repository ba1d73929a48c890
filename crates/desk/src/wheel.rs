//! The wheel of one open desk: gather → handle → commit → answer → relay. While a commit runs, calls
//! gather; none is handled. So nothing uncommitted is ever seen.

use std::sync::Arc;
use std::time::Duration;

use tandem_store::{Append, Commit, StoreError};
use tokio::time::Instant;
use tracing::Instrument;

use crate::Journaled;
use crate::batch::Draft;
use crate::call::Call;
use crate::gather::Gather;
use crate::handling::{Halted, Handling, wake_at};
use crate::heads::Head;
use crate::instruments::{self, Kinds};
use crate::opening::OpenDesk;
use crate::requests::{self, Remembered};
use crate::sessions::Sessions;
use crate::shared::Shared;
use crate::snapshots::Snapshots;
use crate::store_calls::{commit_within, within};

/// A timer that is due but did nothing is not tried again before this.
const IDLE_TIMER: Duration = Duration::from_millis(100);

/// Why the wheel stopped turning.
pub(crate) enum Stopped<C: Journaled> {
    /// Asked to; the batch at hand is finished.
    Asked,
    /// The desk may be somebody else's by now.
    LeaseLost,
    /// The state in memory is worth nothing any more.
    Broken(Failure<C>),
}

/// What went wrong, with the calls of the batch that it went wrong with.
pub(crate) struct Failure<C: Journaled> {
    pub(crate) cause: FailureCause<C>,
    pub(crate) calls: Vec<Call<C>>,
}

pub(crate) enum FailureCause<C: Journaled> {
    Store(StoreError),
    Core(Halted<C>),
}

/// An open desk whose wheel turns.
pub(crate) struct Wheel<C: Journaled> {
    shared: Arc<Shared>,
    desk: OpenDesk<C>,
    sessions: Sessions,
    snapshots: Snapshots,
    timers_from: Instant,
    head_due: Instant,
}

impl<C: Journaled> Wheel<C> {
    /// Timers rest until `timers_from`: they made the core panic just now.
    pub(crate) fn new(shared: Arc<Shared>, desk: OpenDesk<C>, timers_from: Instant) -> Self {
        let sessions = Sessions::new(shared.settings.session_grace);
        let snapshots = Snapshots::new(desk.snapshot_seq);
        Self {
            shared,
            desk,
            sessions,
            snapshots,
            timers_from,
            head_due: Instant::now(),
        }
    }

    /// Turns until something stops it. `turned` is called after each turn that went well.
    pub(crate) async fn run(&mut self, gather: &mut Gather<C>, mut turned: impl FnMut()) -> Stopped<C> {
        self.publish_head();
        loop {
            let max = self.shared.settings.batch_max;
            let Some(mut calls) = gather.next(self.wake_at(), &self.shared.stop, max).await else {
                return Stopped::Asked;
            };
            if !self.shared.lease.is_valid() {
                gather.carry(calls);
                return Stopped::LeaseLost;
            }
            if let Err(cause) = self.turn(&mut calls).await {
                return Stopped::Broken(Failure { cause, calls });
            }
            self.answer(calls);
            turned();
        }
    }

    /// The desk as it is after the last commit.
    pub(crate) fn into_desk(self) -> OpenDesk<C> {
        self.desk
    }

    fn wake_at(&self) -> Instant {
        wake_at(&self.desk, &self.sessions)
            .max(self.timers_from)
            .min(self.head_due)
    }

    async fn turn(&mut self, calls: &mut [Call<C>]) -> Result<(), FailureCause<C>> {
        let keys = requests::keys(calls);
        let look_up = Remembered::look_up(self.shared.store.as_ref(), &keys);
        let remembered = within(self.shared.settings.store_timeout, look_up)
            .await
            .map_err(FailureCause::Store)?;
        let mut draft = self.handle(calls, remembered).map_err(FailureCause::Core)?;
        if !draft.is_empty() {
            self.commit(&mut draft).await.map_err(FailureCause::Store)?;
        }
        self.settle(draft);
        Ok(())
    }

    fn handle(&mut self, calls: &mut [Call<C>], remembered: Remembered) -> Result<Draft<C>, Halted<C>> {
        let mut draft = Draft::new(self.desk.clock.now(), self.desk.level, remembered);
        let timers = Instant::now() >= self.timers_from;
        let (shared, desk, sessions) = (self.shared.as_ref(), &mut self.desk, &mut self.sessions);
        Handling {
            shared,
            desk,
            sessions,
            draft: &mut draft,
            timers,
        }
        .run(calls)?;
        self.rest_idle_timer(&draft);
        Ok(draft)
    }

    /// A core whose timer stays due without doing anything would make the wheel spin.
    fn rest_idle_timer(&mut self, draft: &Draft<C>) {
        let still_due = self.desk.core.next_wakeup().is_some_and(|due| due <= draft.now);
        if still_due && draft.events.is_empty() {
            self.timers_from = self.timers_from.max(Instant::now() + IDLE_TIMER);
        }
    }

    async fn commit(&mut self, draft: &mut Draft<C>) -> Result<(), StoreError> {
        let records = std::mem::take(&mut draft.records);
        let span = tracing::info_span!("desk.commit", stream = %self.shared.stream, records = records.len());
        if let Some(trace) = &draft.trace {
            (self.shared.settings.link_span)(&span, trace);
        }
        let (written, kinds, begun) = (records.len() as u64, Kinds::of(&records), Instant::now());
        let commit = Commit {
            append: (!records.is_empty()).then(|| Append {
                stream: self.shared.stream.clone(),
                first_seq: self.desk.seq + 1,
                incarnation: self.desk.incarnation,
                records,
            }),
            rows: draft.take_rows(&self.shared.stream),
            requests: std::mem::take(&mut draft.requests),
            ..Commit::default()
        };
        let limit = self.shared.settings.store_timeout;
        let outcome = commit_within(limit, self.shared.store.as_ref(), commit)
            .instrument(span)
            .await;
        instruments::committed(C::SERVICE, begun.elapsed(), kinds, outcome.is_ok());
        outcome?;
        self.desk.seq += written;
        Ok(())
    }

    /// The batch is committed: its consequences outside the core.
    fn settle(&mut self, draft: Draft<C>) {
        draft.events.iter().filter_map(C::late_by).for_each(instruments::late);
        self.desk.level = draft.level;
        self.desk.parked.extend(draft.parked);
        self.desk.parked.retain(|id, _| !draft.unparked.contains(id));
        let moved = self
            .shared
            .head
            .borrow()
            .as_ref()
            .is_none_or(|head| head.seq != self.desk.seq);
        if moved || Instant::now() >= self.head_due {
            self.publish_head();
        }
        if !draft.topics.is_empty() {
            // A hint that does not fit is lost; listeners look again by themselves now and then.
            let _ = self.shared.topics.try_send(draft.topics);
        }
        self.snapshots.consider::<C>(&self.shared, self.desk.seq);
    }

    /// Asked between two turns, so no event before `at` can still come behind `seq`.
    fn publish_head(&mut self) {
        self.head_due = Instant::now() + self.shared.settings.head_every;
        let head = Head {
            service: C::SERVICE.to_owned(),
            desk: self.shared.stream.desk.clone(),
            incarnation: self.desk.incarnation,
            seq: self.desk.seq,
            at: self.desk.clock.now(),
        };
        self.shared.head.send_replace(Some(head));
        let (seq, level, ahead) = (self.desk.seq, self.desk.level, self.desk.clock.journal_ahead());
        self.shared
            .set_status(|status| (status.seq, status.level, status.journal_ahead) = (seq, level, ahead));
    }

    fn answer(&self, calls: Vec<Call<C>>) {
        instruments::gathered(C::SERVICE, calls.iter().filter(|call| call.is_write()).count());
        for call in calls {
            if let Some((method, outcome)) = call.outcome() {
                instruments::answered(C::SERVICE, method, outcome);
            }
            call.answer(self.shared.lease.is_valid());
        }
    }
}
