//! A visitor's message on its way into the store.

use bytes::Bytes;
use serde::Serialize;
use tandem_domain::{AccountId, ConversationId, LanguageTag, Trace};

use crate::mail::{Address, MailSecret};

/// A message of a visitor, checked.
pub(crate) struct ChatMessage {
    /// The chat; its conversation has the same id.
    pub chat: ConversationId,
    /// The visitor's side's id of the message, unique within the chat.
    pub id: String,
    /// Where it came in.
    pub account: AccountId,
    /// Who writes, where the customer's site has said so.
    pub from: Option<Address>,
    /// The words.
    pub text: String,
    /// The visitor's language, where the visitor's side has said so.
    pub language: Option<LanguageTag>,
    /// The socket's trace.
    pub trace: Trace,
}

/// What is kept as the raw message.
#[derive(Serialize)]
struct Raw<'a> {
    id: &'a str,
    from: &'a Option<Address>,
    text: &'a str,
    language: &'a Option<LanguageTag>,
}

impl ChatMessage {
    /// The message as it came, in one form.
    pub(crate) fn encode(&self) -> Bytes {
        let raw = Raw {
            id: &self.id,
            from: &self.from,
            text: &self.text,
            language: &self.language,
        };
        serde_json::to_vec(&raw).expect("a message is plain data").into()
    }

    /// The same id in the same chat is the same message, over whichever socket it comes.
    pub(crate) fn dedupe_key(&self, secret: &MailSecret) -> Bytes {
        let fields: [&[u8]; 2] = [self.chat.0.as_bytes(), self.id.as_bytes()];
        Bytes::copy_from_slice(&secret.keyed_hash("chat message", &fields))
    }
}
