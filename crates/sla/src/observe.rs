//! What the router's events mean for the clocks. The one place that knows them.

use tandem_domain::escalation::{EscalationEvent, Heard, Observed, Rejection, Standing, TicketFacts};
use tandem_domain::routing::{Opening, RoutingEvent};
use tandem_domain::{Event, Requirement, TicketId, Timestamp};

use crate::turn::{Origin, Turn};

impl Turn<'_> {
    /// Takes what was not taken before, each event at its own time.
    pub(crate) fn observe(&mut self, heard: &Heard) -> Result<(), Rejection> {
        let known = self.state.followed.0;
        if heard.through <= known {
            return Ok(());
        }
        if heard.after > known {
            return Err(Rejection::Missing { seq: known });
        }
        for observed in heard.events.iter().filter(|observed| observed.seq > known) {
            self.take(observed);
        }
        self.origin = Origin::router(self.state, heard.through, self.origin.trace.clone());
        let versions = std::mem::take(&mut self.versions);
        self.emit(EscalationEvent::RouterFollowed {
            through: heard.through,
            incarnation: heard.incarnation,
            versions,
        });
        Ok(())
    }

    fn take(&mut self, Observed { seq, event }: &Observed) {
        self.fire_until(event.at);
        self.origin = Origin::router(self.state, *seq, event.trace.clone());
        for ticket in [event.body.ticket(), event.body.other_ticket()].into_iter().flatten() {
            self.count(ticket);
        }
        self.follow(event);
        // What an event starts late is late already.
        self.fire_until(event.at);
    }

    /// The router counts a ticket's events; effects name the version that they saw.
    fn count(&mut self, ticket: TicketId) {
        let version = self.version(ticket) + 1;
        self.versions.insert(ticket, version);
    }

    pub(crate) fn version(&self, ticket: TicketId) -> u64 {
        let journaled = || self.state.tickets.get(&ticket).map_or(0, |ticket| ticket.version);
        self.versions.get(&ticket).copied().unwrap_or_else(journaled)
    }

    fn follow(&mut self, event: &Event<RoutingEvent>) {
        let at = event.at;
        match &event.body {
            RoutingEvent::DeskActivated(desk) => self.adopt(desk, at),
            RoutingEvent::TicketOpened { .. } | RoutingEvent::TicketSplit { .. } => self.begin(&event.body, at),
            RoutingEvent::MessageAdded {
                ticket,
                automatic: false,
                received_at,
                ..
            } => self.customer_wrote(*ticket, (*received_at).min(at)),
            RoutingEvent::OfferAccepted { ticket, agent, .. }
            | RoutingEvent::OwnerChanged { ticket, to: agent, .. } => self.accepted(*ticket, agent, at),
            RoutingEvent::TicketMerged { ticket, into, .. } => self.merge(*ticket, *into, at),
            RoutingEvent::TicketScheduled { ticket, .. } => {
                self.disown(*ticket);
                self.stand(*ticket, Standing::Scheduled, at);
            }
            RoutingEvent::AnswerAdded {
                ticket,
                message,
                visible: true,
                ..
            } => self.answered(*ticket, *message, at),
            RoutingEvent::AnswerFailed { ticket, message, .. } => self.answer_failed(*ticket, *message, at),
            RoutingEvent::TicketHeld { ticket } => self.stand(*ticket, Standing::OnHold, at),
            RoutingEvent::TicketResumed { ticket } | RoutingEvent::WrapUpInterrupted { ticket } => {
                self.stand(*ticket, Standing::Open, at);
            }
            RoutingEvent::TicketRequeued {
                ticket, requirement, ..
            } => self.requeued(*ticket, requirement, at),
            RoutingEvent::WrapUpStarted { ticket, .. } | RoutingEvent::TicketDone { ticket } => {
                self.stand(*ticket, Standing::Resolved, at);
            }
            RoutingEvent::PriorityChanged { ticket, priority, .. } => {
                self.change_facts(*ticket, at, |facts| facts.priority = *priority);
            }
            RoutingEvent::TicketCancelled { ticket }
            | RoutingEvent::TicketAbandoned { ticket }
            | RoutingEvent::TicketClosed { ticket } => self.end(*ticket, at),
            RoutingEvent::MessageAdded { .. }
            | RoutingEvent::AnswerAdded { .. }
            | RoutingEvent::AnswerDelivered { .. }
            | RoutingEvent::PresenceChanged { .. }
            | RoutingEvent::OfferIssued { .. }
            | RoutingEvent::OfferDeclined { .. }
            | RoutingEvent::OfferExpired { .. }
            | RoutingEvent::OfferRevoked { .. }
            | RoutingEvent::StepEntered { .. }
            | RoutingEvent::AgeAdjusted { .. }
            | RoutingEvent::AvailabilityChanged { .. }
            | RoutingEvent::HelpOffered { .. }
            | RoutingEvent::HelpAccepted { .. }
            | RoutingEvent::HelpRefused { .. }
            | RoutingEvent::HelperLeft { .. } => {}
        }
    }

    /// A ticket begins; one that it was split off may owe less from now on.
    fn begin(&mut self, body: &RoutingEvent, at: Timestamp) {
        if let RoutingEvent::TicketSplit {
            from,
            still_waiting_since,
            ..
        } = body
        {
            self.owe(*from, *still_waiting_since, at);
        }
        if let Some(opening) = body.opening() {
            self.open(opening, at);
        }
    }

    fn open(&mut self, opening: Opening<'_>, at: Timestamp) {
        let Opening {
            ticket,
            intake,
            requirement,
        } = opening;
        let facts = TicketFacts {
            queue: requirement.queue.clone(),
            channel: intake.channel,
            language: requirement.language_or(intake.language.as_ref()),
            priority: intake.priority,
            tags: intake.tags.clone(),
        };
        // A ticket that the router hears of late has waited all the same.
        self.start_ticket(ticket, facts, intake.received_at.min(at));
    }

    fn requeued(&mut self, ticket: TicketId, requirement: &Requirement, at: Timestamp) {
        self.stand(ticket, Standing::Open, at);
        self.disown(ticket);
        self.change_facts(ticket, at, |facts| {
            facts.queue = requirement.queue.clone();
            facts.channel = requirement.channel;
            facts.language = requirement.language_or(facts.language.as_ref());
        });
    }
}
