//! What ingest stores of a message beside its raw bytes, and what it tells the router.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::routing::Intake;
use tandem_domain::{AccountId, Channel, ConversationId};
use tandem_store::StoreError;
use uuid::Uuid;

use crate::mail::{Address, Attachment, Gap};

/// A stored message. Words and addresses live here and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Where it came in.
    pub account: AccountId,
    /// By which channel.
    pub channel: Channel,
    /// Who wrote it, as claimed.
    pub from: Option<Address>,
    /// One line.
    pub subject: String,
    /// The readable text.
    pub text: String,
    /// Attachments; their content is found again in the raw message.
    pub attachments: Vec<Attachment>,
    /// The language as recognised, or as the sender said.
    pub language: Option<Language>,
    /// What was missing or could not be read.
    pub gaps: BTreeSet<Gap>,
    /// Names of the rules that applied, in order.
    pub rules: Vec<String>,
}

/// A recognised language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Language {
    /// Which one.
    pub tag: tandem_domain::LanguageTag,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

impl Document {
    /// The stored form.
    #[must_use]
    pub(crate) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a document is plain data").into()
    }

    /// Reads the stored form of the document `key`.
    ///
    /// # Errors
    /// `Damaged`, when it is none.
    pub(crate) fn decode(key: &Uuid, bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes).map_err(|error| damaged("documents", key, &error))
    }
}

/// The outbox row of a message. The store knows the conversation, which may have begun before.
#[must_use]
pub(crate) fn encode_intake(intake: &Intake) -> Bytes {
    serde_json::to_vec(intake).expect("an intake is plain data").into()
}

/// Reads an outbox row; `conversation` is the one that the store found.
///
/// # Errors
/// `Damaged`, when it is none.
pub(crate) fn decode_intake(key: &Uuid, bytes: &[u8], conversation: ConversationId) -> Result<Intake, StoreError> {
    let intake: Intake = serde_json::from_slice(bytes).map_err(|error| damaged("outbox", key, &error))?;
    Ok(Intake { conversation, ..intake })
}

fn damaged(table: &'static str, key: &Uuid, error: &serde_json::Error) -> StoreError {
    // The category only: the error's own text may quote the message.
    StoreError::Damaged {
        table,
        key: key.to_string(),
        why: format!("{:?} error", error.classify()),
    }
}
