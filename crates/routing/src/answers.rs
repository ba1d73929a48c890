//! What customer and desk have said to each other: ids and times, nobody's words.

use std::cmp::min;

use serde::{Deserialize, Serialize};
use tandem_domain::routing::{Undelivered, UndeliveredReason};
use tandem_domain::{MessageId, Timestamp};

use crate::seldom::{Plain, Seldom};

/// A ticket's answers, and what the customer waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) said: Seldom<Said>,
    /// The oldest message of the customer's without a public answer.
    pub(crate) waiting_since: Option<Timestamp>,
}

/// What was said on a ticket; on most that wait, nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Answers and notes in the order in which they were given.
    pub(crate) given: Vec<Given>,
    /// Failed since the last public answer.
    pub(crate) undelivered: Vec<Undelivered>,
}

impl Plain for Said {
    const PLAIN: &'static Self = &Self {
        given: Vec::new(),
        undelivered: Vec::new(),
    };
}

/// An answer or a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) message: MessageId,
    pub(crate) at: Timestamp,
    pub(crate) fate: Fate,
    /// Since when the customer had waited for it.
    pub(crate) settled: Option<Timestamp>,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// It is a note: the customer never gets it.
    Internal,
    Underway,
    Delivered,
    Failed,
}

impl Given {
    /// Whether it counts as a public answer.
    fn stands(&self) -> bool {
        matches!(self.fate, Fate::Underway | Fate::Delivered)
    }
}

impl Answers {
    pub(crate) fn fate(&self, message: MessageId) -> Option<Fate> {
        self.said
            .given
            .iter()
            .find(|given| given.message == message)
            .map(|given| given.fate)
    }

    /// How many public answers stand.
    pub(crate) fn count(&self) -> u64 {
        self.said.given.iter().filter(|given| given.stands()).count() as u64
    }

    /// When the last public answer was given that stands.
    pub(crate) fn answered_at(&self) -> Option<Timestamp> {
        self.said
            .given
            .iter()
            .rfind(|given| given.stands())
            .map(|given| given.at)
    }

    /// The customer wrote.
    pub(crate) fn wait(&mut self, since: Timestamp) {
        self.waiting_since = earlier(self.waiting_since, Some(since));
    }

    pub(crate) fn add(&mut self, message: MessageId, visible: bool, at: Timestamp) {
        let (fate, settled) = if visible {
            self.said.undelivered.clear();
            (Fate::Underway, self.waiting_since.take())
        } else {
            (Fate::Internal, None)
        };
        self.said.given.push(Given {
            message,
            at,
            fate,
            settled,
        });
    }

    pub(crate) fn deliver(&mut self, message: MessageId) {
        let said = &mut self.said;
        if let Some(given) = said.given.iter_mut().find(|given| given.message == message) {
            given.fate = Fate::Delivered;
        }
    }

    /// As if the answer had never been given: what it settled was settled by the next one that stands,
    /// or the customer still waits.
    pub(crate) fn fail(&mut self, message: MessageId, reason: UndeliveredReason, at: Timestamp) {
        let said = &mut *self.said;
        let mut from_it_on = said.given.iter_mut().skip_while(|given| given.message != message);
        if let Some(failed) = from_it_on.next() {
            failed.fate = Fate::Failed;
            let waited = failed.settled.take();
            let owed = match from_it_on.find(|later| later.stands()) {
                Some(later) => &mut later.settled,
                None => &mut self.waiting_since,
            };
            *owed = earlier(*owed, waited);
        }
        said.undelivered.push(Undelivered { message, reason, at });
    }

    /// What was said on another ticket was said on this one.
    pub(crate) fn join(&mut self, other: &Self) {
        if other.said != Seldom::default() {
            self.said.given.extend_from_slice(&other.said.given);
            self.said.given.sort_by_key(|given| given.at);
            self.said.undelivered.extend_from_slice(&other.said.undelivered);
            self.said.undelivered.sort_by_key(|failed| failed.at);
        }
        self.waiting_since = earlier(self.waiting_since, other.waiting_since);
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(min(one, other)),
        (one, other) => one.or(other),
    }
}
