//! Snapshot format 1. Frozen: a change of meaning or shape is a new format.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tandem_domain::escalation::{Acknowledgement, ClockId, Plan, RungView, Standing, Terms, TicketFacts};
use tandem_domain::sla::RungAt;
use tandem_domain::{
    AgentId, DeskId, EscalationId, LadderId, MessageId, NotificationId, RestoreError, TicketId, Timestamp,
};

use crate::clock::{Clock, Run, Running};
use crate::rules::Rules;
use crate::state::{Escalation, State, Ticket};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotV1 {
    plan: Plan,
    followed_seq: u64,
    followed_incarnation: u64,
    last_escalation: EscalationId,
    last_notification: NotificationId,
    tickets: Vec<TicketV1>,
    clocks: Vec<ClockV1>,
    escalations: Vec<EscalationV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketV1 {
    id: TicketId,
    facts: TicketFacts,
    standing: Standing,
    owner: Option<AgentId>,
    version: u64,
    answers: Vec<(MessageId, Timestamp)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockV1 {
    id: ClockId,
    terms: Terms,
    started_at: Timestamp,
    run: RunV1,
    breached_at: Option<Timestamp>,
    floor: Timestamp,
    reached: Vec<ReachedV1>,
    escalation: Option<EscalationId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReachedV1 {
    ladder: LadderId,
    at: RungAt,
    times: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RunV1 {
    Running(RunningV1),
    Paused {
        elapsed: Duration,
    },
    Met {
        at: Timestamp,
        elapsed: Duration,
        answer: Option<MessageId>,
        ran: bool,
    },
    Cancelled {
        at: Timestamp,
        elapsed: Duration,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunningV1 {
    since: Timestamp,
    elapsed: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalationV1 {
    id: EscalationId,
    clock: ClockId,
    rungs: Vec<RungView>,
    acknowledged: Option<Acknowledgement>,
}

impl SnapshotV1 {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            plan: state.rules.plan.clone(),
            followed_seq: state.followed.0,
            followed_incarnation: state.followed.1,
            last_escalation: state.last_escalation,
            last_notification: state.last_notification,
            tickets: state
                .tickets
                .iter()
                .map(|(id, ticket)| TicketV1::of(*id, ticket))
                .collect(),
            clocks: state.clocks.iter().map(|(id, clock)| ClockV1::of(*id, clock)).collect(),
            escalations: state
                .escalations
                .iter()
                .map(|(id, of)| EscalationV1::of(*id, of))
                .collect(),
        }
    }

    pub(crate) fn into_state(self, desk: &DeskId) -> Result<State, RestoreError> {
        self.check()?;
        let mut state = State::new(desk);
        state.rules = Rules::new(self.plan);
        state.followed = (self.followed_seq, self.followed_incarnation);
        state.last_escalation = self.last_escalation;
        state.last_notification = self.last_notification;
        state.tickets = self.tickets.into_iter().map(TicketV1::restore).collect();
        state.clocks = self.clocks.into_iter().map(ClockV1::restore).collect();
        state.escalations = self.escalations.into_iter().map(EscalationV1::restore).collect();
        state.reschedule_all();
        Ok(state)
    }

    /// Clocks belong to tickets, escalations to clocks.
    fn check(&self) -> Result<(), RestoreError> {
        let known = |clock: &ClockV1| {
            self.tickets
                .binary_search_by_key(&clock.id.ticket, |ticket| ticket.id)
                .is_ok()
        };
        if let Some(clock) = self.clocks.iter().find(|clock| !known(clock)) {
            return Err(RestoreError::Damaged(format!("clock {} has no ticket", clock.id)));
        }
        let known = |of: &EscalationV1| self.clocks.binary_search_by_key(&of.clock, |clock| clock.id).is_ok();
        match self.escalations.iter().find(|escalation| !known(escalation)) {
            Some(escalation) => Err(RestoreError::Damaged(format!("{} has no clock", escalation.id))),
            None => Ok(()),
        }
    }
}

impl TicketV1 {
    fn of(id: TicketId, ticket: &Ticket) -> Self {
        let Ticket {
            facts,
            standing,
            owner,
            version,
            answers,
        } = ticket.clone();
        Self {
            id,
            facts,
            standing,
            owner,
            version,
            answers,
        }
    }

    fn restore(self) -> (TicketId, Ticket) {
        let ticket = Ticket {
            facts: self.facts,
            standing: self.standing,
            owner: self.owner,
            version: self.version,
            answers: self.answers,
        };
        (self.id, ticket)
    }
}

impl ClockV1 {
    fn of(id: ClockId, clock: &Clock) -> Self {
        let reached = clock.reached.iter().map(|((ladder, at), times)| ReachedV1 {
            ladder: ladder.clone(),
            at: *at,
            times: *times,
        });
        Self {
            id,
            terms: clock.terms.clone(),
            started_at: clock.started_at,
            run: clock.run.into(),
            breached_at: clock.breached_at,
            floor: clock.floor,
            reached: reached.collect(),
            escalation: clock.escalation,
        }
    }

    fn restore(self) -> (ClockId, Clock) {
        let reached = self.reached.into_iter().map(|of| ((of.ladder, of.at), of.times));
        let clock = Clock {
            terms: self.terms,
            started_at: self.started_at,
            run: self.run.into(),
            breached_at: self.breached_at,
            floor: self.floor,
            reached: reached.collect(),
            escalation: self.escalation,
            next: None,
        };
        (self.id, clock)
    }
}

impl EscalationV1 {
    fn of(id: EscalationId, escalation: &Escalation) -> Self {
        Self {
            id,
            clock: escalation.clock,
            rungs: escalation.rungs.clone(),
            acknowledged: escalation.acknowledged.clone(),
        }
    }

    fn restore(self) -> (EscalationId, Escalation) {
        let escalation = Escalation {
            clock: self.clock,
            rungs: self.rungs,
            acknowledged: self.acknowledged,
        };
        (self.id, escalation)
    }
}

impl From<Run> for RunV1 {
    fn from(run: Run) -> Self {
        match run {
            Run::Running(running) => Self::Running(running.into()),
            Run::Paused { elapsed } => Self::Paused { elapsed },
            Run::Met {
                at,
                elapsed,
                answer,
                ran,
            } => Self::Met {
                at,
                elapsed,
                answer,
                ran,
            },
            Run::Cancelled { at, elapsed } => Self::Cancelled { at, elapsed },
        }
    }
}

impl From<RunV1> for Run {
    fn from(run: RunV1) -> Self {
        match run {
            RunV1::Running(running) => Self::Running(running.into()),
            RunV1::Paused { elapsed } => Self::Paused { elapsed },
            RunV1::Met {
                at,
                elapsed,
                answer,
                ran,
            } => Self::Met {
                at,
                elapsed,
                answer,
                ran,
            },
            RunV1::Cancelled { at, elapsed } => Self::Cancelled { at, elapsed },
        }
    }
}

impl From<Running> for RunningV1 {
    fn from(Running { since, elapsed }: Running) -> Self {
        Self { since, elapsed }
    }
}

impl From<RunningV1> for Running {
    fn from(RunningV1 { since, elapsed }: RunningV1) -> Self {
        Self { since, elapsed }
    }
}
