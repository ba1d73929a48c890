//! What a journal of the router says, read without the router's core; and that it breaks no promise.

use std::collections::{BTreeMap, BTreeSet};

use tandem_desk::{Recorded, decode_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, Channel, CompiledDesk, Event, MessageId, OfferId, TicketId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::Record;

/// What a journal says in the end.
#[derive(Default)]
pub(super) struct Told {
    /// On which ticket each message is.
    pub(super) messages: BTreeMap<MessageId, TicketId>,
    /// Tickets that nobody has finished.
    pub(super) open: BTreeSet<TicketId>,
    pub(super) tickets: usize,
}

/// Who has a ticket, by an offer or for good, and what it costs.
struct Held {
    agent: AgentId,
    offer: Option<(OfferId, Timestamp)>,
    units: u32,
}

struct Oracle<'a> {
    name: &'a str,
    desk: &'a CompiledDesk,
    told: Told,
    channels: BTreeMap<TicketId, Channel>,
    answers: BTreeSet<MessageId>,
    held: BTreeMap<TicketId, Held>,
}

fn events(journal: &[Record]) -> impl Iterator<Item = Event<RoutingEvent>> {
    journal
        .iter()
        .filter_map(|record| match decode_record::<RoutingCore>(record).unwrap() {
            Recorded::Core(event) => Some(event),
            Recorded::Shell(_) => None,
        })
}

pub(super) fn open_tickets(journal: &[Record]) -> BTreeSet<TicketId> {
    let mut open = BTreeSet::new();
    for event in events(journal) {
        match event.body {
            RoutingEvent::TicketOpened { ticket, .. } | RoutingEvent::TicketRequeued { ticket, .. } => {
                open.insert(ticket);
            }
            RoutingEvent::TicketDone { ticket } | RoutingEvent::TicketCancelled { ticket } => {
                open.remove(&ticket);
            }
            _ => {}
        }
    }
    open
}

/// Reads a journal, and fails at the first event that breaks a promise.
pub(super) fn check(name: &str, journal: &[Record], desk: &CompiledDesk) -> Told {
    let (channels, held) = (BTreeMap::new(), BTreeMap::new());
    let mut oracle = Oracle {
        name,
        desk,
        told: Told::default(),
        answers: BTreeSet::new(),
        channels,
        held,
    };
    for event in events(journal) {
        oracle.event(&event);
    }
    oracle.told.open = open_tickets(journal);
    oracle.told
}

impl Oracle<'_> {
    fn event(&mut self, event: &Event<RoutingEvent>) {
        match &event.body {
            RoutingEvent::TicketOpened { ticket, intake, .. } => {
                self.told.tickets += 1;
                self.channels.insert(*ticket, intake.channel);
                self.message(intake.message, *ticket);
            }
            RoutingEvent::MessageAdded { ticket, message, .. } => self.message(*message, *ticket),
            RoutingEvent::OfferIssued {
                offer,
                ticket,
                agent,
                expires_at,
                ..
            } => {
                self.issued(*ticket, agent, *offer, *expires_at);
            }
            RoutingEvent::OfferAccepted { offer, ticket, agent } => self.accepted(*ticket, agent, *offer, event.at),
            RoutingEvent::OfferDeclined {
                offer, ticket, agent, ..
            }
            | RoutingEvent::OfferExpired {
                offer, ticket, agent, ..
            }
            | RoutingEvent::OfferRevoked {
                offer, ticket, agent, ..
            } => {
                let held = self.held.remove(ticket).expect("an offer that ends was open");
                assert_eq!(
                    (&held.agent, held.offer.map(|(id, _)| id)),
                    (agent, Some(*offer)),
                    "{}",
                    self.name
                );
            }
            RoutingEvent::TicketHeld { ticket } => self.set_units(*ticket, true),
            RoutingEvent::TicketResumed { ticket } | RoutingEvent::WrapUpInterrupted { ticket } => {
                self.set_units(*ticket, false);
            }
            RoutingEvent::TicketRequeued { ticket, .. }
            | RoutingEvent::TicketDone { ticket }
            | RoutingEvent::TicketCancelled { ticket } => drop(self.held.remove(ticket)),
            RoutingEvent::DeskActivated(_)
            | RoutingEvent::PresenceChanged { .. }
            | RoutingEvent::WrapUpStarted { .. }
            | RoutingEvent::AnswerDelivered { .. }
            | RoutingEvent::AnswerFailed { .. }
            | RoutingEvent::PriorityChanged { .. }
            | RoutingEvent::TicketClosed { .. } => {}
            RoutingEvent::AnswerAdded { message, .. } => self.answer(*message),
            unasked @ (RoutingEvent::StepEntered { .. }
            | RoutingEvent::AgeAdjusted { .. }
            | RoutingEvent::AvailabilityChanged { .. }
            | RoutingEvent::HelpOffered { .. }
            | RoutingEvent::HelpAccepted { .. }
            | RoutingEvent::HelpRefused { .. }
            | RoutingEvent::HelperLeft { .. }
            | RoutingEvent::OwnerChanged { .. }
            | RoutingEvent::TicketMerged { .. }
            | RoutingEvent::TicketSplit { .. }
            | RoutingEvent::TicketScheduled { .. }) => {
                panic!("{}: nobody asked for {unasked:?}", self.name)
            }
            RoutingEvent::TicketAbandoned { ticket } => assert!(
                !self.held.contains_key(ticket),
                "{}: {ticket} was abandoned while somebody had it",
                self.name
            ),
        }
    }

    /// However often it is asked for, an answer is given once.
    fn answer(&mut self, message: MessageId) {
        let new = self.answers.insert(message);
        assert!(new, "{}: {message} was given twice", self.name);
    }

    /// Never 1: a message is on exactly one ticket.
    fn message(&mut self, message: MessageId, ticket: TicketId) {
        let before = self.told.messages.insert(message, ticket);
        assert_eq!(before, None, "{}: {message} is on two tickets", self.name);
    }

    /// Never 2: a ticket has one owner.
    fn issued(&mut self, ticket: TicketId, agent: &AgentId, offer: OfferId, expires_at: Timestamp) {
        let units = self.desk.channels[&self.channels[&ticket]].units;
        let held = Held {
            agent: agent.clone(),
            offer: Some((offer, expires_at)),
            units,
        };
        let before = self.held.insert(ticket, held);
        assert!(
            before.is_none(),
            "{}: {ticket} was offered while somebody had it",
            self.name
        );
        self.capacity(agent);
    }

    fn accepted(&mut self, ticket: TicketId, agent: &AgentId, offer: OfferId, at: Timestamp) {
        let held = self.held.get_mut(&ticket).expect("an offer that is accepted was open");
        let (open, expires_at) = held.offer.take().expect("it was not accepted before");
        assert_eq!((&held.agent, open), (agent, offer), "{}", self.name);
        assert!(
            at <= expires_at,
            "{}: {offer} was accepted after it had expired",
            self.name
        );
    }

    fn set_units(&mut self, ticket: TicketId, on_hold: bool) {
        let policy = &self.desk.channels[&self.channels[&ticket]];
        let held = self.held.get_mut(&ticket).expect("somebody has the ticket");
        held.units = if on_hold { policy.hold_units } else { policy.units };
    }

    /// Never 2: nobody is offered more than the policy allows. What an owner set aside comes back without being offered.
    fn capacity(&self, agent: &AgentId) {
        let used: u32 = self
            .held
            .values()
            .filter(|held| held.agent == *agent)
            .map(|held| held.units)
            .sum();
        let profile = self
            .desk
            .agents
            .iter()
            .find(|profile| profile.id == *agent)
            .expect("of this desk");
        assert!(
            used <= profile.capacity,
            "{}: {agent} has {used} of {}",
            self.name,
            profile.capacity
        );
    }
}
