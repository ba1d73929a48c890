//! Mail that is broken on purpose: it is read in bounded time and memory, and what is missing is marked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use tandem_ingest::mail::{self, Gap, ParsedMail};

const HEADER: &str = "From: Ann <ann@customer.example>\r\nSubject: Hello\r\nMessage-ID: <1@a>\r\nDate: Mon, 7 Sep 2026 10:00:00 +0200\r\n";

/// Reads a mail with the usual header section before `rest`.
fn read(rest: &str) -> ParsedMail {
    let mail = mail::parse(format!("{HEADER}{rest}").as_bytes());
    assert_eq!(
        mail.subject.as_deref(),
        Some("Hello"),
        "the header section is read in any case"
    );
    mail
}

fn gaps(mail: &ParsedMail) -> Vec<Gap> {
    mail.gaps.iter().copied().collect()
}

#[test]
fn an_ordinary_mail_has_no_gaps() {
    let mail = read("Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n");
    assert_eq!((mail.text.as_str(), gaps(&mail)), ("Grüße\n", vec![]));
    assert_eq!(mail.author().as_deref(), Some("ann@customer.example"));
    assert_eq!(mail.date.unwrap().to_string(), "2026-09-07T08:00:00Z");
}

#[test]
fn what_is_missing_is_marked() {
    let nothing = mail::parse(b"");
    assert_eq!(gaps(&nothing), [Gap::NoMessageId, Gap::NoDate, Gap::NoFrom]);
    let only_text = mail::parse(b"\r\nno header at all\r\n");
    assert_eq!(gaps(&only_text), [Gap::NoMessageId, Gap::NoDate, Gap::NoFrom]);
    assert_eq!(only_text.text.trim(), "no header at all");
    assert_eq!(gaps(&read("\r\ncaf\u{e9}\r\n")), [Gap::NoCharset]);
    assert_eq!(
        gaps(&read("Content-Type: text/plain; charset=x-mine\r\n\r\ncaf\u{e9}\r\n")),
        [Gap::UnknownCharset]
    );
    let undated = mail::parse(b"From: a@b\r\nMessage-ID: <a@b>\r\nDate: some day\r\n\r\n");
    assert_eq!(gaps(&undated), [Gap::NoDate]);
}

#[test]
fn invalid_bytes_are_replaced_and_marked() {
    let mail = mail::parse(b"From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\na\xff\xfeb\0c");
    assert!(mail.text.starts_with("a\u{fffd}"));
    assert!(!mail.text.contains('\0'));
    assert!(mail.gaps.contains(&Gap::UndecodableBytes));
}

#[test]
fn html_is_read_where_there_is_no_text() {
    let mail = read("Content-Type: text/html; charset=utf-8\r\n\r\n<div>Wo ist</div><div>mein Paket?</div>\r\n");
    assert_eq!(mail.text, "Wo ist\n\nmein Paket?");
    let empty_plain = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n \r\n\
                       --b\r\nContent-Type: text/html\r\n\r\n<p>Words</p>\r\n--b--\r\n";
    assert_eq!(read(empty_plain).text, "Words");
}

#[test]
fn attachments_are_listed_and_found_again() {
    let body = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below\r\n--b\r\nContent-Type: image/png; \
                name=\"../a.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGFsbG8=\r\n--b--\r\n";
    let mail = read(body);
    assert_eq!(mail.text.trim(), "See below");
    let [attachment] = mail.attachments.as_slice() else {
        panic!("{:?}", mail.attachments)
    };
    assert_eq!(
        (
            attachment.name.as_deref(),
            attachment.claimed_type.as_str(),
            attachment.size
        ),
        (Some("a.png"), "image/png", 5)
    );
    assert_eq!(
        attachment.sha256,
        "d3751d33f9cd5049c4af2b462735457e4d3baf130bcbb87f389e349fbaeb20b9"
    );
    let raw = format!("{HEADER}{body}");
    assert_eq!(mail::attachment(raw.as_bytes(), attachment.part).unwrap(), b"hallo");
    assert_eq!(mail::attachment(raw.as_bytes(), 999), None);
}

fn multipart(parts: usize) -> String {
    "Content-Type: multipart/mixed; boundary=b\r\n".to_owned() + &"\r\n--b\r\n\r\nx\r\n".repeat(parts) + "--b--\r\n"
}

#[test]
fn too_many_parts_are_not_taken_apart() {
    assert!(read(&multipart(400)).gaps.is_empty());
    for parts in [501, 10_000, 100_000] {
        let mail = read(&multipart(parts));
        assert_eq!((gaps(&mail), mail.attachments.len()), (vec![Gap::TooManyParts], 0));
    }
}

#[test]
fn deeply_nested_multiparts_are_not_taken_apart() {
    let nested = |depth: usize| {
        let mut text = "Content-Type: multipart/mixed; boundary=b0.\r\n\r\n".to_owned();
        for level in 1..depth {
            write!(
                text,
                "--b{}.\r\nContent-Type: multipart/mixed; boundary=b{level}.\r\n\r\n",
                level - 1
            )
            .unwrap();
        }
        write!(text, "--b{}.\r\n\r\ndeep\r\n", depth - 1).unwrap();
        text
    };
    assert_eq!(read(&nested(20)).text.trim(), "deep");
    assert_eq!(gaps(&read(&nested(40))), [Gap::TooDeep]);
    assert!(!read(&nested(100_000)).gaps.is_empty());
}

#[test]
fn deeply_nested_messages_do_not_overflow_the_stack() {
    for kind in ["message/rfc822", "MESSAGE/global", "message(comment) / rfc822"] {
        for levels in [501, 100_000] {
            let mail = read(&format!("Content-Type: {kind}\r\n\r\n").repeat(levels));
            assert_eq!(gaps(&mail), [Gap::TooDeep], "{levels} of {kind}");
        }
        let mail = read(&format!("Content-Type: {kind}\r\n\r\n").repeat(40));
        assert_eq!(
            (gaps(&mail), mail.attachments.len()),
            (vec![], 1),
            "a message inside is one attachment"
        );
    }
    let digests = "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n".repeat(100_000);
    assert!(!read(&digests).gaps.is_empty());
}

#[test]
fn nesting_hidden_in_an_encoding_is_not_followed() {
    use base64::Engine as _;
    let inside = base64::prelude::BASE64_STANDARD.encode("Content-Type: message/rfc822\r\n\r\n".repeat(100_000));
    let lines: Vec<_> = inside
        .as_bytes()
        .chunks(76)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let hidden = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822; name=digest.eml\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the digest\r\n--b--\r\n",
        lines.join("\r\n")
    );
    let mail = read(&hidden);
    let [attachment] = mail.attachments.as_slice() else {
        panic!("{:?}", mail.attachments)
    };
    assert_eq!(
        (attachment.size, attachment.claimed_type.as_str()),
        (3_200_000, "message/rfc822")
    );
    assert_eq!(
        (attachment.name.as_deref(), mail.text.trim()),
        (Some("digest.eml"), "See the digest")
    );
}

#[test]
fn what_would_cost_too_much_is_not_taken_apart() {
    let cases = [
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".to_owned() + &"a:\r\n".repeat(600_000),
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned()
            + &"--b\r\nContent-Type: multipart/x; boundary=never\r\n\r\n".repeat(8_000),
        "\r\n".to_owned() + &";\\".repeat(2_000_000),
    ];
    for case in cases {
        assert_eq!(gaps(&read(&case)), [Gap::TooCostly]);
    }
}

#[test]
fn long_text_is_cut_at_a_character() {
    let mail = read(&("Content-Type: text/plain; charset=utf-8\r\n\r\n".to_owned() + &"€".repeat(mail::TEXT_BYTES)));
    assert_eq!(gaps(&mail), [Gap::TextCut]);
    assert!(mail.text.len() <= mail::TEXT_BYTES && mail.text.len() > mail::TEXT_BYTES - 3);
}

#[test]
fn an_ambiguous_author_is_nobody() {
    for from in [
        "a@b, c@d",
        "\"a@evil.example\"@b",
        "a@b@c",
        "=?utf-8?q?a=40b?=",
        "undisclosed:;",
        "a@b\r\nFrom: c@d",
        "jürgen@example",
        "a b@c",
    ] {
        let mail = mail::parse(format!("From: {from}\r\n\r\n").as_bytes());
        assert_eq!(mail.author(), None, "{from}");
    }
    let named = mail::parse("From: =?utf-8?q?J=C3=BCrgen?= <J.R@Example.COM>\r\n\r\n".as_bytes());
    assert_eq!(named.author().as_deref(), Some("j.r@example.com"));
}

proptest! {
    #[test]
    fn anything_is_read(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mail = mail::parse(&raw);
        prop_assert!(mail.text.len() <= raw.len() * 3 + 1);
    }

    #[test]
    fn anything_that_looks_like_mail_is_read(pieces in proptest::collection::vec(piece(), 0..60)) {
        let raw = pieces.concat();
        let mail = mail::parse(raw.as_bytes());
        let content: u64 = mail.attachments.iter().map(|attachment| attachment.size).sum();
        prop_assert!(content <= raw.len() as u64, "no part is counted twice");
        let known: BTreeSet<_> = mail.gaps.clone();
        prop_assert_eq!(mail::parse(raw.as_bytes()).gaps, known);
    }
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: multipart/alternative; boundary=\"c\"\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "Content-Disposition: attachment; filename*0=a; filename*1=b\r\n",
        "From: a@b\r\n",
        "\r\n",
        "\r\n--b\r\n",
        "\r\n--c\r\n",
        "\r\n--b--\r\n",
        "\r\n--c--\r\n",
        "aGFsbG8=\r\n",
        "=C3=BC=\r\n",
        "<p>x</p>\r\n",
        "é",
    ];
    proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}
