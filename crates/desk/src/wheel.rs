//! The wheel of one open desk: gather → handle → commit → answer → relay.
//!
//! While a batch is being committed, the next one is looked up and handled: it is committed behind it, and nobody is
//! told of it before. If the commit fails, so does whatever was handled on top of it: the state in memory is thrown
//! away and the calls are handled again. So nothing uncommitted is ever seen.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_store::StoreError;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::Journaled;
use crate::batch::Batch;
use crate::call::Call;
use crate::committing::Committing;
use crate::gather::Gather;
use crate::handling::{Halted, Handling, wake_at};
use crate::heads::Head;
use crate::instruments;
use crate::opening::OpenDesk;
use crate::recent::Followed;
use crate::requests::{self, Remembered};
use crate::sessions::Sessions;
use crate::shared::Shared;
use crate::snapshots::Snapshots;
use crate::store_calls::within;

/// A timer that is due but did nothing is not tried again before this.
const IDLE_TIMER: Duration = Duration::from_millis(100);

/// Why the wheel stopped turning.
pub(crate) enum Stopped<C: Journaled> {
    /// Asked to; the batches at hand are finished.
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
    /// They were taken up already, on top of what failed.
    pub(crate) behind: Vec<Call<C>>,
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
    /// Calls whose repeats are being looked up.
    asking: Option<Asking<C>>,
    /// What is handled already and is committed next.
    next: Option<Batch<C>>,
    under_way: Option<Committing<C>>,
    /// It stops once nothing is under way; no more calls are taken.
    stopping: Option<Stopped<C>>,
}

struct Asking<C: Journaled> {
    calls: Vec<Call<C>>,
    /// What was committed after it was asked; the answer may not have it.
    meanwhile: Remembered,
    answer: AbortOnDropHandle<Result<Remembered, StoreError>>,
}

/// What the wheel waits for.
enum Step<C: Journaled> {
    Committed(Result<(), StoreError>),
    LookedUp(Result<Remembered, StoreError>),
    /// None: asked to stop.
    Gathered(Option<Vec<Call<C>>>),
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
            asking: None,
            next: None,
            under_way: None,
            stopping: None,
        }
    }

    /// Turns until something stops it. `turned` is called after each turn that went well.
    pub(crate) async fn run(&mut self, gather: &mut Gather<C>, mut turned: impl FnMut()) -> Stopped<C> {
        self.publish_head(self.desk.clock.now(), self.desk.level);
        loop {
            if self.is_at_rest()
                && let Some(stopped) = self.stopping.take()
            {
                return stopped;
            }
            let mut ended = None;
            match self.step(gather).await {
                Step::Committed(Ok(())) => ended = self.committed(),
                Step::Committed(Err(error)) => return Stopped::Broken(self.not_committed(error)),
                Step::LookedUp(Ok(remembered)) => self.looked_up(remembered),
                Step::LookedUp(Err(error)) => self.not_looked_up(error),
                Step::Gathered(calls) => self.gathered(calls, gather),
            }
            // The store has work again before callers are told and hints are made.
            let has_started = self.start_next(gather).await;
            if let Some(batch) = ended {
                self.settle(batch);
                turned();
            }
            if has_started {
                self.find_topics();
            }
        }
    }

    /// The desk as it is after the last commit; nothing is under way.
    pub(crate) fn into_desk(self) -> OpenDesk<C> {
        self.desk
    }

    fn is_at_rest(&self) -> bool {
        self.under_way.is_none() && self.asking.is_none() && self.next.is_none()
    }

    async fn step(&mut self, gather: &mut Gather<C>) -> Step<C> {
        let wake_at = self.wake_at();
        let taken = self.next.as_ref().map_or(0, |batch| batch.calls.len());
        let room = self.shared.settings.batch_max.saturating_sub(taken);
        let is_open = self.next.is_none() || (room > 0 && !gather.is_one_by_one());
        let takes_more = is_open && self.asking.is_none() && self.stopping.is_none();
        tokio::select! {
            biased;
            outcome = ended(&mut self.under_way) => Step::Committed(outcome),
            outcome = answered(&mut self.asking) => Step::LookedUp(outcome),
            calls = gather.next(wake_at, &self.shared.stop, room), if takes_more => Step::Gathered(calls),
        }
    }

    /// When it turns without a call; never for a batch that waits for its turn anyway.
    fn wake_at(&self) -> Option<Instant> {
        let due = wake_at(&self.desk, &self.sessions)
            .max(self.timers_from)
            .min(self.head_due);
        self.next.is_none().then_some(due)
    }

    fn gathered(&mut self, calls: Option<Vec<Call<C>>>, gather: &mut Gather<C>) {
        let Some(calls) = calls else {
            self.stopping = Some(Stopped::Asked);
            return;
        };
        if !self.shared.lease.is_valid() {
            gather.carry(calls);
            self.stopping = Some(Stopped::LeaseLost);
            return;
        }
        let keys = requests::keys(&calls);
        if keys.is_empty() {
            return self.handle(calls, Remembered::default());
        }
        let shared = self.shared.clone();
        let asking = tokio::spawn(async move {
            let look_up = Remembered::look_up(shared.store.as_ref(), &keys);
            within(shared.settings.store_timeout, look_up).await
        });
        self.asking = Some(Asking {
            calls,
            meanwhile: Remembered::default(),
            answer: AbortOnDropHandle::new(asking),
        });
    }

    fn looked_up(&mut self, mut remembered: Remembered) {
        if let Some(Asking { calls, meanwhile, .. }) = self.asking.take() {
            remembered.extend(meanwhile);
            self.handle(calls, remembered);
        }
    }

    fn not_looked_up(&mut self, error: StoreError) {
        let asked = self.asking.take().map(|asking| asking.calls);
        let handled = self.next.take().map(|batch| batch.calls);
        let calls = handled.into_iter().chain(asked).flatten().collect();
        self.break_off(FailureCause::Store(error), calls);
    }

    /// Stops as soon as it is known what became of the batch under way.
    fn break_off(&mut self, cause: FailureCause<C>, calls: Vec<Call<C>>) {
        let behind = Vec::new();
        self.stopping = Some(Stopped::Broken(Failure { cause, calls, behind }));
    }

    fn handle(&mut self, calls: Vec<Call<C>>, remembered: Remembered) {
        let mut batch = self.next.take().unwrap_or_else(|| Batch::new(self.desk.level));
        batch.draft.now = self.desk.clock.now();
        batch.draft.remembered.extend(remembered);
        let handling = Handling {
            shared: self.shared.as_ref(),
            desk: &mut self.desk,
            sessions: &mut self.sessions,
            draft: &mut batch.draft,
            before: self.under_way.as_ref().map(Committing::remembered),
            timers: Instant::now() >= self.timers_from,
        };
        let first = batch.calls.len();
        batch.calls.extend(calls);
        match handling.run(&mut batch.calls, first) {
            Ok(()) => {
                self.rest_idle_timer(&batch);
                self.next = Some(batch);
            }
            Err(halted) => self.break_off(FailureCause::Core(halted), batch.calls),
        }
    }

    /// A core whose timer stays due without doing anything would make the wheel spin.
    fn rest_idle_timer(&mut self, batch: &Batch<C>) {
        let still_due = self.desk.core.next_wakeup().is_some_and(|due| due <= batch.draft.now);
        if still_due && batch.draft.events.is_empty() {
            self.timers_from = self.timers_from.max(Instant::now() + IDLE_TIMER);
        }
    }

    /// Commits what is handled, unless something else is being committed; whether it does.
    async fn start_next(&mut self, gather: &mut Gather<C>) -> bool {
        if self.under_way.is_some() {
            return false;
        }
        let Some(mut batch) = self.next.take() else {
            return false;
        };
        if !self.shared.lease.is_valid() {
            batch.calls.iter_mut().for_each(|call| call.undecide(false));
            gather.carry(batch.calls);
            self.stopping = Some(Stopped::LeaseLost);
            return false;
        }
        self.desk.level = batch.draft.level;
        batch.draft.settle_parked(&mut self.desk.parked);
        self.under_way = Some(Committing::start(&self.shared, &self.desk, batch));
        // Another thread takes it up before this one goes on with the next batch.
        tokio::task::yield_now().await;
        true
    }

    /// Whom the batch under way concerns: found out while the store works, and before anything else is handled.
    fn find_topics(&mut self) {
        if let Some(committing) = &mut self.under_way {
            committing.find_topics(&self.desk.core);
        }
    }

    fn committed(&mut self) -> Option<Batch<C>> {
        let (records, mut batch) = self.under_way.take()?.into_parts();
        let remembered = std::mem::take(&mut batch.draft.remembered);
        if let Some(asking) = &mut self.asking {
            asking.meanwhile.extend(remembered);
        }
        self.desk.seq += records.len() as u64;
        let written = records.iter().map(Followed::size).sum();
        self.snapshots.consider::<C>(&self.shared, self.desk.seq, written);
        self.shared.hand_over(records);
        Some(batch)
    }

    fn not_committed(&mut self, error: StoreError) -> Failure<C> {
        let calls = self
            .under_way
            .take()
            .map_or_else(Vec::new, |committing| committing.into_parts().1.calls);
        let halted = match self.stopping.take() {
            Some(Stopped::Broken(failure)) => Some(failure.calls),
            _ => None,
        };
        let next = self.next.take().map(|batch| batch.calls);
        let asked = self.asking.take().map(|asking| asking.calls);
        Failure {
            cause: FailureCause::Store(error),
            calls,
            behind: halted.into_iter().chain(next).chain(asked).flatten().collect(),
        }
    }

    /// The batch is committed: its consequences outside the core.
    fn settle(&mut self, batch: Batch<C>) {
        let Batch { calls, draft } = batch;
        draft.events.iter().filter_map(C::late_by).for_each(instruments::late);
        let moved = self
            .shared
            .head
            .borrow()
            .as_ref()
            .is_none_or(|head| head.seq != self.desk.seq);
        if moved || Instant::now() >= self.head_due {
            self.publish_head(draft.now, draft.level);
        }
        if !draft.topics.is_empty() {
            // A hint that does not fit is lost; listeners look again by themselves now and then.
            let _ = self.shared.topics.try_send(draft.topics);
        }
        self.answer(calls);
    }

    /// `at` is when the last batch that is committed was handled: no event before it can still come behind `seq`, while
    /// the next batch may have been handled by now.
    fn publish_head(&mut self, at: Timestamp, level: u32) {
        self.head_due = Instant::now() + self.shared.settings.head_every;
        let head = Head {
            service: C::SERVICE.to_owned(),
            desk: self.shared.stream.desk.clone(),
            incarnation: self.desk.incarnation,
            seq: self.desk.seq,
            at,
        };
        self.shared.head.send_replace(Some(head));
        let (seq, ahead) = (self.desk.seq, self.desk.clock.journal_ahead());
        self.shared
            .set_status(|status| (status.seq, status.level, status.journal_ahead) = (seq, level, ahead));
    }

    fn answer(&self, calls: Vec<Call<C>>) {
        instruments::gathered(C::SERVICE, calls.iter().filter(|call| call.is_write()).count());
        instruments::answered(C::SERVICE, calls.iter().filter_map(Call::outcome));
        let is_owner = self.shared.lease.is_valid();
        for call in calls {
            call.answer(is_owner);
        }
    }
}

async fn ended<C: Journaled>(under_way: &mut Option<Committing<C>>) -> Result<(), StoreError> {
    match under_way {
        Some(committing) => committing.outcome().await,
        None => pending().await,
    }
}

async fn answered<C: Journaled>(asking: &mut Option<Asking<C>>) -> Result<Remembered, StoreError> {
    let broken_off = |error| Err(StoreError::Unavailable(format!("the look-up was broken off: {error}")));
    match asking {
        Some(asking) => (&mut asking.answer).await.unwrap_or_else(broken_off),
        None => pending().await,
    }
}
