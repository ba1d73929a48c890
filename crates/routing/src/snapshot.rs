//! Snapshots: the facts, as postcard since format 3, as JSON before.
//!
//! Each format is a frozen set of structs, apart from the live ones, so that the live ones can
//! change while old snapshots still load. Only the newest is written.

mod v1;
mod v2;
mod v3;

use serde::de::DeserializeOwned;
use tandem_domain::{OfferId, RestoreError, TicketId};

use crate::conversations::LAST_TICKET;
use crate::state::State;

/// The format that is written.
pub(crate) const FORMAT: u32 = 3;

pub(crate) fn write(state: &State) -> Vec<u8> {
    v3::write(state)
}

pub(crate) fn read(format: u32, bytes: &[u8]) -> Result<State, RestoreError> {
    let mut state = match format {
        1 => parsed::<v1::SnapshotV1>(bytes)?.into_state().map(of_older),
        2 => parsed::<v2::SnapshotV2>(bytes)?.into_state().map(of_older),
        3 => v3::read(bytes),
        unknown => Err(RestoreError::UnknownFormat(unknown)),
    }?;
    let applied = state.applied;
    state.news.begin(applied);
    Ok(state)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))
}

fn damaged(what: &str) -> RestoreError {
    RestoreError::Damaged(what.to_owned())
}

/// Tickets and offers lie by their numbers: one that was never handed out would take memory for all before it.
fn check_ticket(ticket: TicketId, last: u64) -> Result<(), RestoreError> {
    let there_was = (1..=last.min(LAST_TICKET)).contains(&ticket.0);
    there_was
        .then_some(())
        .ok_or_else(|| damaged("a ticket that there never was"))
}

fn check_offer(offer: OfferId, last: u64) -> Result<(), RestoreError> {
    let there_was = (1..=last).contains(&offer.0);
    there_was
        .then_some(())
        .ok_or_else(|| damaged("an offer that there never was"))
}

/// What is counted on a ticket: snapshots have more room for it than there ever was need.
fn count(on_ticket: u64) -> u32 {
    u32::try_from(on_ticket).unwrap_or(u32::MAX)
}

/// Formats 1 and 2 did not know which messages are on a ticket.
fn of_older(mut state: State) -> State {
    state.of_older = true;
    state
}
