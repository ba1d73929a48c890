//! Reads mail: raw bytes in, a [`ParsedMail`] out, whatever the bytes are.
//!
//! Nothing that was accepted is ever turned away here: what cannot be understood is left out and
//! marked as a [`Gap`], and the raw message is kept beside the parsed one.
//!
//! MIME is taken apart by `mail-parser`, behind three guards, because it was found to overflow the stack on
//! deeply nested messages, and because its work and memory on hostile input are bounded only by the
//! input's size:
//! - `shape` looks over the bytes first, once and linearly, and lets only messages through whose parse
//!   is bounded; of all others only the header section is read.
//! - The library never sees a message inside the message as such, and decodes nothing; `structure` and
//!   `content` decode the parts that are wanted, and no decoded part is larger than three times its source.
//! - A panic is caught and costs the body of that message only.

mod classify;
mod content;
mod dedupe;
mod fields;
mod html;
mod report;
mod secret;
mod shape;
mod structure;
mod thread;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::Timestamp;

pub use classify::{Kind, Origin, Sign, classify};
pub use report::is_final_report;
pub use secret::{MailSecret, split_token};
pub use structure::attachment;
pub use thread::ThreadKeys;

/// Bytes of text that are kept; the raw message has the rest.
pub const TEXT_BYTES: usize = 256 << 10;

/// What a mail says, as far as it can be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedMail {
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// What it answers, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// The thread so far, the oldest first, without angle brackets.
    pub references: Vec<String>,
    /// When it was written, as the sender's clock had it.
    pub date: Option<Timestamp>,
    /// Who wrote it, unverified; of all `From` fields.
    pub from: Vec<Address>,
    /// Who sent it for the author.
    pub sender: Option<Address>,
    /// Where answers should go.
    pub reply_to: Vec<Address>,
    /// Whom it was written to.
    pub to: Vec<Address>,
    /// Who was to know.
    pub cc: Vec<Address>,
    /// One line.
    pub subject: Option<String>,
    /// The words: of its plain text, or else of its HTML. At most [`TEXT_BYTES`], with LF line ends.
    pub text: String,
    /// Everything else in it.
    pub attachments: Vec<Attachment>,
    /// The remaining fields of the header section that rules may look at: name in lower case, decoded, the
    /// first of each name; no trace fields, which anybody on the way can write.
    pub headers: BTreeMap<String, String>,
    /// Whether its `Return-Path` is `<>`: it must not be answered.
    pub null_return_path: bool,
    /// What it reports, if it is a report: `delivery-status`, `disposition-notification` …
    pub report: Option<String>,
    /// The Message-ID of the mail that it returns, if it returns one.
    pub returned_id: Option<String>,
    /// What is missing or could not be read.
    pub gaps: BTreeSet<Gap>,
}

impl ParsedMail {
    /// The author's address for comparing, in lower case; none unless there is exactly one, plain
    /// and unambiguous. `From` is a claim: this proves nothing about who wrote it.
    #[must_use]
    pub fn author(&self) -> Option<String> {
        let [
            Address {
                address: Some(address), ..
            },
        ] = self.from.as_slice()
        else {
            return None;
        };
        let (local, domain) = address.split_once('@')?;
        let plain = |text: &str, others: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || others.contains(&b))
        };
        let unambiguous = plain(local, b".!#$%&'*+/=?^_`{|}~-") && plain(domain, b".-");
        unambiguous.then(|| address.to_ascii_lowercase())
    }
}

/// Somebody in a header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The name to show.
    pub name: Option<String>,
    /// The address as written.
    pub address: Option<String>,
}

/// A part of the mail that is not its text. Its content is found again in the raw message, see [`attachment`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which part of the message it is.
    pub part: u32,
    /// The file's name, without any folder.
    pub name: Option<String>,
    /// The type that the sender claims, such as `image/png`.
    pub claimed_type: String,
    /// Decoded bytes.
    pub size: u64,
    /// SHA-256 of the decoded content, lower-case hex.
    pub sha256: String,
}

/// Something that a mail should have, and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// No Message-ID.
    NoMessageId,
    /// No date, or none that can be.
    NoDate,
    /// No author's address.
    NoFrom,
    /// Text beyond ASCII that does not say how it is encoded; read as UTF-8 or else as Windows-1252.
    NoCharset,
    /// Text in an encoding that is not known; read as UTF-8 or else as Windows-1252.
    UnknownCharset,
    /// Bytes that cannot be what they claim to be were replaced or left undecoded.
    UndecodableBytes,
    /// More than 500 parts: not taken apart.
    TooManyParts,
    /// Nested deeper than 32 levels: not taken apart.
    TooDeep,
    /// So built that taking it apart would cost too much: not taken apart.
    TooCostly,
    /// Only the beginning of the text is kept.
    TextCut,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMessageId => "no_message_id",
            Self::NoDate => "no_date",
            Self::NoFrom => "no_from",
            Self::NoCharset => "no_charset",
            Self::UnknownCharset => "unknown_charset",
            Self::UndecodableBytes => "undecodable_bytes",
            Self::TooManyParts => "too_many_parts",
            Self::TooDeep => "too_deep",
            Self::TooCostly => "too_costly",
            Self::TextCut => "text_cut",
        })
    }
}

/// Reads a mail. May take long (a second for the largest): see [`parse_in_background`].
#[must_use]
pub fn parse(raw: &[u8]) -> ParsedMail {
    let mut mail = ParsedMail::default();
    fields::read(raw, &mut mail);
    let apart = catch_unwind(AssertUnwindSafe(|| structure::take_apart(raw)));
    match apart {
        Ok(Ok(content)) => mail.add_content(content),
        Ok(Err(gap)) => drop(mail.gaps.insert(gap)),
        // The panic hook has reported it.
        Err(_panic) => drop(mail.gaps.insert(Gap::TooCostly)),
    }
    mail
}

/// Reads a mail on a thread where that may take its time.
pub async fn parse_in_background(raw: Bytes) -> ParsedMail {
    let parsed = tokio::task::spawn_blocking(move || parse(&raw)).await;
    // The task neither panics (see `parse`) nor is it cancelled, except while the runtime ends.
    parsed.unwrap_or_default()
}

impl ParsedMail {
    fn add_content(&mut self, content: structure::Content) {
        self.text = content.text;
        self.attachments = content.attachments;
        self.report = content.report;
        self.returned_id = content.returned_id;
        self.gaps.extend(content.gaps);
    }
}

/// Cuts `text` to at most `bytes`, at a character; says whether that took something away.
fn cut(text: &mut String, bytes: usize) -> bool {
    let too_long = text.len() > bytes;
    text.truncate(text.floor_char_boundary(bytes));
    too_long
}

/// One line without control characters.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&mut line, 1000);
    line.trim().to_owned()
}
