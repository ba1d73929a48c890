//! Which conversation a mail belongs to.
//!
//! The store keeps a unique row for each key and finds a conversation by its keys alone. So
//! everything that must match is inside the key: a key is a keyed hash over the desk, a Message-ID **and
//! the author's address**. Somebody else who quotes a Message-ID asks for another key and finds
//! nothing; and the rows tell nobody who wrote.
//!
//! | a mail | is found by | because earlier |
//! |---|---|---|
//! | answers our answer | the token in our address or Message-ID, which was signed for its author | every conversation is known by its id |
//! | follows up on the author's own mail | In-Reply-To and References, with the author | that mail is known by its Message-ID |
//! | came *before* the mail that it is answered by | its own Message-ID, with the author | the follow-up is known by what it refers to |
//! | bounces | the sealed Message-ID of ours in what it returns | every conversation is known by its id |
//!
//! A mail that is split off is known by its Message-ID in its new conversation from then on.
//!
//! Two mails with one and the same Message-ID are *not* one conversation: web forms send hundreds of
//! different people's mails under one. A visible ticket number joins nothing, and neither does a subject.

use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId};

use super::secret::{MailSecret, split_token, token_in};
use super::{Kind, ParsedMail};

/// References that are looked at, the newest ones.
const REFERENCES: usize = 20;

/// A mail that is there.
const KNOWN: &str = "known";
/// A mail that others refer to and that is yet to come.
const AWAITED: &str = "awaited";

/// By which keys a mail finds its conversation, and is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadKeys {
    /// Keys to find its conversation by, the strongest first.
    pub find_by: Vec<Bytes>,
    /// Keys by which later mails find it.
    pub known_as: Vec<Bytes>,
}

impl MailSecret {
    /// The keys of a mail to `recipients` (in lower case) of a desk. `fresh` is the conversation that it begins if
    /// none is found.
    #[must_use]
    pub fn thread_keys(
        &self,
        desk: &DeskId,
        mail: &ParsedMail,
        kind: &Kind,
        recipients: &[String],
        fresh: ConversationId,
    ) -> ThreadKeys {
        let mut keys = Keys {
            secret: self,
            desk,
            found: ThreadKeys::default(),
        };
        if let Some(author) = mail.author() {
            keys.by_token(mail, recipients, &author);
            keys.by_reference(mail, &author);
        }
        if matches!(kind, Kind::Bounce { .. }) {
            keys.by_returned_mail(mail);
        }
        keys.found.known_as.push(self.conversation_key(desk, fresh));
        keys.found
    }

    /// The key by which every conversation is known: who proves to belong to it is let in by this.
    #[must_use]
    pub fn conversation_key(&self, desk: &DeskId, conversation: ConversationId) -> Bytes {
        self.thread_key(desk, "conversation", &[conversation.0.as_bytes()])
    }

    /// The key by which an author's follow-ups find this mail; none where it has no Message-ID, or not one plain author.
    #[must_use]
    pub fn key_of_mail(&self, desk: &DeskId, mail: &ParsedMail) -> Option<Bytes> {
        let (id, author) = (mail.message_id.as_deref()?, mail.author()?);
        Some(self.mail_key(desk, KNOWN, id, &author))
    }

    fn mail_key(&self, desk: &DeskId, how: &str, message_id: &str, author: &str) -> Bytes {
        self.thread_key(desk, how, &[message_id.as_bytes(), author.as_bytes()])
    }

    fn thread_key(&self, desk: &DeskId, kind: &str, fields: &[&[u8]]) -> Bytes {
        let fields = [&[kind.as_bytes(), desk.as_str().as_bytes()], fields].concat();
        Bytes::copy_from_slice(&self.keyed_hash("thread", &fields))
    }
}

struct Keys<'a> {
    secret: &'a MailSecret,
    desk: &'a DeskId,
    found: ThreadKeys,
}

impl Keys<'_> {
    fn by_token(&mut self, mail: &ParsedMail, recipients: &[String], author: &str) {
        let in_addresses = recipients.iter().filter_map(|address| split_token(address).1);
        let in_ids = referred(mail).filter_map(token_in);
        let opened = in_addresses
            .chain(in_ids)
            .filter_map(|token| self.secret.verify_token(self.desk, token, author));
        let keys: Vec<_> = opened
            .map(|conversation| self.secret.conversation_key(self.desk, conversation))
            .collect();
        self.found.find_by.extend(keys);
    }

    fn by_reference(&mut self, mail: &ParsedMail, author: &str) {
        for id in referred(mail) {
            let awaited = self.of_mail(AWAITED, id, author);
            self.found
                .find_by
                .extend([self.of_mail(KNOWN, id, author), awaited.clone()]);
            self.found.known_as.push(awaited);
        }
        if let Some(id) = &mail.message_id {
            self.found.find_by.push(self.of_mail(AWAITED, id, author));
            self.found.known_as.push(self.of_mail(KNOWN, id, author));
        }
    }

    /// A bounce comes from a mail server, so there is no author to match: the seal must do.
    fn by_returned_mail(&mut self, mail: &ParsedMail) {
        let ids = mail.returned_id.as_deref().into_iter().chain(referred(mail));
        let ours = ids.filter_map(|id| self.secret.own_conversation(self.desk, id));
        let keys: Vec<_> = ours
            .map(|conversation| self.secret.conversation_key(self.desk, conversation))
            .collect();
        self.found.find_by.extend(keys);
    }

    fn of_mail(&self, how: &str, message_id: &str, author: &str) -> Bytes {
        self.secret.mail_key(self.desk, how, message_id, author)
    }
}

/// What a mail refers to, the nearest first, each once.
fn referred(mail: &ParsedMail) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::HashSet::new();
    let nearest_first = mail
        .in_reply_to
        .iter()
        .chain(mail.references.iter().rev())
        .map(String::as_str);
    nearest_first.filter(move |id| seen.insert(*id)).take(REFERENCES)
}
