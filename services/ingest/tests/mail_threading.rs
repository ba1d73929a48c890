//! Which mails become one conversation. A small model of the store's unique rows stands for the store.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

use std::collections::HashMap;

use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId};
use tandem_ingest::mail::{self, Kind, MailSecret, Origin};
use uuid::Uuid;

/// Conversations by key, as the store keeps them: a key that belongs to a conversation keeps it.
struct Mailbox {
    secret: MailSecret,
    desk: DeskId,
    known: HashMap<Bytes, ConversationId>,
    taken: u128,
}

impl Mailbox {
    fn new() -> Self {
        let secret = MailSecret::new(b"a secret for tests");
        Self {
            secret,
            desk: "acme".parse().unwrap(),
            known: HashMap::new(),
            taken: 0,
        }
    }

    /// Takes a mail to the desk's plain address.
    fn take(&mut self, fields: &str) -> ConversationId {
        self.take_at("support@acme.example", fields)
    }

    fn take_at(&mut self, recipient: &str, fields: &str) -> ConversationId {
        let mail = mail::parse(format!("{fields}\r\n\r\nText").as_bytes());
        let is_ours = mail.message_id.as_deref().is_some_and(|id| self.own(id).is_some());
        let kind = mail::classify(
            &mail,
            &Origin {
                mail_from: Some("x@y"),
                is_ours,
                is_desk_address: &|_| false,
            },
        );
        self.taken += 1;
        let fresh = ConversationId(Uuid::from_u128(self.taken));
        let keys = self
            .secret
            .thread_keys(&self.desk, &mail, &kind, &[recipient.to_owned()], fresh);
        let found = keys.find_by.iter().find_map(|key| self.known.get(key)).copied();
        let conversation = found.unwrap_or(fresh);
        for key in keys.known_as {
            self.known.entry(key).or_insert(conversation);
        }
        conversation
    }

    fn own(&self, id: &str) -> Option<ConversationId> {
        self.secret.own_conversation(&self.desk, id)
    }

    fn token(&self, conversation: ConversationId, recipient: &str) -> String {
        self.secret.token(&self.desk, conversation, recipient)
    }

    /// The Message-ID of an answer of ours.
    fn answer(&mut self, conversation: ConversationId, recipient: &str) -> String {
        self.taken += 1;
        let token = self.token(conversation, recipient);
        self.secret
            .message_id(&self.desk, &token, Uuid::from_u128(self.taken), "acme.example")
    }
}

const FIRST: &str = "From: Ann <ann@customer.example>\r\nMessage-ID: <1@customer>";

#[test]
fn a_follow_up_by_the_same_author_joins() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    for follow_up in [
        "From: ann@customer.example\r\nMessage-ID: <2@customer>\r\nIn-Reply-To: <1@customer>",
        "From: ANN@Customer.example\r\nMessage-ID: <3@customer>\r\nReferences: <0@x> <1@customer>",
        "From: ann@customer.example\r\nMessage-ID: <4@customer>\r\nReferences: <3@customer>\r\nIn-Reply-To: <lost@x>",
    ] {
        assert_eq!(mailbox.take(follow_up), first, "{follow_up}");
    }
}

#[test]
fn somebody_else_who_quotes_a_message_id_does_not_join() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    let stranger = mailbox.take("From: eve@evil.example\r\nMessage-ID: <9@evil>\r\nIn-Reply-To: <1@customer>");
    assert_ne!(stranger, first);
    let ambiguous = "From: ann@customer.example, eve@evil.example\r\nMessage-ID: <8@evil>\r\nReferences: <1@customer>";
    assert_ne!(mailbox.take(ambiguous), first);
}

#[test]
fn a_follow_up_that_overtakes_its_mail_is_joined_by_it() {
    let mut mailbox = Mailbox::new();
    let follow_up = mailbox.take("From: ann@customer.example\r\nMessage-ID: <2@customer>\r\nIn-Reply-To: <1@customer>");
    assert_eq!(mailbox.take(FIRST), follow_up);
}

#[test]
fn different_mails_under_one_message_id_are_different_conversations() {
    let mut mailbox = Mailbox::new();
    let form = "From: form@shop.example\r\nMessage-ID: <always-the-same@shop>";
    let first = mailbox.take(form);
    assert_ne!(mailbox.take(form), first);
    assert_ne!(
        mailbox.take("From: ann@customer.example"),
        mailbox.take("From: ann@customer.example")
    );
}

#[test]
fn an_answer_to_our_answer_joins_by_address_or_message_id() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    let answer = mailbox.answer(first, "ann@customer.example");
    let by_id = format!("From: ann@customer.example\r\nMessage-ID: <5@customer>\r\nIn-Reply-To: <{answer}>");
    assert_eq!(mailbox.take(&by_id), first);
    let address = format!("support+t{}@acme.example", mailbox.token(first, "ann@customer.example"));
    assert_eq!(
        mailbox.take_at(&address, "From: ann@customer.example\r\nMessage-ID: <6@customer>"),
        first
    );
}

#[test]
fn a_token_is_worth_nothing_to_anybody_else() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    let answer = mailbox.answer(first, "ann@customer.example");
    let forwarded = format!("From: eve@evil.example\r\nMessage-ID: <7@evil>\r\nIn-Reply-To: <{answer}>");
    assert_ne!(mailbox.take(&forwarded), first);
    let address = format!("support+t{}@acme.example", mailbox.token(first, "ann@customer.example"));
    assert_ne!(
        mailbox.take_at(&address, "From: eve@evil.example\r\nMessage-ID: <8@evil>"),
        first
    );
    mailbox.desk = "other".parse().unwrap();
    assert_ne!(
        mailbox.take(&format!("From: ann@customer.example\r\nIn-Reply-To: <{answer}>")),
        first
    );
}

#[test]
fn visible_ticket_numbers_and_subjects_join_nothing() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(&format!("{FIRST}\r\nSubject: Parcel [T17]"));
    assert_ne!(
        mailbox.take("From: ann@customer.example\r\nMessage-ID: <2@customer>\r\nSubject: Re: Parcel [T17]"),
        first
    );
}

#[test]
fn a_bounce_of_our_answer_joins_by_its_seal() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    let answer = mailbox.answer(first, "ann@customer.example");
    let bounce = |returned: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{returned}>\r\n\r\n--b--"
        )
    };
    assert_eq!(mailbox.take(&bounce(&answer)), first);
    assert_ne!(mailbox.take(&bounce("1@customer")), first);
}

#[test]
fn our_own_mail_coming_back_is_known() {
    let mut mailbox = Mailbox::new();
    let first = mailbox.take(FIRST);
    let answer = mailbox.answer(first, "ann@customer.example");
    assert_eq!(mailbox.own(&answer), Some(first));
    let mail = mail::parse(format!("From: support@acme.example\r\nMessage-ID: <{answer}>\r\n\r\n").as_bytes());
    let is_ours = mail.message_id.as_deref().is_some_and(|id| mailbox.own(id).is_some());
    let origin = Origin {
        mail_from: Some("support@acme.example"),
        is_ours,
        is_desk_address: &|_| true,
    };
    assert_eq!(mail::classify(&mail, &origin), Kind::Loop);
}

#[test]
fn thousands_of_references_cost_only_a_few_keys() {
    let mailbox = Mailbox::new();
    let references: Vec<_> = (0..5000).map(|number| format!("<{number}@x>")).collect();
    let mail = mail::parse(format!("From: a@b\r\nReferences: {}\r\n\r\n", references.join("\r\n ")).as_bytes());
    let fresh = ConversationId(Uuid::nil());
    let keys = mailbox
        .secret
        .thread_keys(&mailbox.desk, &mail, &Kind::Human, &[], fresh);
    assert!(
        keys.find_by.len() <= 41 && keys.known_as.len() <= 22,
        "{} {}",
        keys.find_by.len(),
        keys.known_as.len()
    );
}
