//! Messages that other systems submit over gRPC.

use bytes::Bytes;
use serde::Serialize;
use tandem_domain::{AccountId, Channel, ConversationId, CustomerId, DeskId, LanguageTag, Timestamp, Trace};

use crate::customer;
use crate::mail::{Address, MailSecret, ThreadKeys};

/// A submitted message, checked.
pub struct Submitted {
    /// Who submits: the token's subject. Systems share no conversations.
    pub caller: String,
    /// Names the message for ever.
    pub request_id: String,
    /// Where it came in.
    pub account: AccountId,
    /// The account's channel.
    pub channel: Channel,
    /// Who wrote it.
    pub from: Option<Address>,
    /// May be empty.
    pub subject: String,
    /// The words.
    pub text: String,
    /// The sending system's own name of the conversation; empty: it stands alone.
    pub conversation_key: String,
    /// The customer's language, if the sender knows it.
    pub language: Option<LanguageTag>,
    /// Written by a machine.
    pub automatic: bool,
    /// When the customer wants to be called back.
    pub due_at: Option<Timestamp>,
    /// The sending system's own name of the customer; empty: the customer is known by the address.
    pub customer_key: String,
    /// The call's trace.
    pub trace: Trace,
}

/// What is kept as the raw message: all that was submitted, for comparing repeats.
#[derive(Serialize)]
struct Raw<'a> {
    account: &'a AccountId,
    from: &'a Option<Address>,
    subject: &'a str,
    text: &'a str,
    conversation_key: &'a str,
    language: &'a Option<LanguageTag>,
    automatic: bool,
    // Not written where there is none, so that what was kept before there were any compares equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "str::is_empty")]
    customer_key: &'a str,
}

impl Submitted {
    /// The message as submitted, in one form.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let raw = Raw {
            account: &self.account,
            from: &self.from,
            subject: &self.subject,
            text: &self.text,
            conversation_key: &self.conversation_key,
            language: &self.language,
            automatic: self.automatic,
            due_at: self.due_at,
            customer_key: &self.customer_key,
        };
        serde_json::to_vec(&raw).expect("a submission is plain data").into()
    }

    /// The caller's request id is the provider's event id.
    #[must_use]
    pub fn dedupe_key(&self, secret: &MailSecret) -> Bytes {
        key(secret, "request", &[self.caller.as_bytes(), self.request_id.as_bytes()])
    }

    /// Who wrote, for the router.
    #[must_use]
    pub fn customer(&self, secret: &MailSecret, desk: &DeskId) -> Option<CustomerId> {
        if self.customer_key.is_empty() {
            return customer::by_address(secret, desk, self.from.as_ref());
        }
        Some(customer::by_key(secret, desk, &self.caller, &self.customer_key))
    }

    /// A conversation key counts only together with who submits and who wrote.
    #[must_use]
    pub fn thread_keys(&self, secret: &MailSecret, desk: &DeskId, fresh: ConversationId) -> ThreadKeys {
        let own = secret.conversation_key(desk, fresh);
        if self.conversation_key.is_empty() {
            return ThreadKeys {
                find_by: Vec::new(),
                known_as: vec![own],
            };
        }
        let author = self
            .from
            .as_ref()
            .and_then(|from| from.address.as_deref())
            .unwrap_or_default();
        let fields = [
            self.caller.as_bytes(),
            author.as_bytes(),
            self.conversation_key.as_bytes(),
        ];
        let key = key(secret, "submitted", &fields);
        ThreadKeys {
            find_by: vec![key.clone()],
            known_as: vec![key, own],
        }
    }
}

fn key(secret: &MailSecret, purpose: &str, fields: &[&[u8]]) -> Bytes {
    Bytes::copy_from_slice(&secret.keyed_hash(purpose, fields))
}
