//! Letting the core handle a batch: timers first, then the calls in their order.

use tandem_domain::{Actor, Cause, Context, Core, Event, Trace};
use tokio::time::Instant;

use crate::batch::Draft;
use crate::call::{Call, Outcome, Standing, Write};
use crate::opening::OpenDesk;
use crate::parking::{self, ParkedItem, Stored};
use crate::replay::guarded;
use crate::requests::{self, Memory, Remembered};
use crate::sessions::Sessions;
use crate::shared::Shared;
use crate::shell_event::ShellEvent;
use crate::{DeskError, Journaled};

/// A command that made the core panic so often is parked.
const PANICS_UNTIL_PARKED: usize = 2;

/// Why a batch was given up halfway. The core's state is worth nothing then.
pub(crate) enum Halted<C: Journaled> {
    /// The core panicked: over the call with this index, if that is known, or over a timer.
    Panicked { at: Culprit, reason: String },
    /// The call with this index wants something written that the journal level does not allow.
    AboveLevel {
        call: usize,
        error: DeskError<C::Rejection>,
    },
}

/// A write's answer, and on what it rests.
type Decision<C> = (Outcome<C, <C as Core>::Reply>, Standing);

/// Over what the core panicked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Culprit {
    Call(usize),
    Timer,
    Unknown,
}

/// A batch being handled.
pub(crate) struct Handling<'a, C: Journaled> {
    pub(crate) shared: &'a Shared,
    pub(crate) desk: &'a mut OpenDesk<C>,
    pub(crate) sessions: &'a mut Sessions,
    pub(crate) draft: &'a mut Draft<C>,
    /// What the batch before it remembers, while that is not known to be committed.
    pub(crate) before: Option<&'a Remembered>,
    /// Whether timers may run; not for a while after they made the core panic.
    pub(crate) timers: bool,
}

impl<C: Journaled> Handling<'_, C> {
    /// Handles the batch's calls from the `first` on; each one's answer is decided, but not sent.
    pub(crate) fn run(mut self, calls: &mut [Call<C>], first: usize) -> Result<(), Halted<C>> {
        let first_event = self.draft.events.len();
        if self.timers {
            self.run_timers()?;
        }
        for (index, call) in calls.iter_mut().enumerate().skip(first) {
            self.call(index, call)?;
        }
        let whole = match calls {
            [_] => Culprit::Call(0),
            _ => Culprit::Unknown,
        };
        self.change_rows(first_event)
            .map_err(|reason| Halted::Panicked { at: whole, reason })
    }

    /// The rows that have changed with the events from the `first` on, which the core knows of only until more happens.
    fn change_rows(&mut self, first: usize) -> Result<(), String> {
        let events = &self.draft.events[first..];
        if events.is_empty() {
            return Ok(());
        }
        let rows = guarded(|| self.desk.core.rows(events))?;
        for change in rows {
            self.draft.change(change);
        }
        Ok(())
    }

    fn run_timers(&mut self) -> Result<(), Halted<C>> {
        let mut events = Vec::new();
        let run = guarded(|| {
            let now = self.draft.now;
            if self.desk.core.next_wakeup().is_some_and(|due| due <= now) {
                self.desk.core.tick(&own_context::<C>(now, Cause::Timer), &mut events);
            }
            for agent in self.sessions.lost(|| self.desk.core.sessions()) {
                self.desk
                    .core
                    .session_lost(&agent, &own_context::<C>(now, Cause::SessionLost), &mut events);
            }
            self.draft.emit(events)
        });
        let reason = match run {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic,
        };
        Err(Halted::Panicked {
            at: Culprit::Timer,
            reason,
        })
    }

    fn call(&mut self, index: usize, call: &mut Call<C>) -> Result<(), Halted<C>> {
        match call {
            Call::Write(write) => self.write(index, write)?,
            Call::Read(query, waiting) => {
                let answer = guarded(|| self.desk.core.query(query, self.draft.now));
                let answer = answer.map_err(|reason| Halted::Panicked {
                    at: Culprit::Call(index),
                    reason,
                })?;
                waiting.decide(Ok(answer), Standing::Owner);
            }
            Call::Touch(agents, waiting) => {
                self.sessions.heard_of(std::mem::take(agents));
                waiting.decide(Ok(()), Standing::Owner);
            }
            Call::RaiseLevel(level, actor, waiting) => {
                let outcome = self.raise_level(*level, actor);
                waiting.decide(outcome, Standing::Committed);
            }
        }
        Ok(())
    }

    fn write(&mut self, index: usize, write: &mut Write<C>) -> Result<(), Halted<C>> {
        if let Some((outcome, standing)) = self.without_core(write) {
            write.waiting.decide(outcome, standing);
            return Ok(());
        }
        let span = tracing::info_span!(
            "desk.handle",
            stream = %self.shared.stream,
            method = write.submission.request.method,
            traceparent = &*write.submission.trace.0
        );
        let panicked = |reason| Halted::Panicked {
            at: Culprit::Call(index),
            reason,
        };
        let trace = &guarded(|| self.trace_of(write)).map_err(panicked)?;
        (self.shared.settings.link_span)(&span, trace);
        (self.shared.settings.name_caller)(&span, &write.submission.trace);
        if !trace.0.is_empty() {
            self.draft.trace.get_or_insert_with(|| trace.clone());
        }
        let _entered = span.enter();
        let mut events = Vec::new();
        let context = write_context(write, trace, self.draft.now);
        let command = write.submission.command.clone();
        let outcome = guarded(|| self.desk.core.handle(command, &context, &mut events)).map_err(panicked)?;
        match outcome {
            Ok(outcome) => {
                let reply = guarded(|| self.desk.core.reply(outcome)).map_err(panicked)?;
                let emitted = guarded(|| self.draft.emit(events)).map_err(panicked)?;
                emitted.map_err(|error| Halted::AboveLevel { call: index, error })?;
                self.done(write, reply).map_err(panicked)
            }
            Err(rejection) => {
                forbid_events(&events).map_err(panicked)?;
                self.unpark(write);
                write
                    .waiting
                    .decide(Err(DeskError::Rejected(rejection)), Standing::Owner);
                Ok(())
            }
        }
    }

    /// The trace that the command belongs to; else that of the call which brought it.
    fn trace_of(&self, write: &Write<C>) -> Trace {
        let own = self.desk.core.trace_of(&write.submission.command);
        own.unwrap_or(&write.submission.trace).clone()
    }

    /// What needs no core: overdue, done before, parked before, or to be parked now.
    fn without_core(&mut self, write: &Write<C>) -> Option<Decision<C>> {
        let before = self.before.map_or(Memory::New, |before| before.recall(write));
        match before.or_else(|| self.draft.remembered.recall(write)) {
            Memory::Done(reply) => {
                let reply = serde_json::from_slice(&reply);
                let unreadable = |_| DeskError::Failed("the stored answer cannot be read by this program".to_owned());
                return Some((reply.map_err(unreadable), Standing::Committed));
            }
            Memory::Reused => return Some((Err(DeskError::RequestReused), Standing::Committed)),
            Memory::New => {}
        }
        if write.waiting.is_overdue() {
            return Some((Err(DeskError::DeadlineExceeded), Standing::Committed));
        }
        if !write.submission.request.is_remembered() {
            return give_up(write);
        }
        let nothing_parked = self.desk.parked.is_empty() && self.draft.parked.is_empty();
        if nothing_parked && write.panics.is_empty() {
            return None;
        }
        let id = parking::command_id(C::SERVICE, &write.key);
        let parked = self.desk.parked.get(&id).or_else(|| self.draft.parked.get(&id));
        if let (Some(reason), None) = (parked, &write.unpark) {
            return Some((Err(DeskError::Parked(reason.clone())), Standing::Committed));
        }
        let reason = last_panic(write)?;
        self.park(id, write, &reason);
        Some((Err(DeskError::Parked(reason)), Standing::Committed))
    }

    fn park(&mut self, id: String, write: &Write<C>, reason: &str) {
        tracing::error!(stream = %self.shared.stream, parked = id, reason, "command parked");
        let item = ParkedItem {
            id: id.clone(),
            what: write.submission.request.method.clone(),
            reason: reason.to_owned(),
            at: self.draft.now,
        };
        let stored = Stored {
            item,
            body: &write.submission,
        };
        self.draft.put(stored.row(&self.shared.stream.desk));
        self.draft.parked.insert(id, reason.to_owned());
    }

    fn done(&mut self, write: &mut Write<C>, reply: C::Reply) -> Result<(), String> {
        if write.submission.request.is_remembered() {
            let keep = self.shared.settings.remember_requests;
            let record = requests::record(write, &reply, self.draft.now, keep).map_err(|error| error.to_string())?;
            self.draft.remember(record);
        }
        for (table, key, value) in &write.submission.rows {
            let desk = self.shared.stream.desk.clone();
            self.draft.put(tandem_store::Row {
                desk,
                table: table.clone(),
                key: key.clone(),
                value: Some(value.clone()),
            });
        }
        self.unpark(write);
        write.waiting.decide(Ok(reply), Standing::Committed);
        Ok(())
    }

    fn unpark(&mut self, write: &Write<C>) {
        if let Some(id) = &write.unpark {
            self.draft.put(parking::removal(&self.shared.stream.desk, id));
            self.draft.unparked.push(id.clone());
        }
    }

    fn raise_level(&mut self, level: u32, actor: &Actor) -> Result<u32, DeskError<C::Rejection>> {
        let has = self.draft.level;
        if level > C::LEVEL || level < has {
            return Err(DeskError::JournalLevel {
                needs: level,
                has,
                knows: C::LEVEL,
            });
        }
        if level > has {
            let raised = ShellEvent::LevelRaised {
                level,
                actor: actor.clone(),
            };
            self.draft.raise_level(&raised, level);
        }
        Ok(level)
    }
}

/// Why the command panicked so often that it is not tried again.
fn last_panic<C: Journaled>(write: &Write<C>) -> Option<String> {
    let enough = write.panics.len() >= PANICS_UNTIL_PARKED;
    write.panics.last().filter(|_| enough).cloned()
}

/// What is not remembered is not parked: other writes would be taken for it.
fn give_up<C: Journaled>(write: &Write<C>) -> Option<Decision<C>> {
    let reason = last_panic(write)?;
    Some((Err(DeskError::Parked(reason)), Standing::Committed))
}

fn write_context<C: Journaled>(write: &Write<C>, trace: &Trace, now: tandem_domain::Timestamp) -> Context {
    let submission = &write.submission;
    let cause = Cause::Request {
        method: submission.request.method.as_str().into(),
        id: submission.request.id.as_str().into(),
    };
    Context {
        now,
        actor: submission.actor.clone(),
        cause,
        trace: trace.clone(),
    }
}

/// The context of what the desk does by itself.
fn own_context<C: Journaled>(now: tandem_domain::Timestamp, cause: Cause) -> Context {
    Context {
        now,
        actor: Actor::service(C::SERVICE),
        cause,
        trace: Trace::default(),
    }
}

/// A core that emits events and then says no has changed its state without a trace in the journal.
fn forbid_events<B>(events: &[Event<B>]) -> Result<(), String> {
    if events.is_empty() {
        Ok(())
    } else {
        Err("the core rejected a command but emitted events".to_owned())
    }
}

/// When the wheel must turn by itself: for the core's timer or for silent sessions.
pub(crate) fn wake_at<C: Journaled>(desk: &OpenDesk<C>, sessions: &Sessions) -> Instant {
    let due = desk.core.next_wakeup().map(|due| desk.clock.instant_of(due));
    due.map_or(sessions.next_check(), |due| due.min(sessions.next_check()))
}
