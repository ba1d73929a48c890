//! Failures that tests inject, and the count of those that were hit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;

use crate::StoreError;

/// What a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`JournalStore::commit`](crate::JournalStore::commit).
    Commit,
    /// [`DocumentStore::accept`](crate::DocumentStore::accept).
    Accept,
    /// [`DocumentStore::settle`](crate::DocumentStore::settle) and
    /// [`JobStore::settle_jobs`](crate::JobStore::settle_jobs).
    Settle,
    /// [`JournalStore::rows`](crate::JournalStore::rows), which may be slow, held or away.
    Rows,
    /// [`JournalStore::requests`](crate::JournalStore::requests), whose answer may be slow, held or away: it says what
    /// was so when it was asked.
    Requests,
}

/// One failure.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The answer is `Fenced`, although nobody wrote. Where there is nothing to fence, `Unavailable`.
    Fenced,
    /// The answer is `OutcomeUnknown`.
    OutcomeUnknown {
        /// Whether the write happened.
        written: bool,
    },
    /// The store is full.
    Full,
    /// The store cannot be reached.
    Unavailable,
    /// It succeeds, this much later.
    Slow(Duration),
    /// It succeeds once the test opens the gate.
    Held(Gate),
    /// It meets another fault once the test opens the gate.
    HeldThen(Gate, Box<Self>),
}

/// Holds an operation until a test lets it go.
#[derive(Clone, Debug)]
pub struct Gate {
    waiting: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            waiting: Arc::new(watch::Sender::new(0)),
            open: Arc::new(watch::Sender::new(false)),
        }
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until an operation stands before the gate.
    pub async fn reached(&self) {
        // The sender is part of `self`, so the channel cannot be closed.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

/// How often each fault was hit, so that a test can prove that it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// `Fenced` answers.
    pub fenced: u64,
    /// `OutcomeUnknown` answers to writes that happened.
    pub unknown_written: u64,
    /// `OutcomeUnknown` answers to writes that did not happen.
    pub unknown_not_written: u64,
    /// `Full` answers.
    pub full: u64,
    /// `Unavailable` answers.
    pub unavailable: u64,
    /// Delays and gates.
    pub slow: u64,
}

impl Injected {
    fn count(&mut self, fault: &Fault) {
        let counter = match fault {
            Fault::Fenced => &mut self.fenced,
            Fault::OutcomeUnknown { written: true } => &mut self.unknown_written,
            Fault::OutcomeUnknown { written: false } => &mut self.unknown_not_written,
            Fault::Full => &mut self.full,
            Fault::Unavailable => &mut self.unavailable,
            Fault::Slow(_) | Fault::Held(_) => &mut self.slow,
            Fault::HeldThen(_, then) => return self.count(then),
        };
        *counter += 1;
    }
}

/// The handle by which tests make a [`MemoryStore`](super::MemoryStore) fail.
///
/// Faults that were queued by [`next`](Self::next) come first, then [`every`](Self::every), then
/// [`at_random`](Self::at_random).
#[derive(Clone, Default)]
pub struct Faults {
    plans: Arc<Mutex<Plans>>,
}

#[derive(Default)]
struct Plans {
    unreachable: bool,
    injected: Injected,
    by_operation: HashMap<Operation, Plan>,
}

#[derive(Default)]
struct Plan {
    next: VecDeque<Fault>,
    every: Option<Every>,
    random: Option<Random>,
}

struct Every {
    nth: u64,
    seen: u64,
    fault: Fault,
}

struct Random {
    rng: StdRng,
    probability: f64,
    faults: Vec<Fault>,
}

impl Plan {
    fn draw(&mut self) -> Option<Fault> {
        if let Some(fault) = self.next.pop_front() {
            return Some(fault);
        }
        self.every
            .as_mut()
            .and_then(Every::draw)
            .or_else(|| self.random.as_mut().and_then(Random::draw))
    }
}

impl Every {
    fn draw(&mut self) -> Option<Fault> {
        self.seen += 1;
        self.seen.is_multiple_of(self.nth).then(|| self.fault.clone())
    }
}

impl Random {
    fn draw(&mut self) -> Option<Fault> {
        if !self.rng.random_bool(self.probability) {
            return None;
        }
        let chosen = self.rng.random_range(0..self.faults.len());
        Some(self.faults[chosen].clone())
    }
}

impl Faults {
    /// The next `operation` (after those queued already) meets `fault`.
    pub fn next(&self, operation: Operation, fault: Fault) {
        self.plans()
            .by_operation
            .entry(operation)
            .or_default()
            .next
            .push_back(fault);
    }

    /// Every `nth` `operation` from now on meets `fault`.
    ///
    /// # Panics
    /// If `nth` is 0.
    pub fn every(&self, nth: u64, operation: Operation, fault: Fault) {
        assert!(nth > 0, "every 0th operation is none");
        self.plans().by_operation.entry(operation).or_default().every = Some(Every { nth, seen: 0, fault });
    }

    /// From now on each `operation` meets one of `faults` with `probability` (0 to 1), the same ones for the same seed.
    ///
    /// # Panics
    /// If there are no faults to choose from.
    pub fn at_random(&self, seed: u64, probability: f64, operation: Operation, faults: Vec<Fault>) {
        assert!(!faults.is_empty(), "no faults to choose from");
        let random = Random {
            rng: StdRng::seed_from_u64(seed),
            probability,
            faults,
        };
        self.plans().by_operation.entry(operation).or_default().random = Some(random);
    }

    /// Makes every operation, reads too, answer `Unavailable`, or ends this.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.plans().unreachable = unreachable;
    }

    /// Takes back all faults that are still to come.
    pub fn clear(&self) {
        let mut plans = self.plans();
        plans.unreachable = false;
        plans.by_operation.clear();
    }

    /// What was hit so far.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.plans().injected
    }

    pub(super) fn reachable(&self) -> Result<(), StoreError> {
        let mut plans = self.plans();
        if plans.unreachable {
            plans.injected.unavailable += 1;
            return Err(unavailable());
        }
        Ok(())
    }

    pub(super) fn draw(&self, operation: Operation) -> Result<Option<Fault>, StoreError> {
        self.reachable()?;
        let mut plans = self.plans();
        let fault = plans.by_operation.get_mut(&operation).and_then(Plan::draw);
        if let Some(fault) = &fault {
            plans.injected.count(fault);
        }
        Ok(fault)
    }

    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn unavailable() -> StoreError {
    StoreError::Unavailable("injected".to_owned())
}

pub(super) fn outcome_unknown() -> StoreError {
    StoreError::OutcomeUnknown("injected".to_owned())
}
