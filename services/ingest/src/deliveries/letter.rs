//! Writes an answer as a mail. Everything from outside goes into typed header fields, which no text can leave.

use std::time::SystemTime;

use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::{Mailbox, SinglePart};
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use crate::mail::{MailSecret, ParsedMail};

/// Message-IDs that are named as the thread so far, the newest ones and the first.
const REFERENCES: usize = 20;
/// Longer Message-IDs are left out: their field could not be folded.
const MESSAGE_ID_BYTES: usize = 250;
/// Characters of a subject.
const SUBJECT_CHARS: usize = 200;
/// Before a subject, when somebody has answered already, in the languages that people write in.
const ANSWER_MARKS: [&str; 4] = ["re:", "aw:", "antw:", "sv:"];

/// What an answer's mail is made of.
pub(super) struct Letter<'a> {
    /// The desk.
    pub(super) desk: &'a DeskId,
    /// The conversation.
    pub(super) conversation: ConversationId,
    /// The answer.
    pub(super) message: MessageId,
    /// The account's address.
    pub(super) from: &'a str,
    /// The mail that is answered.
    pub(super) answered: &'a ParsedMail,
    /// The answer's text.
    pub(super) text: &'a str,
    /// When it was written.
    pub(super) at: Timestamp,
}

/// The mail cannot be written: an address is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has no address that mail can be sent to")]
pub(super) struct NoAddress;

impl Letter<'_> {
    /// The mail. The same answer gives the same Message-ID.
    ///
    /// # Errors
    /// If the author of the mail that is answered, or the account, has no plain address.
    pub(super) fn write(&self, secret: &MailSecret) -> Result<Message, NoAddress> {
        let recipient = self.answered.author().ok_or(NoAddress)?;
        let (local, domain) = self.from.split_once('@').ok_or(NoAddress)?;
        let token = secret.token(self.desk, self.conversation, &recipient);
        let id = secret.message_id(self.desk, &token, self.message.0, domain);
        let bounce = secret.bounce_token(self.desk, self.message);
        let tagged = |token: &str| format!("{local}+t{token}@{domain}").parse::<Address>();
        let (from, to): (Address, Address) = (address(self.from)?, address(&recipient)?);
        // An address that would become too long goes without its token: the Message-ID carries it too.
        let return_path = tagged(&bounce).unwrap_or_else(|_| from.clone());
        let envelope = Envelope::new(Some(return_path), vec![to.clone()]).map_err(|_| NoAddress)?;
        let mut builder = Message::builder()
            .envelope(envelope)
            .from(Mailbox::new(None, from))
            .to(Mailbox::new(None, to))
            .subject(subject(self.answered.subject.as_deref()))
            .message_id(Some(format!("<{id}>")))
            .date(SystemTime::UNIX_EPOCH + since_epoch(self.at));
        if let Ok(answer_to) = tagged(&token) {
            builder = builder.reply_to(Mailbox::new(None, answer_to));
        }
        if let Some(answered) = self.answered.message_id.as_deref().filter(|id| is_plain(id)) {
            builder = builder.in_reply_to(format!("<{answered}>"));
        }
        let references = references(self.answered);
        if !references.is_empty() {
            builder = builder.references(references);
        }
        builder
            .singlepart(SinglePart::plain(self.text.to_owned()))
            .map_err(|_| NoAddress)
    }
}

fn address(text: &str) -> Result<Address, NoAddress> {
    text.parse().map_err(|_| NoAddress)
}

fn since_epoch(at: Timestamp) -> std::time::Duration {
    at.since(Timestamp::EPOCH)
}

/// One line, marked as an answer once.
fn subject(answered: Option<&str>) -> String {
    let mut rest = answered.unwrap_or_default().trim();
    while let Some(mark) = ANSWER_MARKS.iter().find(|mark| begins_with(rest, mark)) {
        rest = rest[mark.len()..].trim_start();
    }
    let plain = rest.chars().map(|c| if c.is_control() { ' ' } else { c });
    let rest: String = plain.take(SUBJECT_CHARS).collect();
    format!("Re: {}", rest.trim()).trim_end().to_owned()
}

fn begins_with(text: &str, mark: &str) -> bool {
    text.get(..mark.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
}

/// The thread so far with the mail that is answered at its end (RFC 5322, section 3.6.4).
fn references(answered: &ParsedMail) -> String {
    let parents = if answered.references.is_empty() {
        &answered.in_reply_to
    } else {
        &answered.references
    };
    let thread: Vec<&String> = parents
        .iter()
        .chain(&answered.message_id)
        .filter(|id| is_plain(id))
        .collect();
    let surplus = thread.len().saturating_sub(REFERENCES);
    let kept = thread.iter().take(1).chain(thread.iter().skip(1 + surplus));
    let kept: Vec<String> = kept.map(|id| format!("<{id}>")).collect();
    kept.join(" ")
}

/// Whether a Message-ID can be written into a field as it is.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'<' && byte != b'>';
    !id.is_empty() && id.len() <= MESSAGE_ID_BYTES && id.bytes().all(plain)
}

#[cfg(test)]
mod tests;
