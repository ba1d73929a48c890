//! What has happened, counted.

use std::collections::{BTreeMap, BTreeSet};

use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body as Climbed;
use tandem_proto::v1::router_event::Body;

/// What has happened, counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) opened: BTreeMap<u64, Opened>,
    pub(crate) joined: u64,
    pub(crate) offered: u64,
    pub(crate) accepted: BTreeMap<String, u64>,
    pub(crate) declined: u64,
    pub(crate) expired: u64,
    pub(crate) abandoned: u64,
    pub(crate) done: BTreeSet<u64>,
    pub(crate) answers: u64,
    pub(crate) delivered: u64,
    pub(crate) undelivered: u64,
    pub(crate) breached: BTreeMap<String, u64>,
    pub(crate) rungs: u64,
    in_hands: BTreeSet<u64>,
    on_the_way: BTreeSet<String>,
}

/// A ticket as it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) language: String,
    pub(crate) at: f64,
    pub(crate) accepted_at: Option<f64>,
}

impl Tally {
    /// How many messages have reached a ticket.
    pub(crate) fn messages(&self) -> u64 {
        self.opened.len() as u64 + self.joined
    }

    /// Whether nobody has anything offered or in hand, and every answer has arrived or failed. What waits then waits for
    /// somebody who is not there: an idle agent and a ticket for him or her never stand side by side.
    pub(crate) fn is_quiet(&self) -> bool {
        self.in_hands.is_empty() && self.on_the_way.is_empty()
    }

    /// After how many seconds a ticket was accepted for the first time.
    pub(crate) fn waited(&self, ticket: u64) -> Option<f64> {
        let ticket = self.opened.get(&ticket)?;
        Some(ticket.accepted_at? - ticket.at)
    }

    /// Counts an event of the router's.
    pub(crate) fn count(&mut self, body: &Body, at: f64) {
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
            Body::TicketAbandoned(abandoned) => {
                self.abandoned += 1;
                self.in_hands.remove(&abandoned.ticket_id);
            }
            Body::TicketDone(done) => {
                self.in_hands.remove(&done.ticket_id);
                self.done.insert(done.ticket_id);
            }
            Body::OfferRevoked(revoked) => drop(self.in_hands.remove(&revoked.ticket_id)),
            Body::TicketRequeued(requeued) => {
                self.in_hands.remove(&requeued.ticket_id);
                self.done.remove(&requeued.ticket_id);
            }
            answer => self.count_answer(answer),
        }
    }

    fn count_answer(&mut self, body: &Body) {
        match body {
            Body::AnswerAdded(added) if !added.internal => {
                self.answers += 1;
                self.on_the_way.insert(added.message_id.clone());
            }
            Body::AnswerDelivered(delivered) => {
                self.delivered += 1;
                self.on_the_way.remove(&delivered.message_id);
            }
            Body::AnswerFailed(failed) => {
                self.undelivered += 1;
                self.on_the_way.remove(&failed.message_id);
            }
            _ => {}
        }
    }

    /// Counts an event of escalation's.
    pub(crate) fn count_climb(&mut self, body: &Climbed) {
        match body {
            Climbed::ClockBreached(breached) => {
                let kind = breached.clock.as_ref().map(v1::ClockKey::kind).unwrap_or_default();
                *self.breached.entry(crate::view::clock_kind(kind)).or_default() += 1;
            }
            Climbed::RungReached(_) => self.rungs += 1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quiet_when_nothing_is_in_hand_or_on_the_way() {
        let mut tally = Tally::default();
        let message_id = "m".to_owned();
        let accepted = v1::OfferAccepted {
            ticket_id: 1,
            ..v1::OfferAccepted::default()
        };
        let offer = v1::Offer {
            ticket_id: 1,
            ..v1::Offer::default()
        };
        let issued = v1::OfferIssued {
            offer: Some(offer),
            ..v1::OfferIssued::default()
        };
        let added = v1::AnswerAdded {
            message_id: message_id.clone(),
            ..v1::AnswerAdded::default()
        };
        for body in [
            Body::OfferIssued(issued),
            Body::OfferAccepted(accepted),
            Body::AnswerAdded(added),
        ] {
            tally.count(&body, 0.0);
        }
        tally.count(&Body::TicketDone(v1::TicketDone { ticket_id: 1 }), 0.0);
        assert!(!tally.is_quiet(), "an answer is on its way");
        let delivered = v1::AnswerDelivered {
            ticket_id: 1,
            message_id,
        };
        tally.count(&Body::AnswerDelivered(delivered), 0.0);
        assert!(tally.is_quiet());
    }
}
