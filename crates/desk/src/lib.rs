//! The shell around the cores: one piece of code that owns desks and turns their wheel.
//!
//! *gather* a batch of commands → let the core *handle* them → *commit* their events in one
//! transaction → *answer* the callers and *relay*. While a commit runs, commands gather; none is
//! handled. Nothing uncommitted is ever seen, and any failure throws the state in memory away
//! and opens the desk anew from its journal.
//!
//! Where to look: `wheel` turns, `gather` collects, `opening` loads and fences, `keeper` decides
//! what a failure means, `ownership` who tries, `relay` and `effects` tell the world, `consume`
//! hears of it, `requests` makes repeats harmless, `parking` keeps what cannot be done.
//!
//! **Architecture invariant:** the journal's key `(stream, seq)` is the only fence. No lease, no
//! lock and no answer of the bus is ever trusted to keep two owners apart.

mod backoff;
mod batch;
mod call;
mod client;
mod clock;
pub mod codec;
mod committing;
mod consume;
mod desks;
mod effects;
mod error;
mod follow;
mod gather;
mod handling;
mod heads;
mod hints;
mod instruments;
mod journaled;
mod keeper;
mod lease_guard;
mod opening;
mod owned;
mod ownership;
mod parking;
mod recent;
mod records;
mod relay;
mod replay;
mod requests;
mod retrying;
mod serving;
mod sessions;
mod settings;
mod shared;
mod shell_event;
mod snapshots;
mod status;
mod store_calls;
mod submission;
mod verify;
mod wheel;
mod wire;

pub use client::DeskClient;
pub use clock::{DeskClock, StoreClock};
pub use codec::Lexicon;
pub use consume::{Consume, HandleError, RetryError, consume, parked_events, retry_parked_event};
pub use desks::Desks;
pub use error::DeskError;
pub use heads::Head;
pub use journaled::{DecodeError, Effect, Encoded, Journaled, Topic};
pub use parking::{ParkedItem, ParkedPage};
pub use settings::Settings;
pub use shell_event::{Recorded, ShellEvent, decode_record, read_record};
pub use status::{DeskState, DeskStatus};
pub use submission::{RequestMark, Submission};
pub use verify::snapshot_fault;
