//! Snapshot format 2: format 1, and what it did not know. Frozen: a change of meaning or shape is a new format.

use std::collections::BTreeMap;

use serde::Deserialize;
use tandem_domain::routing::Undelivered;
use tandem_domain::{MessageId, QueueId, RestoreError, TicketId, Timestamp, Trace};

use super::v1::SnapshotV1;
use super::{count, damaged};
use crate::answers::{Answers, Fate, Given, Said};
use crate::pace::Pace;
use crate::state::State;
use crate::ticket::Ticket;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotV2 {
    v1: SnapshotV1,
    /// Of every ticket of `v1`.
    tickets: BTreeMap<TicketId, TicketV2>,
    accepts: BTreeMap<QueueId, Vec<Timestamp>>,
    /// Whether the state came of one of format 1, which knew less.
    #[serde(default)]
    of_older: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketV2 {
    reprioritised: u64,
    moved: u64,
    waiting_since: Option<Timestamp>,
    given: Vec<GivenV2>,
    undelivered: Vec<Undelivered>,
    #[serde(default)]
    trace: Trace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenV2 {
    message: MessageId,
    at: Timestamp,
    fate: Fate,
    settled: Option<Timestamp>,
}

/// Reading.
impl SnapshotV2 {
    pub(crate) fn into_state(mut self) -> Result<State, RestoreError> {
        let mut state = self.v1.into_state()?;
        for id in state.tickets.keys() {
            let ticket = state.ticket_mut(id);
            let rest = self
                .tickets
                .remove(&id)
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
        (ticket.care.reprioritised, ticket.care.moved) = (count(self.reprioritised), count(self.moved));
        ticket.answers = Answers {
            said: Said {
                given: self.given.into_iter().map(given).collect(),
                undelivered: self.undelivered,
            }
            .into(),
            waiting_since: self.waiting_since,
        };
        ticket.trace = self.trace;
    }
}
