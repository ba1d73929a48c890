//! What is looked for in chats, answers and notifications, when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use tandem_proto::v1;

use super::tally::Tally;
use super::visitors::Chat;
use crate::desks::DESKS;
use crate::lists;
use crate::site::Site;
use crate::smarthost::TakenMail;

/// Looks at every line of a chat, every answer and every notification.
pub(super) async fn look(site: &Site, chats: &[Chat], tally: &Tally) {
    let messages = site.messages(0);
    let mut stored = Stored::new();
    for desk in DESKS {
        for message in lists::messages(&messages, desk).await.expect("everything is back") {
            let text = message.text.trim().to_owned();
            stored.entry((desk, text)).or_default().push(message);
        }
    }
    for chat in chats {
        check_chat(chat, &stored, tally);
    }
    check_answers(&stored, tally);
    check_mails(&site.smarthost.mails(), &stored, tally);
    if site.hooks.forged() > 0 {
        let forged = site.hooks.forged();
        tally.violation(format!("{forged} webhooks were not signed as they should be"));
    }
    for (id, bodies) in site.hooks.taken() {
        if bodies.iter().any(|body| *body != bodies[0]) {
            tally.violation(format!("notification {id} has changed between two tries: {bodies:?}"));
        }
    }
}

/// Everything that was stored, by desk and text.
type Stored = BTreeMap<(&'static str, String), Vec<v1::Message>>;

/// What was acknowledged is on one ticket, once; what was not, at most once; all of it in one conversation.
fn check_chat(chat: &Chat, stored: &Stored, tally: &Tally) {
    let mut conversations = BTreeSet::new();
    for (text, is_acknowledged) in &chat.said {
        let copies = stored.get(&(chat.desk, text.clone())).map_or(&[][..], Vec::as_slice);
        match copies {
            [] if *is_acknowledged => {
                tally.violation(format!("`{text}` to {} was acknowledged and is lost", chat.desk));
            }
            [] => {}
            [message] => {
                conversations.insert(&message.conversation_id);
                if message.ticket_id == 0 || !message.unrouted_reason.is_empty() {
                    tally.violation(format!("`{text}` is on no ticket: {message:?}"));
                }
            }
            _ => tally.violation(format!("`{text}` is stored {} times", copies.len())),
        }
    }
    if conversations.len() > 1 {
        tally.violation(format!("one chat on {} became {conversations:?}", chat.desk));
    }
    for text in chat.answers.values() {
        if !stored.contains_key(&(chat.desk, text.clone())) {
            tally.violation(format!(
                "a visitor of {} was shown `{text}`, which is on no list",
                chat.desk
            ));
        }
    }
}

/// What an agent has certainly written stands on its ticket, once; what may have been written, at most once.
fn check_answers(stored: &Stored, tally: &Tally) {
    let written = tally.all_answers();
    for (text, answer) in &written {
        let copies = stored.get(&(answer.desk, text.clone())).map_or(&[][..], Vec::as_slice);
        let is_wrong = match copies {
            [] => answer.is_certain,
            [message] => message.ticket_id != answer.ticket || message.direction() != v1::MessageDirection::Answer,
            _ => true,
        };
        if is_wrong {
            tally.violation(format!("`{text}` ({answer:?}) is listed as {copies:?}"));
        }
    }
    let all = stored.values().flatten();
    for message in all.filter(|message| message.direction() == v1::MessageDirection::Answer) {
        if !written.contains_key(message.text.trim()) {
            tally.violation(format!("nobody has written {message:?}"));
        }
    }
}

/// Every answer by mail went out, under one Message-ID, however often; and nothing else did.
fn check_mails(mails: &[TakenMail], stored: &Stored, tally: &Tally) {
    let mut sent = sent(mails);
    for message in stored.values().flatten() {
        let ids = sent.remove(message.text.trim()).unwrap_or_default();
        if is_answer_by_mail(message) && ids.len() != 1 {
            tally.violation(format!("`{}` was sent as {ids:?}", message.text));
        }
    }
    if !sent.is_empty() {
        tally.violation(format!("mails that no list has: {:?}", sent.keys()));
    }
}

/// The Message-IDs of what was sent, by text.
pub(super) fn sent(mails: &[TakenMail]) -> BTreeMap<String, BTreeSet<String>> {
    let mut sent: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in mails {
        let body = mail.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body).trim();
        sent.entry(body.to_owned())
            .or_default()
            .insert(mail.field("Message-ID"));
    }
    sent
}

pub(super) fn is_answer_by_mail(message: &v1::Message) -> bool {
    message.channel() == v1::Channel::Email && message.direction() == v1::MessageDirection::Answer
}
