//! What ingest stores of a message beside its raw bytes, and what it tells the router.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::routing::Intake;
use tandem_domain::{AccountId, AgentId, Channel, ConversationId};
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
    /// Of a visitor's message: the id that the visitor's side gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_as: Option<String>,
    /// Who speaks to whom.
    #[serde(default)]
    pub direction: Direction,
    /// Of an answer or a note: which agent wrote it; none: a supervisor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AgentId>,
    /// Whether a machine wrote it, whom nobody answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// Of a message that another system submitted: that system's own name of the conversation, which may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_as: Option<String>,
    /// Its trace: of a message, the one that began with it; of an answer or a note, the one of the message that it
    /// answers, or else of the call that brought it. Empty where nothing is traced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace: String,
}

/// Who speaks to whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// A customer, or a machine of theirs, to the desk.
    #[default]
    Inbound,
    /// The desk to the customer.
    Answer,
    /// The desk to itself.
    Note,
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
