//! What the demo shows live: the router's events as they are published, one line each.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use prost::Message;
use tandem_bus::{Bus, subject};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::cli::Format;
use crate::command::ranking;
use crate::failure::Failure;
use crate::output::print_line;
use crate::view::short;

/// What has happened, counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) opened: BTreeMap<u64, Opened>,
    pub(crate) joined: u64,
    pub(crate) offered: u64,
    pub(crate) accepted: BTreeMap<String, u64>,
    pub(crate) declined: u64,
    pub(crate) expired: u64,
    pub(crate) done: BTreeSet<u64>,
    in_hands: BTreeSet<u64>,
}

/// A ticket as it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) language: String,
    pub(crate) at: f64,
    pub(crate) accepted_at: Option<f64>,
}

/// Shows and counts events until `enough` says so.
pub(crate) async fn follow(bus: &dyn Bus, output: Format, enough: impl Fn(&Tally) -> bool) -> Result<Tally, Failure> {
    let lost = |error| Failure::Fault(format!("the bus is gone: {error}"));
    let mut events = bus.events("demo", subject::ALL_EVENTS).await.map_err(lost)?;
    let mut tally = Tally::default();
    while !enough(&tally) {
        let Some(delivery) = events.next().await else { break };
        // The shell's own events are none of the router's, and of no interest here.
        if let Ok(event) = v1::RouterEvent::decode(delivery.payload.clone())
            && let Some(body) = &event.body
        {
            let at = event.at.as_ref().map_or(0.0, seconds);
            tally.count(body, at);
            if let Some(line) = line(body, &tally) {
                print_line(&shown(&line, body, output))?;
            }
        }
        delivery.ack().await;
    }
    Ok(tally)
}

fn shown(line: &str, body: &Body, output: Format) -> String {
    match output {
        Format::Text => line.to_owned(),
        Format::Json => serde_json::json!({ "event": kind(body), "text": line }).to_string(),
    }
}

fn seconds(at: &prost_types::Timestamp) -> f64 {
    // Whole seconds since the epoch fit into the 53 bits of a float for the next 280 million years.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let whole = at.seconds as f64;
    whole + f64::from(at.nanos) / 1e9
}

impl Tally {
    /// How many messages have reached a ticket.
    pub(crate) fn messages(&self) -> u64 {
        self.opened.len() as u64 + self.joined
    }

    /// Whether nobody has anything offered or in hand. What waits then waits for somebody who is not there:
    /// an idle agent and a ticket for him or her never stand side by side.
    pub(crate) fn is_quiet(&self) -> bool {
        self.in_hands.is_empty()
    }

    fn count(&mut self, body: &Body, at: f64) {
        match body {
            Body::TicketOpened(opened) => self.open(opened, at),
            Body::MessageAdded(_) => self.joined += 1,
            Body::OfferIssued(issued) => {
                self.offered += 1;
                self.in_hands.extend(issued.offer.as_ref().map(|offer| offer.ticket_id));
            }
            Body::OfferAccepted(accepted) => self.accept(accepted, at),
            Body::OfferDeclined(declined) => {
                self.declined += 1;
                self.in_hands.remove(&declined.ticket_id);
            }
            Body::OfferExpired(expired) => {
                self.expired += 1;
                self.in_hands.remove(&expired.ticket_id);
            }
            Body::OfferRevoked(revoked) => {
                self.in_hands.remove(&revoked.ticket_id);
            }
            Body::TicketDone(done) => {
                self.in_hands.remove(&done.ticket_id);
                self.done.insert(done.ticket_id);
            }
            Body::TicketRequeued(requeued) => {
                self.in_hands.remove(&requeued.ticket_id);
                self.done.remove(&requeued.ticket_id);
            }
            _ => {}
        }
    }

    fn open(&mut self, opened: &v1::TicketOpened, at: f64) {
        let requirement = opened.requirement.clone().unwrap_or_default();
        let language = requirement.language.map(|level| level.language).unwrap_or_default();
        self.opened.insert(
            opened.ticket_id,
            Opened {
                language,
                at,
                accepted_at: None,
            },
        );
    }

    fn accept(&mut self, accepted: &v1::OfferAccepted, at: f64) {
        *self.accepted.entry(accepted.agent.clone()).or_default() += 1;
        if let Some(ticket) = self.opened.get_mut(&accepted.ticket_id) {
            ticket.accepted_at.get_or_insert(at);
        }
    }
}

fn line(body: &Body, tally: &Tally) -> Option<String> {
    Some(match body {
        Body::DeskActivated(activated) => {
            format!(
                "desk version {} is in force",
                activated.desk.as_ref().map_or(0, |desk| desk.version)
            )
        }
        Body::TicketOpened(opened) => format!("T{:<3} opened     {}", opened.ticket_id, needs(opened)),
        Body::MessageAdded(added) => format!(
            "T{:<3} joined     by another message of the customer's",
            added.ticket_id
        ),
        Body::OfferIssued(issued) => {
            let offer = issued.offer.clone().unwrap_or_default();
            let why = issued.ranking.as_ref().map(ranking).unwrap_or_default();
            format!("T{:<3} offered    to {}: {why}", offer.ticket_id, offer.agent)
        }
        Body::OfferAccepted(accepted) => {
            let ticket = tally.opened.get(&accepted.ticket_id);
            let waited = ticket
                .and_then(|ticket| Some(ticket.accepted_at? - ticket.at))
                .unwrap_or_default();
            format!(
                "T{:<3} accepted   by {} after {waited:.1} s",
                accepted.ticket_id, accepted.agent
            )
        }
        Body::OfferDeclined(declined) => {
            let reason = short(declined.reason().as_str_name(), "DECLINE_REASON_");
            format!(
                "T{:<3} declined   by {} ({reason}): on to the next",
                declined.ticket_id, declined.agent
            )
        }
        Body::OfferExpired(expired) => format!(
            "T{:<3} missed     by {}: on to the next",
            expired.ticket_id, expired.agent
        ),
        Body::TicketDone(done) => format!("T{:<3} done", done.ticket_id),
        _ => return None,
    })
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::DeskActivated(_) => "desk_activated",
        Body::TicketOpened(_) => "opened",
        Body::MessageAdded(_) => "joined",
        Body::OfferIssued(_) => "offered",
        Body::OfferAccepted(_) => "accepted",
        Body::OfferDeclined(_) => "declined",
        Body::OfferExpired(_) => "missed",
        Body::TicketDone(_) => "done",
        _ => "other",
    }
}

fn needs(opened: &v1::TicketOpened) -> String {
    let intake = opened.intake.clone().unwrap_or_default();
    let requirement = opened.requirement.clone().unwrap_or_default();
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
    format!("in {language}, queue {}{skills}, {priority}", requirement.queue)
}
