//! Takes a message apart: its text, its attachments, what it reports.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use super::content::{charset_decode, transfer_decode};
use super::{Attachment, Gap, TEXT_BYTES, cut, fields, html, one_line, shape};

/// Bytes of a text part that are looked at: markup included, they give more words than are kept.
const TEXT_SOURCE: usize = 4 << 20;

/// What is in a message besides its header section.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) report: Option<String>,
    pub(super) returned_id: Option<String>,
    pub(super) gaps: BTreeSet<Gap>,
}

/// Takes a message apart, or says why not.
pub(super) fn take_apart(raw: &[u8]) -> Result<Content, Gap> {
    let layout = shape::checked(raw)?;
    let Some(message) = parse(&layout)? else {
        return Ok(Content::default());
    };
    let parts = Parts { raw, message: &message };
    let mut gaps = BTreeSet::new();
    let text = parts.text(&mut gaps);
    let attachments = message
        .attachments
        .iter()
        .filter_map(|part| parts.attachment(*part, &mut gaps))
        .collect();
    let returned_id = parts.returned_id().or_else(|| quoted_id(&text));
    let report = parts.report();
    Ok(Content {
        text,
        attachments,
        report,
        returned_id,
        gaps,
    })
}

/// The decoded content of a part of a message, such as [`Attachment::part`].
#[must_use]
pub fn attachment(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    let layout = shape::checked(raw).ok()?;
    let message = parse(&layout).ok()??;
    let parts = Parts { raw, message: &message };
    Some(parts.content(parts.part(part)?, &mut BTreeSet::new()).into_owned())
}

/// Where each part begins and ends, and what kind it is; nothing is decoded. None: there is no header field at all.
fn parse(layout: &[u8]) -> Result<Option<Message<'_>>, Gap> {
    let Some(message) = parser().parse(layout) else {
        return Ok(None);
    };
    match () {
        () if message.parts.len() > shape::PARTS => Err(Gap::TooManyParts),
        () if depth(&message) > shape::DEPTH => Err(Gap::TooDeep),
        () => Ok(Some(message)),
    }
}

/// Reads only what the structure hangs on. Without `Content-Transfer-Encoding` the library decodes nothing.
fn parser() -> MessageParser {
    let parser = MessageParser::new().header_content_type(HeaderName::ContentType);
    parser
        .header_content_type(HeaderName::ContentDisposition)
        .default_header_ignore()
}

/// How many levels of multiparts there are.
fn depth(message: &Message<'_>) -> usize {
    let mut levels = vec![1; message.parts.len()];
    for (index, part) in message.parts.iter().enumerate() {
        // Parts are listed before their children.
        for child in part.sub_parts().unwrap_or_default() {
            if let Some(level) = levels.get(*child as usize).map(|_| levels[index] + 1) {
                levels[*child as usize] = level;
            }
        }
    }
    levels.into_iter().max().unwrap_or_default()
}

/// The parts of a message: where they are, from its layout; what they are, from the message itself.
struct Parts<'a> {
    raw: &'a [u8],
    message: &'a Message<'a>,
}

impl<'a> Parts<'a> {
    fn part(&self, id: u32) -> Option<&'a MessagePart<'a>> {
        self.message.parts.get(id as usize)
    }

    /// The part with its true header fields and nothing else.
    fn head(&self, part: &MessagePart<'_>) -> MessagePart<'a> {
        let fields = self
            .raw
            .get(part.offset_header as usize..part.offset_body as usize)
            .unwrap_or_default();
        let head = parser().parse_headers(fields);
        head.and_then(|mut head| head.parts.pop()).unwrap_or_default()
    }

    fn source(&self, part: &MessagePart<'_>) -> &'a [u8] {
        self.raw
            .get(part.offset_body as usize..part.offset_end as usize)
            .unwrap_or_default()
    }

    fn content(&self, part: &MessagePart<'_>, gaps: &mut BTreeSet<Gap>) -> Cow<'a, [u8]> {
        transfer_decode(self.source(part), &self.transfer_encoding(part), gaps)
    }

    /// The field's first word; comments and parameters have no business there.
    fn transfer_encoding(&self, part: &MessagePart<'_>) -> String {
        let field = part
            .headers
            .iter()
            .find(|header| header.name == HeaderName::ContentTransferEncoding);
        let value = field.and_then(|header| self.raw.get(header.offset_start as usize..header.offset_end as usize));
        let text = String::from_utf8_lossy(value.unwrap_or_default());
        let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | '"'));
        words.find(|word| !word.is_empty()).unwrap_or_default().to_owned()
    }

    fn text(&self, gaps: &mut BTreeSet<Gap>) -> String {
        let candidates = [
            self.message.text_body.clone(),
            self.message.html_body.clone(),
            self.cut_off_text(),
        ];
        let texts = candidates.iter().map(|ids| self.texts(ids, gaps));
        let mut text = texts
            .into_iter()
            .find(|text| !text.trim().is_empty())
            .unwrap_or_default();
        if cut(&mut text, TEXT_BYTES) {
            gaps.insert(Gap::TextCut);
        }
        text
    }

    /// The first text in a message whose end is missing; the library takes that for an attachment.
    fn cut_off_text(&self) -> Vec<u32> {
        let is_text = |id: &u32| {
            self.part(*id)
                .is_some_and(|part| part.is_text() && part.content_disposition().is_none())
        };
        self.message
            .attachments
            .iter()
            .copied()
            .find(is_text)
            .into_iter()
            .collect()
    }

    fn texts(&self, ids: &[u32], gaps: &mut BTreeSet<Gap>) -> String {
        let parts = ids.iter().filter_map(|id| self.part(*id));
        let texts: Vec<_> = parts.filter_map(|part| self.text_of(part, gaps)).collect();
        texts.join("\n")
    }

    fn text_of(&self, part: &MessagePart<'_>, gaps: &mut BTreeSet<Gap>) -> Option<String> {
        let is_html = match part.body {
            PartType::Text(_) => false,
            PartType::Html(_) => true,
            _ => return None,
        };
        let source = self.source(part);
        let beginning = &source[..source.len().min(TEXT_SOURCE)];
        if beginning.len() < source.len() {
            gaps.insert(Gap::TextCut);
        }
        let bytes = transfer_decode(beginning, &self.transfer_encoding(part), gaps);
        let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
        let text = charset_decode(&bytes, charset, gaps);
        let text = if is_html { html::to_text(&text) } else { text };
        Some(text.replace("\r\n", "\n").replace('\0', ""))
    }

    fn attachment(&self, id: u32, gaps: &mut BTreeSet<Gap>) -> Option<Attachment> {
        let part = self.part(id)?;
        let head = self.head(part);
        let content = self.content(part, gaps);
        Some(Attachment {
            part: id,
            name: head.attachment_name().and_then(file_name),
            claimed_type: one_line(&claimed_type(&head)),
            size: content.len() as u64,
            sha256: hex::encode(Sha256::digest(&content)),
        })
    }

    /// The type of the report, or of the part that only such a report has.
    fn report(&self) -> Option<String> {
        let root = self.message.parts.first()?;
        if root.is_content_type("multipart", "report") {
            let kind = root.content_type().and_then(|kind| kind.attribute("report-type"));
            return Some(kind.map_or_else(String::new, |kind| one_line(&kind.to_ascii_lowercase())));
        }
        let delivery = |part: &MessagePart<'_>| part.is_content_type("message", "delivery-status");
        self.message
            .parts
            .iter()
            .any(delivery)
            .then(|| "delivery-status".to_owned())
    }

    /// The Message-ID of the first returned message, of which often only the header section is there.
    fn returned_id(&self) -> Option<String> {
        let returns = |part: &&MessagePart<'_>| {
            let head = self.head(part);
            let kinds = [("message", "rfc822"), ("message", "global"), ("text", "rfc822-headers")];
            kinds.iter().any(|(kind, subtype)| head.is_content_type(kind, subtype))
        };
        let part = self.message.parts.iter().skip(1).find(returns)?;
        fields::message_id(&self.content(part, &mut BTreeSet::new()))
    }
}

/// Old mail servers paste the returned message into the text.
fn quoted_id(text: &str) -> Option<String> {
    const FIELD: &str = "message-id:";
    let field = text.lines().find(|line| {
        line.get(..FIELD.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(FIELD))
    })?;
    let (_, id) = field.split_once('<')?;
    let (id, _) = id.split_once('>')?;
    Some(one_line(id))
}

fn claimed_type(part: &MessagePart<'_>) -> String {
    match part.content_type() {
        Some(kind) => format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")),
        None => "text/plain".to_owned(),
    }
}

/// The last component of a path, of whichever system.
fn file_name(path: &str) -> Option<String> {
    let name = one_line(path.rsplit(['/', '\\']).next().unwrap_or_default());
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folder() {
        assert_eq!(file_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(file_name("C:\\temp\\a b.txt").as_deref(), Some("a b.txt"));
        assert_eq!(file_name("a\r\nb").as_deref(), Some("a  b"));
        assert_eq!(file_name("/"), None);
        assert_eq!(file_name(".."), None);
    }
}
