//! Snapshots: the facts as JSON.
//!
//! Each format is a frozen set of structs, apart from the live ones, so that the live ones can
//! change while old snapshots still load.

mod v1;

use tandem_domain::{DeskId, RestoreError};

use crate::state::State;

/// The format that is written.
pub(crate) const FORMAT: u32 = 1;

pub(crate) fn write(state: &State) -> Vec<u8> {
    serde_json::to_vec(&v1::SnapshotV1::of(state)).expect("a snapshot has text keys and no fallible parts")
}

pub(crate) fn read(desk: &DeskId, format: u32, bytes: &[u8]) -> Result<State, RestoreError> {
    match format {
        1 => {
            let snapshot: v1::SnapshotV1 =
                serde_json::from_slice(bytes).map_err(|error| RestoreError::Damaged(error.to_string()))?;
            snapshot.into_state(desk)
        }
        unknown => Err(RestoreError::UnknownFormat(unknown)),
    }
}
