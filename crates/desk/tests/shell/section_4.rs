//! Section 4: the journal is the truth, the audit log, and the outbox.

mod consuming;
mod effects;
mod evolution;
mod fencing;
mod heads;
mod ownership;
mod passing;
mod relay;
mod requests;
mod snapshots;
