//! What costs much is done once at a time for each desk.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tandem_domain::{DeskId, ErrorCode};
use tandem_service_kit::error::ApiError;

use crate::errors::Failure;

/// Desks for which it is being done by this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct OneAtATime(Arc<Mutex<BTreeSet<DeskId>>>);

/// Nobody else does it for the desk as long as this lives.
#[derive(Debug)]
pub(crate) struct Turn {
    under_way: OneAtATime,
    desk: DeskId,
}

impl OneAtATime {
    /// Begins, unless it is under way for the desk: then the caller is told so in these words.
    pub(crate) fn begin(&self, desk: &DeskId, busy: &'static str) -> Result<Turn, Failure> {
        if !self.desks().insert(desk.clone()) {
            return Err(ApiError::new(ErrorCode::ResourceExhausted, busy).into());
        }
        Ok(Turn {
            under_way: self.clone(),
            desk: desk.clone(),
        })
    }

    fn desks(&self) -> MutexGuard<'_, BTreeSet<DeskId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.under_way.desks().remove(&self.desk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_begins_when_the_first_has_ended() {
        let (under_way, desk) = (OneAtATime::default(), "acme".parse().unwrap());
        let first = under_way.begin(&desk, "busy").unwrap();
        assert!(under_way.begin(&desk, "busy").is_err());
        assert!(under_way.begin(&"globex".parse().unwrap(), "busy").is_ok());
        drop(first);
        assert!(under_way.begin(&desk, "busy").is_ok());
    }
}
