//! Keeps one owned desk going: opens it, turns its wheel, and decides what a failure means for the desk
//! and for those who wait.

use std::sync::Arc;
use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_store::StoreError;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::call::{Call, not_owner};
use crate::gather::Gather;
use crate::handling::{Culprit, Halted};
use crate::opening::{OpenError, open};
use crate::shared::Shared;
use crate::snapshots::save_last;
use crate::wheel::{Failure, FailureCause, Stopped, Wheel};
use crate::{DeskError, DeskState, Journaled};

/// So many failures in a row, and callers are told at once instead of being kept waiting.
const PATIENCE: u32 = 3;

/// The longest rest of timers that make the core panic.
const TIMERS_REST: Duration = Duration::from_mins(1);

/// Keeps one owned desk going until it is given up.
pub(crate) struct Keeper<C: Journaled> {
    shared: Arc<Shared>,
    gather: Gather<C>,
    backoff: Backoff,
    timer_trouble: Backoff,
    timers_from: Instant,
}

/// What comes after a wheel has stopped.
enum Next<C: Journaled> {
    /// Open it again after a while; callers who come meanwhile may be told why they must wait.
    Reopen {
        after: Duration,
        refusal: Option<DeskError<C::Rejection>>,
    },
    /// The desk is not ours any more.
    GiveUp,
}

impl<C: Journaled> Keeper<C> {
    pub(crate) fn new(shared: Arc<Shared>, gather: Gather<C>) -> Self {
        let settings = &shared.settings;
        let seed = shared.random(Timestamp::EPOCH);
        let backoff = Backoff::new(settings.backoff_min, settings.backoff_max, seed);
        let timer_trouble = Backoff::new(settings.backoff_min, TIMERS_REST, seed);
        Self {
            shared,
            gather,
            backoff,
            timer_trouble,
            timers_from: Instant::now(),
        }
    }

    /// Runs until the desk is lost, or has been asked to stop.
    pub(crate) async fn run(mut self) {
        while let Next::Reopen { after, refusal } = self.open_and_turn().await {
            self.gather
                .pause(Instant::now() + after, &self.shared.stop, refusal)
                .await;
            if self.shared.stop.is_cancelled() {
                break;
            }
        }
        self.gather.close(&not_owner());
    }

    async fn open_and_turn(&mut self) -> Next<C> {
        if !self.shared.lease.is_valid() {
            return Next::GiveUp;
        }
        self.shared.set_state(DeskState::Opening);
        let desk = match open::<C>(&self.shared).await {
            Ok(desk) => desk,
            Err(error) => return self.not_opened(error),
        };
        tracing::info!(stream = %self.shared.stream, epoch = desk.epoch, seq = desk.seq, "desk opened");
        self.shared.set_state(DeskState::Open);
        let mut wheel = Wheel::new(self.shared.clone(), desk, self.timers_from);
        let backoff = &mut self.backoff;
        match wheel.run(&mut self.gather, || backoff.succeeded()).await {
            Stopped::Broken(failure) => self.broken(failure),
            Stopped::LeaseLost => self.lost(),
            Stopped::Asked => {
                save_last(&self.shared, wheel.into_desk()).await;
                Next::GiveUp
            }
        }
    }

    fn lost(&mut self) -> Next<C> {
        tracing::warn!(stream = %self.shared.stream, "lease lost; desk given up");
        Next::GiveUp
    }

    fn not_opened(&mut self, error: OpenError) -> Next<C> {
        match error {
            OpenError::LeaseLost => self.lost(),
            OpenError::Refused(reason) => {
                tracing::error!(stream = %self.shared.stream, reason, "desk cannot be loaded");
                self.shared.set_state(DeskState::Failed(reason.clone()));
                Next::Reopen {
                    after: self.shared.settings.failed_retry,
                    refusal: Some(DeskError::Failed(reason)),
                }
            }
            OpenError::Store(error) => {
                let refusal = refusal(&error);
                self.back_off(&error.to_string(), Some(refusal))
            }
        }
    }

    fn back_off(&mut self, reason: &str, refusal: Option<DeskError<C::Rejection>>) -> Next<C> {
        let impatient = self.backoff.failures() >= PATIENCE;
        let after = self.backoff.next();
        tracing::warn!(stream = %self.shared.stream, reason, pause_ms = after.as_millis(), "desk is opened anew");
        self.shared.set_state(DeskState::Backoff(reason.to_owned()));
        Next::Reopen {
            after,
            refusal: refusal.filter(|_| impatient),
        }
    }

    /// The state is thrown away; the calls are answered, or handled again once the desk is open.
    fn broken(&mut self, failure: Failure<C>) -> Next<C> {
        let Failure { cause, calls, behind } = failure;
        // Nothing was committed of them: they come after the others.
        self.carry(behind, false);
        match cause {
            FailureCause::Core(halted) => self.core_failed(halted, calls),
            FailureCause::Store(error) => self.store_failed(&error, calls),
        }
    }

    fn store_failed(&mut self, error: &StoreError, calls: Vec<Call<C>>) -> Next<C> {
        match error {
            StoreError::Fenced { .. } if !self.shared.lease.is_valid() => {
                self.carry(calls, false);
                return self.lost();
            }
            StoreError::Fenced { .. } => self.carry(calls, false),
            StoreError::OutcomeUnknown(_) => self.carry(calls, true),
            _ => self.refuse_writes(calls, &refusal(error)),
        }
        self.back_off(&error.to_string(), Some(refusal(error)))
    }

    /// They are looked up and handled again: what was committed gets the stored answer.
    fn carry(&mut self, mut calls: Vec<Call<C>>, outcome_unknown: bool) {
        for call in &mut calls {
            call.undecide(outcome_unknown);
        }
        self.gather.carry(calls);
    }

    fn refuse_writes(&mut self, calls: Vec<Call<C>>, error: &DeskError<C::Rejection>) {
        let (writes, reads) = calls.into_iter().partition::<Vec<_>, _>(Call::is_write);
        for write in writes {
            write.refuse(error.clone());
        }
        self.carry(reads, false);
    }

    fn core_failed(&mut self, halted: Halted<C>, mut calls: Vec<Call<C>>) -> Next<C> {
        match halted {
            Halted::AboveLevel { call, error } => {
                calls.remove(call).refuse(error.clone());
                self.carry(calls, false);
                self.back_off(&error.to_string(), None)
            }
            Halted::Panicked { at, reason } => {
                tracing::error!(stream = %self.shared.stream, reason, "core panicked");
                self.panicked(at, &reason, calls);
                if at == Culprit::Timer {
                    // The timers' rest grows instead, so that commands need not wait longer and longer.
                    self.backoff.succeeded();
                }
                self.back_off(&reason, None)
            }
        }
    }

    fn panicked(&mut self, at: Culprit, reason: &str, mut calls: Vec<Call<C>>) {
        match at {
            Culprit::Timer => self.timers_from = Instant::now() + self.timer_trouble.next(),
            Culprit::Unknown => self.gather.one_by_one(),
            Culprit::Call(index) => match &mut calls[index] {
                Call::Write(write) => write.panics.push(reason.to_owned()),
                // Nothing is kept of a question; asked again, it would fail again.
                Call::Read(..) | Call::Touch(..) | Call::RaiseLevel(..) => {
                    calls.remove(index).refuse(DeskError::Parked(reason.to_owned()));
                }
            },
        }
        self.carry(calls, false);
    }
}

/// What callers are told while the store does not do its part.
fn refusal<R>(error: &StoreError) -> DeskError<R> {
    match error {
        StoreError::Full(_) => DeskError::StoreFull,
        other => DeskError::Unavailable(other.to_string()),
    }
}
