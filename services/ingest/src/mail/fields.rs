//! Reads a message's header section.

use std::collections::BTreeSet;

use mail_parser::{HeaderName, HeaderValue, Message, MessageParser};
use tandem_domain::Timestamp;

use super::dedupe::TRACE;
use super::{Address, Gap, ParsedMail, one_line};

/// Bytes of the header section that are looked at; SMTP takes no more.
const SECTION: usize = 256 << 10;
/// Addresses that are kept of each field.
const ADDRESSES: usize = 100;
/// Message-IDs that are kept of each field, the newest (last) ones.
const IDS: usize = 100;
/// Fields that are kept for the rules.
const RULE_FIELDS: usize = 200;

/// Fields with a place of their own in [`ParsedMail`].
const PLACED: [&str; 10] = [
    "message-id",
    "in-reply-to",
    "references",
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
];

/// Fills in everything that the header section says.
pub(super) fn read(raw: &[u8], mail: &mut ParsedMail) {
    let section = &raw[..section_end(raw).min(SECTION)];
    let parsed = parser().parse_headers(section).unwrap_or_default();
    if !parsed.parts.is_empty() {
        fill(&parsed, mail);
    }
    mail.gaps = gaps(section, mail);
}

/// The Message-ID of a message of which only the header section matters.
pub(super) fn message_id(raw: &[u8]) -> Option<String> {
    // The last line of a part has no end of its own.
    let section = [&raw[..section_end(raw).min(SECTION)], b"\r\n\r\n"].concat();
    let parsed = parser()
        .parse_headers(&section)
        .filter(|parsed| !parsed.parts.is_empty())?;
    ids(&parsed, HeaderName::MessageId).into_iter().next()
}

/// Where the header section ends: behind the first empty line.
pub(super) fn section_end(raw: &[u8]) -> usize {
    let mut end = 0;
    for line in raw.split_inclusive(|b| *b == b'\n') {
        end += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    end
}

fn parser() -> MessageParser {
    let parser = MessageParser::new()
        .with_date_headers()
        .with_address_headers()
        .with_message_ids();
    parser.header_text(HeaderName::Subject).default_header_text()
}

fn fill(parsed: &Message<'_>, mail: &mut ParsedMail) {
    mail.message_id = ids(parsed, HeaderName::MessageId).into_iter().next();
    mail.in_reply_to = ids(parsed, HeaderName::InReplyTo);
    mail.references = ids(parsed, HeaderName::References);
    mail.date = parsed.date().and_then(timestamp);
    mail.from = addresses(parsed, HeaderName::From);
    mail.sender = addresses(parsed, HeaderName::Sender).into_iter().next();
    mail.reply_to = addresses(parsed, HeaderName::ReplyTo);
    mail.to = addresses(parsed, HeaderName::To);
    mail.cc = addresses(parsed, HeaderName::Cc);
    mail.subject = parsed.subject().map(one_line).filter(|subject| !subject.is_empty());
    mail.null_return_path = parsed.return_path().as_text().is_some_and(|path| path.trim() == "<>");
    for header in parsed.headers() {
        let name = header.name.as_str().to_ascii_lowercase();
        let value = header.value.as_text().map(one_line);
        if mail.headers.len() < RULE_FIELDS && !TRACE.contains(&name.as_str()) && !PLACED.contains(&name.as_str()) {
            mail.headers.entry(name).or_insert_with(|| value.unwrap_or_default());
        }
    }
}

fn ids(parsed: &Message<'_>, field: HeaderName<'static>) -> Vec<String> {
    let lists = parsed.header_values(field).filter_map(HeaderValue::as_text_list);
    let all: Vec<_> = lists
        .flatten()
        .map(|id| one_line(id))
        .filter(|id| !id.is_empty())
        .collect();
    all[all.len().saturating_sub(IDS)..].to_vec()
}

fn addresses(parsed: &Message<'_>, field: HeaderName<'static>) -> Vec<Address> {
    let lists = parsed.header_values(field).filter_map(HeaderValue::as_address);
    let text = |text: Option<&str>| text.map(one_line).filter(|text| !text.is_empty());
    let all = lists.flat_map(mail_parser::Address::iter);
    let kept = all.map(|one| Address {
        name: text(one.name()),
        address: text(one.address()),
    });
    kept.filter(|one| one.name.is_some() || one.address.is_some())
        .take(ADDRESSES)
        .collect()
}

fn timestamp(date: &mail_parser::DateTime) -> Option<Timestamp> {
    let micros = date.to_timestamp().checked_mul(1_000_000)?;
    date.is_valid().then(|| Timestamp::from_micros(micros))
}

fn gaps(section: &[u8], mail: &ParsedMail) -> BTreeSet<Gap> {
    let has_author = mail.from.iter().any(|from| from.address.is_some());
    let named = [
        (mail.message_id.is_none(), Gap::NoMessageId),
        (mail.date.is_none(), Gap::NoDate),
        (!has_author, Gap::NoFrom),
        (str::from_utf8(section).is_err(), Gap::UndecodableBytes),
    ];
    named
        .into_iter()
        .filter(|(missing, _)| *missing)
        .map(|(_, gap)| gap)
        .collect()
}
