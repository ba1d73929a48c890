//! How a desk is doing, for health and operators.

use std::time::Duration;

use tandem_domain::DeskId;

/// How an owned desk is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskStatus {
    /// The desk.
    pub desk: DeskId,
    /// Where it stands.
    pub state: DeskState,
    /// Its last committed `seq`.
    pub seq: u64,
    /// Its journal level.
    pub level: u32,
    /// How far its journal is ahead of the store's clock; more than five seconds is an alarm.
    pub journal_ahead: Duration,
}

/// Where an owned desk stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskState {
    /// Being loaded; nothing is answered yet.
    Opening,
    /// Answers.
    Open,
    /// Cannot be loaded by this program; tried again now and then.
    Failed(String),
    /// Broke, and is opened anew after a pause.
    Backoff(String),
}
