//! What a bus holds at most; the same for every implementation, so that nobody is surprised in a cluster.

use bytes::Bytes;

use crate::{BusError, Headers};

/// Deliveries that a reader may hold without having acknowledged them; then it is given no more.
pub const MAX_UNACKED: usize = 256;

/// Requests that wait for one server; those above it are dropped and time out at the asker.
pub const MAX_WAITING_REQUESTS: usize = 1024;

/// Hints that wait for one listener; of those above it the oldest are dropped. A power of two.
pub const MAX_WAITING_HINTS: usize = 256;

/// Bytes of headers and payload together. NATS' own default; a server may allow less or more.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

pub(crate) fn check(headers: &Headers, payload: &Bytes, limit: usize) -> Result<(), BusError> {
    let size = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum::<usize>()
        + payload.len();
    if size > limit {
        Err(BusError::TooLarge { size, limit })
    } else {
        Ok(())
    }
}
