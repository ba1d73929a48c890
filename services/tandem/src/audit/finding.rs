//! What an audit can find.

use std::fmt;

use serde::{Serialize, Serializer};
use tandem_domain::DeskId;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// A kind of fault. The blueprint's section 9 lists what must never happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($(#[doc = $doc])+ $variant),+ }

        impl Kind {
            /// Every kind.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in output.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// Numbers are missing or out of order in a journal. What follows is not looked at.
    JournalGap = "journal_gap",
    /// A record was written by a process that had not opened the desk.
    NotOpened = "not_opened",
    /// A record cannot be read. What follows is not looked at.
    Unreadable = "unreadable",
    /// A record is dated before the one in front of it.
    TimeBackwards = "time_backwards",
    /// An event that could not happen where the ticket, the agent or the desk was.
    IllegalStep = "illegal_step",
    /// A ticket asks for something else than the desk file and its first message make of it.
    FalseRequirement = "false_requirement",
    /// A customer was answered in the name of an agent who did not own the ticket.
    ForeignAnswer = "foreign_answer",
    /// A message or an answer is on two tickets.
    MessageTwice = "message_twice",
    /// A conversation has two tickets that are not closed.
    ConversationTwice = "conversation_twice",
    /// A ticket has two owners, more open offers than its queue makes at once, or both.
    TwoOwners = "two_owners",
    /// An offer was answered too late or by somebody else, or ended otherwise than it could.
    FalseAnswer = "false_answer",
    /// An agent has more than the policy allows.
    OverCapacity = "over_capacity",
    /// A ticket was offered to somebody who lacks team, skill or language.
    NotEligible = "not_eligible",
    /// A ticket was offered to somebody who was to be passed over for it.
    NotPassedOver = "not_passed_over",
    /// A ticket was offered to somebody who was not online, or outside his or her hours.
    NotOnline = "not_online",
    /// An eligible idle agent and an eligible waiting ticket exist side by side.
    IdleBesideWork = "idle_beside_work",
    /// A row that the journal asks for is missing.
    RowMissing = "row_missing",
    /// A row that the journal does not ask for.
    RowExtra = "row_extra",
    /// A row says something else than the journal.
    RowDiffers = "row_differs",
    /// A snapshot says something else than the journal.
    SnapshotDiffers = "snapshot_differs",
    /// A stored message is on no ticket, not unrouted, and not on its way.
    MessageLost = "message_lost",
    /// A message or an answer in the journal is not stored.
    MessageInvented = "message_invented",
    /// A stored message and the journal name different tickets.
    TicketMismatch = "ticket_mismatch",
    /// A rung was reached twice by one occurrence of a clock, or a target missed twice.
    RungTwice = "rung_twice",
    /// A rung was reached, or a target missed, when it was not due.
    RungFalse = "rung_false",
    /// A rung that was due was not reached, or a missed target not found.
    RungMissed = "rung_missed",
    /// A consumer is ahead of the journal, or followed another history.
    PositionAstray = "position_astray",
    /// A stored measure is not what a recount of the journals says.
    MeasureDiffers = "measure_differs",
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What kind of thing.
    pub(crate) kind: Kind,
    /// On which desk.
    pub(crate) desk: DeskId,
    /// What it is about: `seq 17`, `T5`, a row's key …
    pub(crate) subject: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_str();
        write!(f, "{} · {kind} · {} · {}", self.desk, self.subject, self.detail)
    }
}

/// Collects findings of one desk.
pub(crate) struct Findings {
    desk: DeskId,
    /// In the order in which they were found.
    pub(crate) list: Vec<Finding>,
}

impl Findings {
    /// Nothing found yet.
    pub(crate) fn new(desk: DeskId) -> Self {
        Self { desk, list: Vec::new() }
    }

    /// Notes one.
    pub(crate) fn add(&mut self, kind: Kind, subject: impl fmt::Display, detail: impl fmt::Display) {
        self.list.push(Finding {
            kind,
            desk: self.desk.clone(),
            subject: subject.to_string(),
            detail: detail.to_string(),
        });
    }

    /// Notes what is about one record.
    pub(crate) fn at(&mut self, seq: u64) -> Notes<'_> {
        Notes { findings: self, seq }
    }
}

/// Notes what is wrong with one record.
pub(crate) struct Notes<'a> {
    findings: &'a mut Findings,
    seq: u64,
}

impl Notes<'_> {
    /// Notes it.
    pub(crate) fn add(&mut self, kind: Kind, detail: impl fmt::Display) {
        self.findings.add(kind, format_args!("seq {}", self.seq), detail);
    }

    /// Notes it unless it holds.
    pub(crate) fn check(&mut self, holds: bool, kind: Kind, detail: impl FnOnce() -> String) {
        if !holds {
            self.add(kind, detail());
        }
    }
}
