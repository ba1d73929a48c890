//! The shell's own events. They are records of the same stream; consumers skip them.

use prost::Message;
use tandem_domain::{Actor, Event, Timestamp};
use tandem_proto::v1;
use tandem_store::{NewRecord, Record};

use crate::codec::common;
use crate::{DecodeError, Journaled, Lexicon};

const OPENED: &str = "Opened";
const LEVEL_RAISED: &str = "LevelRaised";

/// What the shell itself writes into a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellEvent {
    /// A process owns the desk from here on.
    Opened {
        /// Counts the stream's openings, from 1.
        epoch: u64,
        /// Random; on every record of this opening.
        incarnation: u64,
        /// The journal level in force.
        level: u32,
    },
    /// Kinds of events up to this level may be written from here on.
    LevelRaised {
        /// The level.
        level: u32,
        /// Who raised it.
        actor: Actor,
    },
}

/// A record, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded<B> {
    /// The shell's own.
    Shell(ShellEvent),
    /// The core's.
    Core(Event<B>),
}

impl ShellEvent {
    pub(crate) fn record(&self, at: Timestamp) -> NewRecord {
        let stamp = Some(common::time_to_proto(at));
        let (kind, payload) = match self {
            Self::Opened {
                epoch,
                incarnation,
                level,
            } => {
                let opened = v1::Opened {
                    epoch: *epoch,
                    incarnation: *incarnation,
                    level: *level,
                    at: stamp,
                };
                (OPENED, opened.encode_to_vec())
            }
            Self::LevelRaised { level, actor } => {
                let actor = Some(common::actor_to_proto(actor));
                (
                    LEVEL_RAISED,
                    v1::LevelRaised {
                        level: *level,
                        at: stamp,
                        actor,
                    }
                    .encode_to_vec(),
                )
            }
        };
        NewRecord {
            kind: kind.to_owned(),
            at,
            payload: payload.into(),
        }
    }

    fn decode(kind: &str, payload: &[u8]) -> Option<Result<Self, DecodeError>> {
        match kind {
            OPENED => Some(opened(payload)),
            LEVEL_RAISED => Some(level_raised(payload)),
            _ => None,
        }
    }
}

fn opened(payload: &[u8]) -> Result<ShellEvent, DecodeError> {
    let v1::Opened {
        epoch,
        incarnation,
        level,
        ..
    } = v1::Opened::decode(payload).map_err(|error| unreadable(&error))?;
    Ok(ShellEvent::Opened {
        epoch,
        incarnation,
        level,
    })
}

fn level_raised(payload: &[u8]) -> Result<ShellEvent, DecodeError> {
    let raised = v1::LevelRaised::decode(payload).map_err(|error| unreadable(&error))?;
    Ok(ShellEvent::LevelRaised {
        level: raised.level,
        actor: common::actor(raised.actor)?,
    })
}

fn unreadable(error: &prost::DecodeError) -> DecodeError {
    DecodeError::Damaged(error.to_string())
}

/// Reads one record of `C`'s journal by itself; for consumers and audit too.
///
/// # Errors
/// An unknown kind, or a damaged payload.
pub fn decode_record<C: Journaled>(record: &Record) -> Result<Recorded<C::Body>, DecodeError> {
    read_record::<C>(record, &mut Lexicon::default())
}

/// Reads one of many records of `C`'s journal, with the same lexicon.
///
/// # Errors
/// An unknown kind, or a damaged payload.
pub fn read_record<C: Journaled>(record: &Record, lexicon: &mut Lexicon) -> Result<Recorded<C::Body>, DecodeError> {
    match ShellEvent::decode(&record.kind, &record.payload) {
        Some(shell) => Ok(Recorded::Shell(shell?)),
        None => Ok(Recorded::Core(C::read(&record.kind, &record.payload, lexicon)?)),
    }
}
