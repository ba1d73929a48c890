//! Events in words, one line each.

use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body as Climbed;
use tandem_proto::v1::router_event::Body;

use super::tally::Tally;
use super::teller::Weight::{self, Chapter, Common, Important};
use crate::command::ranking;
use crate::view::{clock_kind, short, whole_span};

/// Something to tell: its kind for programs, how much people want of it, and the words.
pub(crate) type Told = (&'static str, Weight, String);

fn told(kind: &'static str, weight: Weight, ticket: u64, text: &str) -> Told {
    (kind, weight, format!("T{ticket:<3} {text}"))
}

/// An event of the router's.
pub(crate) fn of_router(body: &Body, tally: &Tally) -> Option<Told> {
    Some(match body {
        Body::DeskActivated(activated) => {
            let version = activated.desk.as_ref().map_or(0, |desk| desk.version);
            ("desk_activated", Chapter, format!("desk version {version} is in force"))
        }
        Body::TicketOpened(opened) => told(
            "opened",
            Common,
            opened.ticket_id,
            &format!("opened     {}", needs(opened)),
        ),
        Body::MessageAdded(added) => told(
            "joined",
            Common,
            added.ticket_id,
            "joined     by another message of the customer's",
        ),
        Body::OfferIssued(issued) => {
            let offer = issued.offer.clone().unwrap_or_default();
            let why = issued.ranking.as_ref().map(ranking).unwrap_or_default();
            told(
                "offered",
                Common,
                offer.ticket_id,
                &format!("offered    to {}: {why}", offer.agent),
            )
        }
        Body::OfferAccepted(accepted) => {
            let waited = tally.waited(accepted.ticket_id).unwrap_or_default();
            let text = format!("accepted   by {} after {waited:.1} s", accepted.agent);
            told("accepted", Common, accepted.ticket_id, &text)
        }
        Body::OfferDeclined(declined) => {
            let reason = short(declined.reason().as_str_name(), "DECLINE_REASON_");
            let text = format!("declined   by {} ({reason}): on to the next", declined.agent);
            told("declined", Common, declined.ticket_id, &text)
        }
        Body::OfferExpired(expired) => told(
            "missed",
            Common,
            expired.ticket_id,
            &format!("missed     by {}: on to the next", expired.agent),
        ),
        Body::TicketAbandoned(abandoned) => told(
            "abandoned",
            Important,
            abandoned.ticket_id,
            "abandoned  the visitor has left",
        ),
        Body::PriorityChanged(changed) => {
            let priority = short(changed.priority().as_str_name(), "PRIORITY_");
            told(
                "priority",
                Common,
                changed.ticket_id,
                &format!("priority   is {priority} now"),
            )
        }
        Body::TicketDone(done) => told("done", Common, done.ticket_id, "done"),
        answer => return of_answer(answer),
    })
}

fn of_answer(body: &Body) -> Option<Told> {
    Some(match body {
        Body::AnswerAdded(added) if !added.internal => told(
            "answered",
            Common,
            added.ticket_id,
            &format!("answered   by {}", added.author),
        ),
        Body::AnswerFailed(failed) => {
            let reason = short(failed.reason().as_str_name(), "UNDELIVERED_REASON_");
            told(
                "undelivered",
                Important,
                failed.ticket_id,
                &format!("the answer did not arrive: {reason}"),
            )
        }
        _ => return None,
    })
}

/// An event of escalation's.
pub(crate) fn of_escalation(body: &Climbed) -> Option<Told> {
    let told = |kind, weight, clock: &Option<v1::ClockKey>, text: String| {
        let ticket = clock.as_ref().map_or(0, |clock| clock.ticket_id);
        Some((kind, weight, format!("T{ticket:<3} {text}")))
    };
    match body {
        Climbed::ClockBreached(breached) => {
            let text = format!("breached   {} came too late", clock(breached.clock.as_ref()));
            told("breached", Weight::Important, &breached.clock, text)
        }
        Climbed::RungReached(reached) => {
            let step = reached.step.clone().unwrap_or_default();
            let late = crate::view::seconds(reached.late_by.as_ref());
            let late = if late < 1.0 {
                String::new()
            } else {
                format!(", found out {} later", whole_span(late))
            };
            let text = format!(
                "escalated  {}: rung {} of {}{late}",
                clock(reached.clock.as_ref()),
                step.rung + 1,
                step.ladder
            );
            told("escalated", Weight::Important, &reached.clock, text)
        }
        Climbed::MoveAsked(asked) => {
            let text = format!("T{:<3} moves      up to queue {}", asked.ticket_id, asked.queue);
            Some(("moved", Weight::Important, text))
        }
        _ => None,
    }
}

fn clock(clock: Option<&v1::ClockKey>) -> String {
    clock
        .map(|clock| clock_kind(clock.kind()).replace('_', " "))
        .unwrap_or_default()
}

fn needs(opened: &v1::TicketOpened) -> String {
    let intake = opened.intake.clone().unwrap_or_default();
    let requirement = opened.requirement.clone().unwrap_or_default();
    let channel = short(requirement.channel().as_str_name(), "CHANNEL_");
    let language = requirement
        .language
        .map_or_else(|| "?".to_owned(), |level| level.language);
    let skills: Vec<_> = requirement
        .skills
        .iter()
        .map(|skill| format!("{} {}", skill.skill, skill.level))
        .collect();
    let priority = short(intake.priority().as_str_name(), "PRIORITY_");
    let skills = if skills.is_empty() {
        String::new()
    } else {
        format!(", needs {}", skills.join(", "))
    };
    format!(
        "by {channel} in {language}, queue {}{skills}, {priority}",
        requirement.queue
    )
}
