//! What waits in a desk's mailbox: one call, and somebody who waits for its answer.

use tandem_domain::{Actor, AgentId, Core};
use tandem_store::RequestKey;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::requests::{self, Hash};
use crate::{DeskError, Journaled, Submission};

/// What a caller gets.
pub(crate) type Outcome<C, T> = Result<T, DeskError<<C as Core>::Rejection>>;

/// One call to an owned desk.
pub(crate) enum Call<C: Journaled> {
    Write(Box<Write<C>>),
    Read(C::Query, Waiting<C, C::Answer>),
    Touch(Vec<AgentId>, Waiting<C, ()>),
    RaiseLevel(u32, Actor, Waiting<C, u32>),
}

/// A command with all that makes its repetition harmless.
pub(crate) struct Write<C: Journaled> {
    pub(crate) submission: Submission<C::Command>,
    pub(crate) key: RequestKey,
    pub(crate) hash: Hash,
    /// Why it made the core panic, once per time.
    pub(crate) panics: Vec<String>,
    /// The parked row that is deleted once the command is carried out: it is retried by hand.
    pub(crate) unpark: Option<String>,
    pub(crate) waiting: Waiting<C, C::Reply>,
}

/// Somebody who waits for an answer.
pub(crate) struct Waiting<C: Journaled, T> {
    answer: oneshot::Sender<Outcome<C, T>>,
    deadline: Instant,
    decided: Option<(Outcome<C, T>, Standing)>,
    /// It was in a commit of which nobody knows whether it happened.
    outcome_unknown: bool,
}

/// On what an answer rests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is in the journal: true whoever owns the desk.
    Committed,
    /// It was read from memory: true only as long as the desk is ours.
    Owner,
}

/// Where an answer will arrive.
pub(crate) type Answer<C, T> = oneshot::Receiver<Outcome<C, T>>;

impl<C: Journaled, T> Waiting<C, T> {
    pub(crate) fn until(deadline: Instant) -> (Self, Answer<C, T>) {
        let (answer, receiver) = oneshot::channel();
        (
            Self {
                answer,
                deadline,
                decided: None,
                outcome_unknown: false,
            },
            receiver,
        )
    }

    pub(crate) fn is_overdue(&self) -> bool {
        Instant::now() >= self.deadline
    }

    pub(crate) fn decide(&mut self, outcome: Outcome<C, T>, standing: Standing) {
        self.decided = Some((outcome, standing));
    }

    fn send(self, is_owner: bool) {
        let outcome = match self.decided {
            Some((outcome, standing)) if is_owner || standing == Standing::Committed => outcome,
            _ => Err(not_owner()),
        };
        // The caller may have given up; that is its business.
        let _ = self.answer.send(outcome);
    }

    fn refuse(self, error: DeskError<C::Rejection>) {
        let error = if self.outcome_unknown {
            DeskError::DeadlineExceeded
        } else {
            error
        };
        let _ = self.answer.send(Err(error));
    }
}

/// The answer to calls that came to a process which does not own the desk any more.
pub(crate) fn not_owner<R>() -> DeskError<R> {
    DeskError::Unavailable("another process takes it over".to_owned())
}

impl<C: Journaled> Call<C> {
    pub(crate) fn write(
        desk: &tandem_domain::DeskId,
        submission: Submission<C::Command>,
        unpark: Option<String>,
        deadline: Instant,
    ) -> (Self, Answer<C, C::Reply>) {
        let (waiting, answer) = Waiting::until(deadline);
        let key = requests::key(desk, &submission);
        // What is not remembered is not compared, and may be large.
        let hash = if submission.request.is_remembered() {
            requests::hash(&submission.command)
        } else {
            requests::Hash::default()
        };
        let write = Write {
            submission,
            key,
            hash,
            panics: Vec::new(),
            unpark,
            waiting,
        };
        (Self::Write(Box::new(write)), answer)
    }

    /// Sends what was decided. Without the desk only what is committed may be told.
    pub(crate) fn answer(self, is_owner: bool) {
        match self {
            Self::Write(write) => write.waiting.send(is_owner),
            Self::Read(_, waiting) => waiting.send(is_owner),
            Self::Touch(_, waiting) => waiting.send(is_owner),
            Self::RaiseLevel(_, _, waiting) => waiting.send(is_owner),
        }
    }

    /// Answers with `error`; or, if the call may have been committed, that nobody knows.
    pub(crate) fn refuse(self, error: DeskError<C::Rejection>) {
        match self {
            Self::Write(write) => write.waiting.refuse(error),
            Self::Read(_, waiting) => waiting.refuse(error),
            Self::Touch(_, waiting) => waiting.refuse(error),
            Self::RaiseLevel(_, _, waiting) => waiting.refuse(error),
        }
    }

    /// Forgets what was decided: the state that it was decided on is thrown away.
    pub(crate) fn undecide(&mut self, outcome_unknown: bool) {
        match self {
            Self::Write(write) => write.waiting.undecide(outcome_unknown),
            Self::Read(_, waiting) => waiting.undecide(false),
            Self::Touch(_, waiting) => waiting.undecide(false),
            Self::RaiseLevel(_, _, waiting) => waiting.undecide(outcome_unknown),
        }
    }

    /// Of a write that was decided: its method, and in a word how it ended.
    pub(crate) fn outcome(&self) -> Option<(&str, &'static str)> {
        let Self::Write(write) = self else { return None };
        let outcome = match &write.waiting.decided {
            Some((Ok(_), _)) => "done",
            Some((Err(DeskError::Rejected(_)), _)) => "rejected",
            Some((Err(_), _)) | None => "failed",
        };
        Some((&write.submission.request.method, outcome))
    }

    /// Whether it asks for a change.
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Self::Write(_) | Self::RaiseLevel(..))
    }
}

impl<C: Journaled, T> Waiting<C, T> {
    fn undecide(&mut self, outcome_unknown: bool) {
        self.decided = None;
        self.outcome_unknown |= outcome_unknown;
    }
}
