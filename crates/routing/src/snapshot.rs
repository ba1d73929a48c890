//! Snapshots: the facts as JSON.
//!
//! Each format is a frozen set of structs, apart from the live ones, so that the live ones can
//! change while old snapshots still load.

mod v1;
mod v2;

use serde::de::DeserializeOwned;
use tandem_domain::RestoreError;

use crate::state::State;

/// The format that is written.
pub(crate) const FORMAT: u32 = 2;

pub(crate) fn write(state: &State) -> Vec<u8> {
    serde_json::to_vec(&v2::SnapshotV2::of(state)).expect("a snapshot has text keys and no fallible parts")
}

pub(crate) fn read(format: u32, bytes: &[u8]) -> Result<State, RestoreError> {
    match format {
        1 => {
            let mut state = parsed::<v1::SnapshotV1>(bytes)?.into_state()?;
            state.of_older = true;
            Ok(state)
        }
        2 => parsed::<v2::SnapshotV2>(bytes)?.into_state(),
        unknown => Err(RestoreError::UnknownFormat(unknown)),
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))
}

fn damaged(what: &str) -> RestoreError {
    RestoreError::Damaged(what.to_owned())
}
