//! Decodes one part of a message: first its transfer encoding, then its charset.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;

use super::Gap;

/// The bytes of a part that was encoded as `encoding` says; as they are, where they cannot be
/// decoded.
pub(super) fn transfer_decode<'a>(bytes: &'a [u8], encoding: &str, gaps: &mut BTreeSet<Gap>) -> Cow<'a, [u8]> {
    let mut stream = MessageStream::new(bytes);
    let (end, decoded) = match encoding.to_ascii_lowercase().as_str() {
        "base64" => stream.decode_base64_mime(b""),
        "quoted-printable" => stream.decode_quoted_printable_mime(b""),
        _ => return Cow::Borrowed(bytes),
    };
    // This is how the library says that it could not.
    if end == usize::MAX {
        gaps.insert(Gap::UndecodableBytes);
        return Cow::Borrowed(bytes);
    }
    decoded
}

/// Bytes as text in `charset`. Text that does not say what it is, or says what nobody knows, is UTF-8 if it can be, and
/// else Windows-1252, which gives every byte a meaning.
pub(super) fn charset_decode(bytes: &[u8], charset: Option<&str>, gaps: &mut BTreeSet<Gap>) -> String {
    let charset = charset.map(|name| name.trim().to_ascii_lowercase());
    let is_utf8 = matches!(charset.as_deref(), Some("utf-8" | "utf8"));
    let is_ascii = matches!(charset.as_deref(), Some("us-ascii" | "ascii" | "ansi_x3.4-1968"));
    let decoder = charset
        .as_deref()
        .filter(|_| !is_utf8 && !is_ascii)
        .and_then(|name| charset_decoder(name.as_bytes()));
    if let Some(decode) = decoder {
        return marked(decode(bytes), bytes, gaps);
    }
    if !bytes.is_ascii() && !is_utf8 {
        gaps.insert(if charset.is_none() || is_ascii {
            Gap::NoCharset
        } else {
            Gap::UnknownCharset
        });
    }
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf8 => marked(String::from_utf8_lossy(bytes).into_owned(), bytes, gaps),
        Err(_) => charset_decoder(b"windows-1252").map_or_else(String::new, |decode| decode(bytes)),
    }
}

/// Marks text in which something was replaced that was not a replacement character before.
fn marked(text: String, bytes: &[u8], gaps: &mut BTreeSet<Gap>) -> String {
    const REPLACEMENT: &str = "\u{fffd}";
    let was_there = || bytes.windows(3).any(|three| three == REPLACEMENT.as_bytes());
    if text.contains(REPLACEMENT) && !was_there() {
        gaps.insert(Gap::UndecodableBytes);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], charset: Option<&str>, text: &str, gap: Option<Gap>) {
        let mut gaps = BTreeSet::new();
        assert_eq!(charset_decode(bytes, charset, &mut gaps), text);
        assert_eq!(gaps, gap.into_iter().collect());
    }

    #[test]
    fn text_is_decoded_as_it_says() {
        check(b"\xe9t\xe9", Some("ISO-8859-1"), "été", None);
        check("été".as_bytes(), Some("utf-8"), "été", None);
        check(b"\xc4\xe3\xba\xc3", Some("gb2312"), "你好", None);
        check(b"\xf0\xd2\xc9", Some("koi8-r"), "При", None);
    }

    #[test]
    fn text_that_says_nothing_is_guessed_and_marked() {
        check(b"abc", None, "abc", None);
        check("été".as_bytes(), None, "été", Some(Gap::NoCharset));
        check(b"\xe9t\xe9", None, "été", Some(Gap::NoCharset));
        check(b"\xe9t\xe9", Some("us-ascii"), "été", Some(Gap::NoCharset));
        check(b"\xe9t\xe9", Some("x-klingon"), "été", Some(Gap::UnknownCharset));
    }

    #[test]
    fn bytes_that_cannot_be_are_replaced_and_marked() {
        check(b"a\xffb", Some("utf-8"), "a\u{fffd}b", Some(Gap::UndecodableBytes));
        check("a\u{fffd}b".as_bytes(), Some("utf-8"), "a\u{fffd}b", None);
    }

    #[test]
    fn broken_transfer_encodings_are_left_as_they_are() {
        let mut gaps = BTreeSet::new();
        assert_eq!(&*transfer_decode(b"aGFsbG8=", "BASE64", &mut gaps), b"hallo");
        assert_eq!(
            &*transfer_decode(b"a=C3=BC=\r\nb", "Quoted-Printable", &mut gaps),
            "aüb".as_bytes()
        );
        assert_eq!(&*transfer_decode(b"as is", "8bit", &mut gaps), b"as is");
        assert!(gaps.is_empty());
        assert_eq!(&*transfer_decode(b"!\xff!", "base64", &mut gaps), b"!\xff!");
        assert!(gaps.contains(&Gap::UndecodableBytes));
    }
}
