//! What happened, counted by everybody who takes part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A number that only grows, or goes up and down with what is under way.
#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one more until the result is dropped.
    pub(super) fn enter(&self) -> Entered<'_> {
        self.add();
        Entered(self)
    }
}

/// Something under way.
pub(super) struct Entered<'a>(&'a Counter);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer that an agent wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub desk: &'static str,
    pub ticket: u64,
    /// Tandem has said so; otherwise it may or may not be written.
    pub is_certain: bool,
}

/// What happened.
#[derive(Default)]
pub(super) struct Tally {
    /// Mails whose answer alone is missing now.
    pub mails_waiting: Counter,
    pub mails_taken: Counter,
    pub mails_refused: Counter,
    pub mails_not_sent: Counter,
    pub mails_unanswered: Counter,
    pub mails_sent_again: Counter,
    /// Writes whose answer is missing now.
    pub writes_waiting: Counter,
    pub writes_done: Counter,
    pub writes_refused: Counter,
    pub writes_unanswered: Counter,
    pub writes_unanswered_and_done: Counter,
    pub writes_repeated: Counter,
    pub offers_taken: Counter,
    pub streams_lost: Counter,
    pub chats_taken: Counter,
    pub chats_cut: Counter,
    pub chats_answered: Counter,
    pub kills: Counter,
    pub kills_with_mail_waiting: Counter,
    pub kills_with_write_waiting: Counter,
    pub kills_while_recovering: Counter,
    pub started_again: Counter,
    kills_of: Mutex<BTreeMap<String, u64>>,
    /// Kills by number that left a write without answer.
    kills_that_cut_a_write: Mutex<BTreeSet<u64>>,
    /// Of these, those that left one that had been done.
    kills_after_a_write: Mutex<BTreeSet<u64>>,
    /// Texts of answers that may have been written: desk, ticket, and whether this is certain.
    answers: Mutex<BTreeMap<String, Answered>>,
    /// The highest version of each ticket that an answer has told.
    told: Mutex<BTreeMap<(String, u64), u64>>,
    violations: Mutex<Vec<String>>,
}

impl Tally {
    /// Something that must never happen.
    pub(super) fn violation(&self, what: String) {
        lock(&self.violations).push(what);
    }

    pub(super) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    pub(super) fn killed(&self, victim: &str) {
        self.kills.add();
        *lock(&self.kills_of).entry(victim.to_owned()).or_default() += 1;
    }

    pub(super) fn kills_of(&self) -> BTreeMap<String, u64> {
        lock(&self.kills_of).clone()
    }

    /// The answer to a write got lost, after so many kills, and the write was done or not.
    pub(super) fn write_cut(&self, kill: u64, was_done: bool) {
        self.writes_unanswered.add();
        lock(&self.kills_that_cut_a_write).insert(kill);
        if was_done {
            self.writes_unanswered_and_done.add();
            lock(&self.kills_after_a_write).insert(kill);
        }
    }

    pub(super) fn kills_after_a_write(&self) -> u64 {
        lock(&self.kills_after_a_write).len() as u64
    }

    pub(super) fn kills_that_cut_a_write(&self) -> u64 {
        lock(&self.kills_that_cut_a_write).len() as u64
    }

    /// An agent writes, or has written for certain.
    pub(super) fn answered(&self, text: String, answered: Answered) {
        lock(&self.answers).insert(text, answered);
    }

    pub(super) fn all_answers(&self) -> BTreeMap<String, Answered> {
        lock(&self.answers).clone()
    }

    /// An answer said that a ticket is at a version.
    pub(super) fn told(&self, desk: &str, ticket: u64, version: u64) {
        let mut told = lock(&self.told);
        let highest = told.entry((desk.to_owned(), ticket)).or_default();
        *highest = version.max(*highest);
    }

    /// Whether something newer was told of a ticket than this version.
    pub(super) fn is_outdated(&self, desk: &str, ticket: u64, version: u64) -> bool {
        let told = lock(&self.told);
        told.get(&(desk.to_owned(), ticket)).is_some_and(|told| version < *told)
    }

    pub(super) fn all_told(&self) -> BTreeMap<(String, u64), u64> {
        lock(&self.told).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
