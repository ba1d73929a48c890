use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::mail::{Address as Named, split_token};

const CUSTOMER: &str = "ann@customer.example";
const ACCOUNT: &str = "support@acme.example";

fn desk() -> DeskId {
    "acme".parse().unwrap()
}

fn secret() -> MailSecret {
    MailSecret::new(b"secret")
}

fn from(address: &str) -> Vec<Named> {
    let address = Some(address.to_owned());
    vec![Named { name: None, address }]
}

fn question() -> ParsedMail {
    ParsedMail {
        message_id: Some("q@customer.example".to_owned()),
        from: from(CUSTOMER),
        subject: Some("Broken pump".to_owned()),
        ..ParsedMail::default()
    }
}

fn written(answered: &ParsedMail, account: &str, text: &str) -> Result<Message, NoAddress> {
    let letter = Letter {
        desk: &desk(),
        conversation: ConversationId(Uuid::from_u128(7)),
        message: MessageId(Uuid::from_u128(9)),
        from: account,
        answered,
        text,
        at: Timestamp::EPOCH.plus(Duration::from_secs(1_000_000_000)),
    };
    letter.write(&secret())
}

fn source(answered: &ParsedMail, text: &str) -> String {
    String::from_utf8(written(answered, ACCOUNT, text).unwrap().formatted()).unwrap()
}

/// A field's value, unfolded.
fn field(source: &str, name: &str) -> Option<String> {
    let (head, _) = source.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let prefix = format!("{name}: ");
    head.lines()
        .find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
}

#[test]
fn an_answer_stands_in_the_thread_of_what_it_answers() {
    let mut answered = question();
    answered.references = vec!["first@x".to_owned(), "second@x".to_owned()];
    let source = source(&answered, "Turn it off and on.");
    assert_eq!(field(&source, "To").unwrap(), CUSTOMER);
    assert_eq!(field(&source, "From").unwrap(), ACCOUNT);
    assert_eq!(field(&source, "Subject").unwrap(), "Re: Broken pump");
    assert_eq!(field(&source, "In-Reply-To").unwrap(), "<q@customer.example>");
    let references = field(&source, "References").unwrap();
    assert_eq!(references, "<first@x> <second@x> <q@customer.example>");
    assert_eq!(field(&source, "Date").unwrap(), "Sun, 09 Sep 2001 01:46:40 +0000");
    assert_eq!(field(&source, "Auto-Submitted"), None);
    assert!(source.trim_end().ends_with("Turn it off and on."));
}

#[test]
fn its_tokens_open_the_conversation_to_the_customer_and_name_the_answer_to_mail_systems() {
    let mail = written(&question(), ACCOUNT, "yes").unwrap();
    let source = String::from_utf8(mail.formatted()).unwrap();
    let (secret, desk) = (secret(), desk());
    let id = field(&source, "Message-ID").unwrap();
    let id = id.trim_matches(['<', '>']);
    assert_eq!(secret.own_message(&desk, id), Some(MessageId(Uuid::from_u128(9))));
    let reply_to = field(&source, "Reply-To").unwrap();
    let (plain, token) = split_token(&reply_to);
    assert_eq!(plain, ACCOUNT);
    let opened = secret.verify_token(&desk, token.unwrap(), CUSTOMER);
    assert_eq!(opened, Some(ConversationId(Uuid::from_u128(7))));
    let path = mail.envelope().from().unwrap().to_string();
    let bounce = split_token(&path).1.unwrap();
    assert_eq!(
        secret.verify_bounce_token(&desk, bounce),
        Some(MessageId(Uuid::from_u128(9)))
    );
    assert_eq!(
        written(&question(), ACCOUNT, "yes").unwrap().formatted(),
        mail.formatted()
    );
}

#[test]
fn nothing_that_a_customer_wrote_leaves_its_field() {
    let evil = "x\r\nBcc: victim@x.example\r\n\r\nbody";
    let mut answered = question();
    answered.subject = Some(evil.to_owned());
    answered.message_id = Some(evil.to_owned());
    answered.references = vec![evil.to_owned(), "<a@b> <c@d>".to_owned(), "good@x".to_owned()];
    let source = source(&answered, ".\r\nfine\n.\nBcc: in-the-text@x");
    let (head, _) = source.split_once("\r\n\r\n").unwrap();
    assert!(
        !head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")),
        "{head}"
    );
    assert_eq!(field(&source, "In-Reply-To"), None);
    assert_eq!(field(&source, "References").unwrap(), "<good@x>");
    assert!(field(&source, "Subject").unwrap().starts_with("Re: x"));
}

#[test]
fn a_subject_is_marked_once_and_short() {
    assert_eq!(subject(Some("AW: Re: re:Pump")), "Re: Pump");
    assert_eq!(subject(Some("Réparation")), "Re: Réparation");
    assert_eq!(subject(None), "Re:");
    assert_eq!(subject(Some(&"ü".repeat(1000))).chars().count(), 4 + SUBJECT_CHARS);
}

#[test]
fn long_threads_keep_their_first_and_their_newest() {
    let mut answered = question();
    answered.references = (0..100).map(|number| format!("m{number}@x")).collect();
    let references = references(&answered);
    let ids: Vec<&str> = references.split(' ').collect();
    assert_eq!(ids.len(), REFERENCES);
    assert_eq!((ids[0], ids[1], ids[19]), ("<m0@x>", "<m82@x>", "<q@customer.example>"));
}

#[test]
fn text_of_any_language_arrives_as_utf_8() {
    let source = source(&question(), "Grüße, 你好\nzweite Zeile");
    assert_eq!(field(&source, "Content-Type").unwrap(), "text/plain; charset=utf-8");
    let read = crate::mail::parse(source.as_bytes());
    assert_eq!(read.text.trim_end(), "Grüße, 你好\nzweite Zeile");
    assert!(source.is_ascii(), "encoded for servers that know ASCII only");
}

#[test]
fn who_has_no_plain_address_cannot_be_answered() {
    let mut nobody = question();
    nobody.from = Vec::new();
    assert_eq!(written(&nobody, ACCOUNT, "hello").unwrap_err(), NoAddress);
    nobody.from = from("not an address");
    assert_eq!(written(&nobody, ACCOUNT, "hello").unwrap_err(), NoAddress);
    let long = format!("{}@acme.example", "a".repeat(40));
    let mail = written(&question(), &long, "hello").unwrap();
    assert!(field(&String::from_utf8(mail.formatted()).unwrap(), "Reply-To").is_none());
}
