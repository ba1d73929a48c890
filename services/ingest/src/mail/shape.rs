//! Looks over a message before the MIME parser may: how much work and memory could it become?
//!
//! Each count is an upper bound of what it stands for, however the message is built: text that only
//! looks like structure is counted too, and so the limits are far above what real mail has.

use std::borrow::Cow;

use super::Gap;

/// Parts that a message may have.
pub(super) const PARTS: usize = 500;
/// How deep they may be nested.
pub(super) const DEPTH: usize = 32;

/// Lines with `--` in them: a part begins with one.
const PART_LINES: u64 = 20_000;
/// Lines with a colon: a header field has one. The parser keeps some 120 bytes for each.
const FIELD_LINES: u64 = 500_000;
/// Characters that separate what the parser then keeps with some 50 bytes each.
const SEPARATORS: u64 = 2_000_000;
/// Bytes read while looking in vain for a boundary: each multipart may look through the rest of the message.
const BYTES_SEARCHED: u64 = 1 << 30;
/// Comparisons made for numbered parameters (`name*1=`), of which each looks at all in its field.
const COMPARISONS: u64 = 200_000_000;

/// The counts.
#[derive(Debug, Default)]
struct Shape {
    part_lines: u64,
    field_lines: u64,
    separators: u64,
    comparisons: u64,
    stars_in_field: u64,
    multiparts: u64,
    // A message in a message is a `message/rfc822`, a `message/global` or a part of a `multipart/digest`.
    messages: u64,
    message_kinds: u64,
}

/// What makes a part a message of its own; the first letter is changed by [`flat`].
const MESSAGE_KINDS: [&[u8]; 3] = [b"rfc822", b"global", b"digest"];

/// The message as the parser may have it, every byte in its place: parts that are messages themselves are called
/// something else there, so that the parser, which would overflow the stack, does not go into them. What a part
/// contains, and what it is called, is to be read from the message itself.
pub(super) fn checked(raw: &[u8]) -> Result<Cow<'_, [u8]>, Gap> {
    let shape = check(raw)?;
    Ok(if shape.message_kinds == 0 {
        Cow::Borrowed(raw)
    } else {
        Cow::Owned(flat(raw))
    })
}

fn flat(raw: &[u8]) -> Vec<u8> {
    let mut flat = raw.to_vec();
    for at in 0..flat.len() {
        if names_message(&flat[at..]) {
            flat[at] = b'-';
        }
    }
    flat
}

fn check(raw: &[u8]) -> Result<Shape, Gap> {
    let mut shape = Shape::default();
    raw.split_inclusive(|b| *b == b'\n').for_each(|line| shape.line(line));
    shape.end_field();
    let nested = shape.messages.min(shape.message_kinds);
    let searched = shape.multiparts.saturating_mul(raw.len() as u64);
    if shape.part_lines > PART_LINES {
        Err(Gap::TooManyParts)
    } else if nested > PARTS as u64 {
        Err(Gap::TooDeep)
    } else if shape.field_lines > FIELD_LINES
        || shape.separators > SEPARATORS
        || searched > BYTES_SEARCHED
        || shape.comparisons > COMPARISONS
    {
        Err(Gap::TooCostly)
    } else {
        Ok(shape)
    }
}

impl Shape {
    fn line(&mut self, line: &[u8]) {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            self.end_field();
        }
        let (mut dashes, mut colon) = (false, false);
        for (at, byte) in line.iter().enumerate() {
            match byte {
                b'-' => dashes |= line.get(at + 1) == Some(&b'-'),
                b':' => colon = true,
                b'*' => self.stars_in_field += 1,
                b';' | b'\\' => self.separators += 1,
                b'M' | b'm' => {
                    self.messages += u64::from(starts(&line[at..], b"message"));
                    self.multiparts += u64::from(starts(&line[at..], b"multipart"));
                }
                _ => self.message_kinds += u64::from(names_message(&line[at..])),
            }
        }
        self.part_lines += u64::from(dashes);
        self.field_lines += u64::from(colon);
    }

    /// A field ends where the next line is not its continuation.
    fn end_field(&mut self) {
        self.comparisons = self.comparisons.saturating_add(self.stars_in_field.saturating_pow(2));
        self.stars_in_field = 0;
    }
}

fn names_message(text: &[u8]) -> bool {
    // Most letters can be passed over without a closer look.
    matches!(text.first(), Some(b'R' | b'r' | b'G' | b'g' | b'D' | b'd'))
        && MESSAGE_KINDS.iter().any(|kind| starts(text, kind))
}

fn starts(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_far_from_the_limits() {
        let text = "A line: with -- some; signs * and a message\r\n".repeat(1000);
        assert!(check(text.as_bytes()).is_ok());
    }

    #[test]
    fn messages_inside_are_called_something_else_for_the_parser() {
        let raw = b"Content-Type: message/RFC822\r\n\r\nmultipart/digest, message/global, 8";
        assert_eq!(
            &checked(raw).unwrap()[..],
            b"Content-Type: message/-FC822\r\n\r\nmultipart/-igest, message/-lobal, 8"
        );
        assert!(matches!(checked(b"Subject: a message\r\n\r\n"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn nested_messages_are_seen_however_they_are_written() {
        for kind in ["message/rfc822", "Message / RFC822", "MESSAGE(x)/global"] {
            let nested = format!("Content-Type: {kind}\r\n\r\n").repeat(PARTS + 1);
            assert_eq!(check(nested.as_bytes()).err(), Some(Gap::TooDeep), "{kind}");
        }
    }

    #[test]
    fn each_way_to_make_the_parser_work_has_a_limit() {
        let cases = [
            ("--a\n\n".repeat(20_001), Gap::TooManyParts),
            ("a:\n".repeat(500_001), Gap::TooCostly),
            (";a=b".repeat(2_000_001), Gap::TooCostly),
            (
                "Content-Type: multipart/x; boundary=y\n\n".repeat(8_000),
                Gap::TooCostly,
            ),
            (format!("Content-Type: a/b{}", "; n*1=x".repeat(40_000)), Gap::TooCostly),
        ];
        for (raw, gap) in cases {
            assert_eq!(check(raw.as_bytes()).err(), Some(gap), "{}", &raw[..20]);
        }
    }
}
