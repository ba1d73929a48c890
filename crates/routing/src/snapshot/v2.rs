//! Snapshot format 2: format 1, and what it did not know. Frozen: a change of meaning or shape is a new format.

use std::collections::BTreeMap;
use std::ops::Not;

use serde::{Deserialize, Serialize};
use tandem_domain::routing::Undelivered;
use tandem_domain::{MessageId, QueueId, RestoreError, TicketId, Timestamp, Trace};

use super::damaged;
use super::v1::SnapshotV1;
use crate::answers::{Answers, Fate, Given};
use crate::pace::Pace;
use crate::state::State;
use crate::ticket::Ticket;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotV2 {
    v1: SnapshotV1,
    /// Of every ticket of `v1`.
    tickets: BTreeMap<TicketId, TicketV2>,
    accepts: BTreeMap<QueueId, Vec<Timestamp>>,
    /// Whether the state came of one of format 1, which knew less.
    #[serde(default, skip_serializing_if = "Not::not")]
    of_older: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketV2 {
    reprioritised: u64,
    moved: u64,
    waiting_since: Option<Timestamp>,
    given: Vec<GivenV2>,
    undelivered: Vec<Undelivered>,
    #[serde(default, skip_serializing_if = "is_none")]
    trace: Trace,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenV2 {
    message: MessageId,
    at: Timestamp,
    fate: Fate,
    settled: Option<Timestamp>,
}

/// Writing.
impl SnapshotV2 {
    pub(crate) fn of(state: &State) -> Self {
        let tickets = state.tickets.values();
        let accepts = state.pace.iter();
        Self {
            v1: SnapshotV1::of(state),
            tickets: tickets.map(|ticket| (ticket.id, TicketV2::of(ticket))).collect(),
            accepts: accepts
                .map(|(queue, accepts)| (queue.clone(), accepts.iter().copied().collect()))
                .collect(),
            of_older: state.of_older,
        }
    }
}

impl TicketV2 {
    fn of(ticket: &Ticket) -> Self {
        let given = |given: &Given| GivenV2 {
            message: given.message,
            at: given.at,
            fate: given.fate,
            settled: given.settled,
        };
        Self {
            reprioritised: ticket.reprioritised,
            moved: ticket.moved,
            waiting_since: ticket.answers.waiting_since,
            given: ticket.answers.given.iter().map(given).collect(),
            undelivered: ticket.answers.undelivered.clone(),
            trace: ticket.trace.clone(),
        }
    }
}

/// Reading.
impl SnapshotV2 {
    pub(crate) fn into_state(mut self) -> Result<State, RestoreError> {
        let mut state = self.v1.into_state()?;
        for (id, ticket) in &mut state.tickets {
            let rest = self
                .tickets
                .remove(id)
                .ok_or_else(|| damaged("a ticket of which half is missing"))?;
            rest.restore(ticket);
        }
        if !self.tickets.is_empty() {
            return Err(damaged("half a ticket"));
        }
        state.pace = Pace::of(self.accepts);
        state.of_older = self.of_older;
        Ok(state)
    }
}

impl TicketV2 {
    fn restore(self, ticket: &mut Ticket) {
        let given = |given: GivenV2| Given {
            message: given.message,
            at: given.at,
            fate: given.fate,
            settled: given.settled,
        };
        (ticket.reprioritised, ticket.moved) = (self.reprioritised, self.moved);
        ticket.answers = Answers {
            given: self.given.into_iter().map(given).collect(),
            undelivered: self.undelivered,
            waiting_since: self.waiting_since,
        };
        ticket.trace = self.trace;
    }
}

fn is_none(trace: &Trace) -> bool {
    trace.0.is_empty()
}
