//! What an audit can find.

use std::fmt;

use serde::Serialize;
use tandem_domain::DeskId;

/// A kind of fault. The blueprint's section 9 lists what must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers are missing or out of order in a journal.
    JournalGap,
    /// A record was written by a process that had not opened the desk.
    NotOpened,
    /// A record cannot be read.
    Unreadable,
    /// A record is dated before the one in front of it.
    TimeBackwards,
    /// An event that the ticket's or offer's state does not allow.
    IllegalStep,
    /// A message is on two tickets.
    MessageTwice,
    /// A ticket has two owners or two open offers.
    TwoOwners,
    /// An offer was accepted after it had ended, or by somebody else.
    FalseAccept,
    /// An agent has more than the policy allows.
    OverCapacity,
    /// A ticket was offered to somebody who lacks team, skill or language.
    NotEligible,
    /// A ticket was offered to somebody who was not online.
    NotOnline,
    /// An eligible idle agent and an eligible waiting ticket exist side by side.
    IdleBesideWork,
    /// A row that the journal asks for is missing.
    RowMissing,
    /// A row that the journal does not ask for.
    RowExtra,
    /// A row says something else than the journal.
    RowDiffers,
    /// A snapshot says something else than the journal.
    SnapshotDiffers,
    /// A stored message is on no ticket, not unrouted, and not on its way.
    MessageLost,
    /// A message in the journal is not stored.
    MessageInvented,
    /// A stored message and the journal name different tickets.
    TicketMismatch,
    /// A consumer is ahead of the journal, or followed another history.
    PositionAstray,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// On which desk.
    pub desk: DeskId,
    /// What it is about: `seq 17`, `T5`, a row's key …
    pub subject: String,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = serde_json::to_value(self.kind).ok();
        let kind = kind.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
        write!(f, "{} · {kind} · {} · {}", self.desk, self.subject, self.detail)
    }
}

/// Collects findings of one desk.
pub struct Findings {
    desk: DeskId,
    /// In the order in which they were found.
    pub list: Vec<Finding>,
}

impl Findings {
    /// Nothing found yet.
    pub fn new(desk: DeskId) -> Self {
        Self { desk, list: Vec::new() }
    }

    /// Notes one.
    pub fn add(&mut self, kind: Kind, subject: impl fmt::Display, detail: impl fmt::Display) {
        self.list.push(Finding {
            kind,
            desk: self.desk.clone(),
            subject: subject.to_string(),
            detail: detail.to_string(),
        });
    }

    /// Notes one unless it holds.
    pub fn check(&mut self, holds: bool, kind: Kind, subject: impl fmt::Display, detail: impl fmt::Display) {
        if !holds {
            self.add(kind, subject, detail);
        }
    }
}
