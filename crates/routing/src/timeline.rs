//! What happened to a ticket, a sentence for each event.

use tandem_domain::routing::{RevokeReason, RoutingEvent, Skipped, StepPlace};
use tandem_domain::{SignedMillis, Timestamp};

use crate::summary;

/// The event in a sentence; ids and keys only.
#[must_use]
pub fn sentence(event: &RoutingEvent) -> String {
    offers(event)
        .or_else(|| queueing(event))
        .or_else(|| sharing(event))
        .unwrap_or_else(|| serving(event))
}

fn offers(event: &RoutingEvent) -> Option<String> {
    Some(match event {
        RoutingEvent::OfferIssued {
            agent,
            expires_at,
            ranking,
            ..
        } => {
            let step = match ranking.step {
                0 => String::new(),
                step => format!(" in routing step {}", step + 1),
            };
            let why = summary::why_chosen(ranking);
            format!("offered to {agent}{step} until {}{why}", time(*expires_at))
        }
        RoutingEvent::OfferAccepted { agent, .. } => format!("{agent} accepted it"),
        RoutingEvent::OfferDeclined {
            agent, reason, until, ..
        } => {
            let reason = format!("{reason:?}").to_lowercase();
            format!(
                "{agent} declined it ({reason}) and is passed over until {}",
                time(*until)
            )
        }
        RoutingEvent::OfferExpired { agent, until, .. } => {
            format!("{agent} did not answer and is passed over until {}", time(*until))
        }
        RoutingEvent::OfferRevoked { agent, reason, .. } => {
            let why = match reason {
                RevokeReason::AgentLeft => "who is not there any more",
                RevokeReason::TicketMoved => "since it was moved on",
                RevokeReason::DeskChanged => "since the desk's new version does not allow it",
                RevokeReason::AcceptedElsewhere => "since somebody else took it",
            };
            format!("the offer to {agent} was taken back, {why}")
        }
        _ => return None,
    })
}

fn queueing(event: &RoutingEvent) -> Option<String> {
    Some(match event {
        RoutingEvent::TicketOpened { requirement, place, .. } => {
            format!("opened, and queued in {}{}", requirement.queue, stands(place))
        }
        RoutingEvent::TicketRequeued {
            requirement,
            reason,
            place,
            ..
        } => {
            let why = words(&format!("{reason:?}"));
            format!("queued again in {} ({why}){}", requirement.queue, stands(place))
        }
        RoutingEvent::StepEntered { place, why, .. } => {
            let why = words(why.as_str());
            format!("the routing step ended ({why}){}", stands(place))
        }
        RoutingEvent::AgeAdjusted { by, .. } => adjusted(*by),
        RoutingEvent::PriorityChanged { priority, .. } => format!("its priority is {priority} from now on"),
        RoutingEvent::TicketScheduled { until, .. } => format!("scheduled until {}", time(*until)),
        RoutingEvent::TicketMerged { into, .. } => format!("merged into {into}"),
        RoutingEvent::TicketSplit {
            ticket, from, messages, ..
        } => format!("{ticket} was split off {from}, with {} of its messages", messages.len()),
        _ => return None,
    })
}

/// Where it stands among the steps, if there is something to say about it.
fn stands(place: &StepPlace) -> String {
    let skipped: Vec<_> = place.skipped.iter().copied().map(skipped).collect();
    let passed = if skipped.is_empty() {
        String::new()
    } else {
        format!(", past {}", skipped.join(" and "))
    };
    match (place.step, place.until) {
        (0, None) => passed,
        (step, None) => format!("{passed}; step {} is the last", step + 1),
        (step, Some(until)) => format!("{passed}; step {} lasts until {}", step + 1, time(until)),
    }
}

fn skipped(skipped: Skipped) -> String {
    format!("step {} ({})", skipped.step + 1, words(skipped.why.as_str()))
}

fn adjusted(by: SignedMillis) -> String {
    let minutes = by.0 / 60_000;
    let which = if minutes < 0 { "younger" } else { "older" };
    format!("counts as {} min {which} in its queue", minutes.abs())
}

fn sharing(event: &RoutingEvent) -> Option<String> {
    Some(match event {
        RoutingEvent::HelpOffered { agent, asked_by, .. } => match asked_by {
            Some(by) => format!("{by} asked {agent} for help"),
            None => format!("{agent} was asked for help"),
        },
        RoutingEvent::HelpAccepted { agent, .. } => format!("{agent} helps"),
        RoutingEvent::HelpRefused {
            agent, why, declined, ..
        } => {
            let said = declined
                .map(|reason| format!(": {}", words(&format!("{reason:?}"))))
                .unwrap_or_default();
            format!("{agent} does not help ({}{said})", words(why.as_str()))
        }
        RoutingEvent::HelperLeft { agent, why, .. } => format!("{agent} helps no longer ({})", words(why.as_str())),
        RoutingEvent::OwnerChanged { from, to, why, .. } => {
            let from = from.as_ref().map(|from| format!("from {from} ")).unwrap_or_default();
            format!("went {from}to {to} ({})", words(why.as_str()))
        }
        _ => return None,
    })
}

fn serving(event: &RoutingEvent) -> String {
    match event {
        RoutingEvent::MessageAdded { automatic: true, .. } => "a machine's message joined it".to_owned(),
        RoutingEvent::MessageAdded { .. } => "the customer wrote again".to_owned(),
        RoutingEvent::TicketHeld { .. } => "set aside".to_owned(),
        RoutingEvent::TicketResumed { .. } => "taken up again".to_owned(),
        RoutingEvent::WrapUpStarted { until, .. } => format!("served; wrap-up until {}", time(*until)),
        RoutingEvent::WrapUpInterrupted { .. } => "wrap-up was interrupted: its owner has it again".to_owned(),
        RoutingEvent::TicketDone { .. } => "resolved".to_owned(),
        RoutingEvent::TicketCancelled { .. } => "cancelled".to_owned(),
        RoutingEvent::TicketClosed { .. } => "closed for good".to_owned(),
        RoutingEvent::TicketAbandoned { .. } => "the customer left before anybody had it".to_owned(),
        RoutingEvent::AnswerAdded { author, visible, .. } => {
            let author = author.as_ref().map_or("a supervisor", |author| author.as_str());
            let what = if *visible { "answered" } else { "noted something" };
            format!("{author} {what}")
        }
        RoutingEvent::AnswerDelivered { .. } => "an answer was delivered".to_owned(),
        RoutingEvent::AnswerFailed { reason, .. } => {
            format!("an answer did not reach the customer ({})", words(reason.as_str()))
        }
        RoutingEvent::DeskActivated(desk) => format!("version {} of the desk came into force", desk.version),
        RoutingEvent::PresenceChanged { agent, presence } => format!("{agent} is {presence}"),
        RoutingEvent::AvailabilityChanged { agent, available } => {
            let hours = if *available { "begin" } else { "end" };
            format!("the hours of {agent} {hours}")
        }
        // Told above.
        _ => String::new(),
    }
}

fn time(at: Timestamp) -> Timestamp {
    at.whole_second()
}

/// `NobodyLeft` and `nobody_left` as people write it.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter == '_' || (letter.is_uppercase() && !text.is_empty()) {
            text.push(' ');
        }
        text.extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    text
}
