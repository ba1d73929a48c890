//! What rules can ask of a message.

use std::collections::{BTreeMap, HashMap};

use cel::Value;
use tandem_domain::{AccountId, Channel, LanguageTag};

/// Rules see so many bytes of a text; what matters to them stands at the beginning.
const MOST_TEXT: usize = 64 * 1024;
/// No single line that a rule sees (subject, address, header) is longer, in bytes.
const MOST_LINE: usize = 4 * 1024;
/// Rules see so many headers.
const MOST_HEADERS: usize = 100;

/// What rules can ask of a message.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts<'m> {
    /// The subject; empty if there is none.
    pub subject: &'m str,
    /// The text as a person reads it. Rules see its first 64 KiB.
    pub text: &'m str,
    /// The sender's address; empty if unknown.
    pub from: &'m str,
    /// The address that it was sent to; empty where the channel has none.
    pub to: &'m str,
    /// The language that was recognised.
    pub language: Option<&'m LanguageTag>,
    /// By which channel it came.
    pub channel: Channel,
    /// Where it came in.
    pub account: &'m AccountId,
    /// Headers by lower-case name; of a repeated one, any.
    pub headers: &'m BTreeMap<String, String>,
    /// Whether files hang on it.
    pub has_attachments: bool,
    /// Its size in bytes, as it came in.
    pub size: u64,
}

/// What a value in a rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
    Headers,
    List(Box<Kind>),
}

/// The fields of `message` and what they are.
pub(super) const FIELDS: [(&str, Kind); 11] = [
    ("subject", Kind::Text),
    ("text", Kind::Text),
    ("from", Kind::Text),
    ("from_domain", Kind::Text),
    ("to", Kind::Text),
    ("language", Kind::Text),
    ("channel", Kind::Text),
    ("account", Kind::Text),
    ("headers", Kind::Headers),
    ("has_attachments", Kind::Truth),
    ("size", Kind::Number),
];

/// The variable `message`, with a value for each of [`FIELDS`].
pub(super) fn value(facts: &MessageFacts<'_>) -> Value {
    let from = cut(facts.from, MOST_LINE).to_lowercase();
    let domain = from
        .rsplit_once('@')
        .map(|(_, domain)| domain.to_owned())
        .unwrap_or_default();
    let headers = facts.headers.iter().take(MOST_HEADERS);
    let headers: HashMap<String, &str> = headers
        .map(|(name, value)| (name.to_lowercase(), cut(value, MOST_LINE)))
        .collect();
    let fields: [(&str, Value); 11] = [
        ("subject", cut(facts.subject, MOST_LINE).into()),
        ("text", cut(facts.text, MOST_TEXT).into()),
        ("from", from.into()),
        ("from_domain", domain.into()),
        ("to", cut(facts.to, MOST_LINE).to_lowercase().into()),
        ("language", facts.language.map_or("", LanguageTag::as_str).into()),
        ("channel", facts.channel.as_str().into()),
        ("account", facts.account.as_str().into()),
        ("headers", headers.into()),
        ("has_attachments", facts.has_attachments.into()),
        ("size", i64::try_from(facts.size).unwrap_or(i64::MAX).into()),
    ];
    HashMap::from(fields).into()
}

/// At most so many bytes, whole characters.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
