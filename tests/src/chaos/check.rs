//! What is looked for from outside, when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_proto::v1;

use super::arena::Arena;
use super::senders::{Kind, Sent};
use super::talk;
use super::tally::Tally;
use crate::clients::Clients;
use crate::desks::DESKS;
use crate::lists;
use crate::site::Site;
use crate::wait::found_within;

/// How long it may take until every mail is on its ticket and every ticket is done: what is stuck stays so, and a busy machine
/// has thousands of tickets to bring to their end.
const DRAIN_LIMIT: Duration = Duration::from_mins(5);

/// Of so many mails the raw text is compared.
const COMPARED: usize = 200;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub mails: u64,
    pub on_tickets: u64,
    pub unrouted: u64,
    pub tickets: u64,
    /// Mails whose answer got lost although they had been stored.
    pub unanswered_and_stored: u64,
    /// Kills that fell between a commit and its answer, as such a mail proves.
    pub kills_after_a_commit: BTreeSet<u64>,
    /// Mails whose answer got lost and that had not been stored.
    pub unanswered_and_not_stored: u64,
    pub compared: u64,
}

/// Waits until every message has its place and every ticket is done.
pub(super) async fn drained(arena: &mut Arena, tally: &Tally) {
    let mut left = String::new();
    let at_rest = found_within(DRAIN_LIMIT, async || {
        arena.supervise(tally);
        for desk in DESKS {
            left = match left_on(arena.site(), desk, tally).await {
                Ok(left) if left.is_empty() => continue,
                Ok(left) => left,
                Err(status) => status.to_string(),
            };
            return None;
        }
        Some(())
    });
    if at_rest.await.is_none() {
        tally.violation(format!("not at rest after {DRAIN_LIMIT:?}: {left}"));
    }
}

async fn left_on(site: &Site, desk: &str, tally: &Tally) -> Result<String, tonic::Status> {
    let (tickets, messages) = (site.admin(0), site.messages(0));
    let deliveries = lists::deliveries(&messages, desk).await?;
    let messages = lists::messages(&messages, desk).await?;
    let answers =
        unlisted(&messages, desk, tally) + unsent(&messages, &deliveries, &talk::sent(&site.smarthost.mails()));
    let waiting = messages
        .iter()
        .filter(|message| message.ticket_id == 0 && message.unrouted_reason.is_empty());
    let tickets = lists::tickets(&tickets, desk).await?;
    let open: Vec<_> = tickets.iter().filter(|ticket| !is_over(ticket)).collect();
    let (waiting, open_count) = (waiting.count(), open.len());
    if waiting + open_count + answers == 0 {
        return Ok(String::new());
    }
    let first = open
        .first()
        .map(|ticket| format!("such as {ticket:?}"))
        .unwrap_or_default();
    Ok(format!(
        "on {desk} {waiting} messages wait, {answers} answers are on their way, and {open_count} tickets are open, {first}"
    ))
}

/// Answers that were certainly written and are not listed yet.
fn unlisted(messages: &[v1::Message], desk: &str, tally: &Tally) -> usize {
    let listed: BTreeSet<&str> = messages.iter().map(|message| message.text.trim()).collect();
    let written = tally.all_answers();
    let certain = written
        .iter()
        .filter(|(_, answer)| answer.desk == desk && answer.is_certain);
    certain.filter(|(text, _)| !listed.contains(text.as_str())).count()
}

/// Answers by mail that the smarthost has not taken, or whose delivery is not at its end. An answer is listed a moment before
/// its delivery is, and what a killed process was just sending comes when its claim has run out.
fn unsent(messages: &[v1::Message], deliveries: &[v1::Delivery], taken: &BTreeMap<String, BTreeSet<String>>) -> usize {
    let on_their_way: BTreeSet<&str> = deliveries.iter().map(|delivery| delivery.message_id.as_str()).collect();
    let answers = messages.iter().filter(|message| talk::is_answer_by_mail(message));
    answers
        .filter(|answer| on_their_way.contains(answer.message_id.as_str()) || !taken.contains_key(answer.text.trim()))
        .count()
}

fn is_over(ticket: &v1::Ticket) -> bool {
    use v1::RoutingState::{Abandoned, Cancelled, Done, Merged};
    matches!(ticket.state(), Done | Abandoned | Cancelled | Merged)
}

/// Looks at every mail and every ticket.
pub(super) async fn look(site: &Site, sent: &[Sent], tally: &Tally) -> Found {
    let mut found = Found::default();
    let (tickets, messages) = (site.admin(0), site.messages(0));
    let mut stored = BTreeMap::new();
    for desk in DESKS {
        let listed = lists::messages(&messages, desk).await.expect("everything is back");
        let counts = by_ticket(&listed);
        check_tickets(
            &lists::tickets(&tickets, desk).await.expect("everything is back"),
            desk,
            &counts,
            tally,
            &mut found,
        );
        check_unrouted(
            &lists::unrouted(&messages, desk).await.expect("everything is back"),
            &listed,
            tally,
        );
        let mails = listed
            .into_iter()
            .filter(|message| message.channel() == v1::Channel::Email);
        for message in mails.filter(is_inbound) {
            stored
                .entry((desk, message.subject.clone()))
                .or_insert_with(Vec::new)
                .push(message);
        }
    }
    check_mails(sent, &stored, tally, &mut found);
    check_raw(&messages, sent, &stored, tally, &mut found).await;
    found
}

fn is_inbound(message: &v1::Message) -> bool {
    message.direction() == v1::MessageDirection::Inbound
}

type Stored = BTreeMap<(&'static str, String), Vec<v1::Message>>;

fn by_ticket(messages: &[v1::Message]) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for message in messages.iter().filter(|message| is_inbound(message)) {
        *counts.entry(message.ticket_id).or_default() += 1;
    }
    counts
}

/// No ticket without its messages, and nothing that an answer has told is taken back.
fn check_tickets(tickets: &[v1::Ticket], desk: &str, counts: &BTreeMap<u64, u64>, tally: &Tally, found: &mut Found) {
    let mut versions = BTreeMap::new();
    for ticket in tickets {
        let (id, said) = (ticket.ticket_id, ticket.message_count);
        let stored = counts.get(&id).copied().unwrap_or(0);
        if said != stored || stored == 0 {
            tally.violation(format!(
                "ticket {id} of {desk} says {said} messages, and {stored} are stored"
            ));
        }
        found.tickets += 1;
        versions.insert(id, ticket.version);
    }
    for ((told_desk, id), told) in tally.all_told() {
        if told_desk == desk && versions.get(&id).is_none_or(|version| *version < told) {
            let now = versions.get(&id);
            tally.violation(format!(
                "ticket {id} of {desk} was told to be at version {told}, and is at {now:?}"
            ));
        }
    }
}

/// Both lists agree on what is on no ticket.
fn check_unrouted(unrouted: &[v1::Message], all: &[v1::Message], tally: &Tally) {
    let ids = |messages: &mut dyn Iterator<Item = &v1::Message>| -> BTreeSet<String> {
        messages.map(|message| message.message_id.clone()).collect()
    };
    let listed = ids(&mut unrouted.iter());
    let marked = ids(&mut all.iter().filter(|message| !message.unrouted_reason.is_empty()));
    if listed != marked {
        tally.violation(format!("unrouted: {} listed and {} marked", listed.len(), marked.len()));
    }
}

fn check_mails(sent: &[Sent], stored: &Stored, tally: &Tally, found: &mut Found) {
    let known: BTreeSet<_> = sent.iter().map(|sent| (sent.desk, sent.subject.as_str())).collect();
    for (desk, subject) in stored
        .keys()
        .filter(|(desk, subject)| !known.contains(&(*desk, subject.as_str())))
    {
        tally.violation(format!("nobody has sent `{subject}` to {desk}"));
    }
    for mail in sent {
        let copies = stored
            .get(&(mail.desk, mail.subject.clone()))
            .map_or(&[][..], Vec::as_slice);
        found.mails += 1;
        check_unanswered(mail, copies.first(), found);
        match copies {
            [] if mail.taken => tally.violation(format!(
                "`{}` to {} was answered 250 and is lost",
                mail.subject, mail.desk
            )),
            [] => {}
            [message] => check_place(mail, message, sent, stored, tally, found),
            _ => tally.violation(format!(
                "`{}` to {} is stored {} times",
                mail.subject,
                mail.desk,
                copies.len()
            )),
        }
    }
}

/// On exactly one ticket, or unrouted; and where it belongs.
fn check_place(mail: &Sent, message: &v1::Message, sent: &[Sent], stored: &Stored, tally: &Tally, found: &mut Found) {
    let (on_ticket, unrouted) = (message.ticket_id != 0, !message.unrouted_reason.is_empty());
    found.on_tickets += u64::from(on_ticket);
    found.unrouted += u64::from(unrouted);
    let subject = &mail.subject;
    if on_ticket == unrouted || unrouted != (mail.kind == Kind::Automatic) {
        tally.violation(format!(
            "`{subject}` ({:?}) is in the wrong place: {message:?}",
            mail.kind
        ));
    }
    let Kind::Answer(earlier) = mail.kind else { return };
    let first = sent.iter().filter(|other| other.sender == mail.sender).nth(earlier);
    let first = first.and_then(|first| stored.get(&(first.desk, first.subject.clone()))?.first());
    if first.is_none_or(|first| first.ticket_id != message.ticket_id) {
        tally.violation(format!(
            "`{subject}` answers {first:?}, and is on ticket {}",
            message.ticket_id
        ));
    }
}

/// A mail that is older than the news that its answer was lost had been stored before.
fn check_unanswered(mail: &Sent, message: Option<&v1::Message>, found: &mut Found) {
    let received = message
        .and_then(|message| message.received_at)
        .map(|at| Timestamp::from_micros(at.seconds * 1_000_000 + i64::from(at.nanos / 1_000)));
    for unanswered in &mail.unanswered {
        if received.is_some_and(|received| received < unanswered.known_at) {
            found.unanswered_and_stored += 1;
            found.kills_after_a_commit.insert(unanswered.kill);
        } else {
            found.unanswered_and_not_stored += 1;
        }
    }
}

/// What was taken is kept as it was sent.
async fn check_raw(messages: &Clients, sent: &[Sent], stored: &Stored, tally: &Tally, found: &mut Found) {
    let step = (sent.len() / COMPARED).max(1);
    for mail in sent.iter().step_by(step) {
        let Some([message]) = stored.get(&(mail.desk, mail.subject.clone())).map(Vec::as_slice) else {
            continue;
        };
        let message_id = message.message_id.clone();
        let request = v1::GetMessageRequest {
            desk: mail.desk.to_owned(),
            message_id,
            with_raw: true,
        };
        let answer = messages
            .messages()
            .get_message(request)
            .await
            .expect("everything is back")
            .into_inner();
        found.compared += 1;
        if !answer.raw.ends_with(mail.mail.raw.as_bytes()) {
            tally.violation(format!("`{}` was changed", mail.subject));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: &str, text: &str) -> v1::Message {
        let mut message = v1::Message {
            message_id: id.to_owned(),
            text: text.to_owned(),
            ..v1::Message::default()
        };
        message.set_channel(v1::Channel::Email);
        message.set_direction(v1::MessageDirection::Answer);
        message
    }

    fn taken(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        BTreeMap::from([(text.to_owned(), BTreeSet::from(["<1@desk.example>".to_owned()]))])
    }

    #[test]
    fn a_listed_answer_without_a_delivery_is_on_its_way_until_the_smarthost_has_it() {
        let listed = [answer("a", "We have mended it.\n")];
        assert_eq!(unsent(&listed, &[], &BTreeMap::new()), 1);
        assert_eq!(unsent(&listed, &[], &taken("We have mended it.")), 0);
    }

    #[test]
    fn an_answer_that_the_smarthost_has_is_on_its_way_until_this_is_stored() {
        let listed = [answer("a", "We have mended it.")];
        let delivery = v1::Delivery {
            message_id: "a".to_owned(),
            ..v1::Delivery::default()
        };
        assert_eq!(unsent(&listed, &[delivery], &taken("We have mended it.")), 1);
    }

    #[test]
    fn what_a_customer_wrote_is_not_sent() {
        let mut written = answer("a", "It is broken.");
        written.set_direction(v1::MessageDirection::Inbound);
        assert_eq!(unsent(&[written], &[], &BTreeMap::new()), 0);
    }
}
