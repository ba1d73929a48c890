//! What happened on a desk, counted from its events: of what was recorded and of what is simulated alike.

use std::collections::BTreeMap;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, CompiledDesk, Event, MessageId, Requirement, TicketId, Timestamp};

use super::{AgentShare, Group};
use crate::sim::{Book, TicketRecord};

/// What the books do not say about a ticket.
#[derive(Clone, Debug)]
pub(super) struct Tale {
    pub(super) group: Group,
    /// When the customer first got an answer.
    pub(super) answered_at: Option<Timestamp>,
    /// How often somebody became its owner in the stretch.
    pub(super) owners: u32,
    /// Whether it waited for its first accept in the stretch.
    pub(super) waited: bool,
}

/// Everything that is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    book: Book,
    tales: BTreeMap<TicketId, Tale>,
    /// Tickets by the messages that opened them, since the stretch began.
    opened_by: BTreeMap<MessageId, TicketId>,
    desk: Option<Box<CompiledDesk>>,
}

impl Tally {
    /// An event before the stretch: what is over is forgotten.
    pub(super) fn recall(&mut self, event: &Event<RoutingEvent>) {
        self.note(event);
        self.book.forget_closed(&event.body);
        if let Some(ticket) = event.body.ticket().filter(|ticket| self.book.ticket(*ticket).is_none()) {
            self.tales.remove(&ticket);
        }
    }

    /// The stretch begins.
    pub(super) fn begin(&mut self, from: Timestamp) {
        self.book.recount(from);
        self.opened_by.clear();
        let book = &self.book;
        self.tales.retain(|ticket, _| book.ticket(*ticket).is_some());
        for (ticket, tale) in &mut self.tales {
            tale.owners = 0;
            tale.waited = book.ticket(*ticket).is_some_and(|record| record.wait().is_none());
        }
    }

    pub(super) fn note(&mut self, event: &Event<RoutingEvent>) {
        self.book.note(event);
        match &event.body {
            RoutingEvent::DeskActivated(desk) => self.desk = Some(desk.clone()),
            RoutingEvent::TicketOpened {
                ticket,
                intake,
                requirement,
                ..
            }
            | RoutingEvent::TicketSplit {
                ticket,
                intake,
                requirement,
                ..
            } => {
                self.opened_by.insert(intake.message, *ticket);
                self.tales.insert(*ticket, Tale::new(requirement));
            }
            RoutingEvent::OfferAccepted { ticket, .. } | RoutingEvent::OwnerChanged { ticket, .. } => {
                self.change(*ticket, |tale| tale.owners += 1);
            }
            RoutingEvent::AnswerAdded {
                ticket, visible: true, ..
            } => self.change(*ticket, |tale| {
                tale.answered_at.get_or_insert(event.at);
            }),
            _ => {}
        }
    }

    fn change(&mut self, ticket: TicketId, change: impl FnMut(&mut Tale)) {
        self.tales.get_mut(&ticket).into_iter().for_each(change);
    }

    pub(super) fn desk(&self) -> Option<&CompiledDesk> {
        self.desk.as_deref()
    }

    /// Tickets that opened in the stretch, by the messages that opened them.
    pub(super) fn opened_in_stretch(&self) -> impl Iterator<Item = (MessageId, TicketId)> {
        self.opened_by.iter().map(|(message, ticket)| (*message, *ticket))
    }

    /// Tickets that somebody has, with who that is.
    pub(super) fn owned(&self) -> Vec<(TicketId, AgentId)> {
        let owned = self
            .book
            .tickets()
            .filter_map(|record| Some((record.ticket, record.holder()?.clone())));
        owned.collect()
    }

    pub(super) fn into_book(self) -> Book {
        self.book
    }

    /// Tickets that waited for their first accept in the stretch, with what is known of them.
    pub(super) fn waited(&self) -> impl Iterator<Item = (&TicketRecord, &Tale)> {
        let waited = self.tales.iter().filter(|(_, tale)| tale.waited);
        waited.filter_map(|(ticket, tale)| Some((self.book.ticket(*ticket)?, tale)))
    }

    /// The ticket that stands here for `ticket` of the other side: the message that opened it, or its number, is the same.
    pub(super) fn counterpart(&self, ticket: &TicketRecord) -> Option<&TicketRecord> {
        let opened = self.opened_by.get(&ticket.intake.message).copied();
        let same = |found: &&TicketRecord| found.intake.message == ticket.intake.message;
        self.book.ticket(opened.unwrap_or(ticket.ticket)).filter(same)
    }

    /// What everybody did up to `to`.
    pub(super) fn agents(&mut self, to: Timestamp) -> Vec<AgentShare> {
        let agents = self.book.agents(to).iter();
        let present = agents.filter(|(_, agent)| !(agent.online.is_zero() && agent.busy.is_zero()));
        let share = |(agent, record): (&AgentId, &crate::sim::AgentRecord)| AgentShare {
            agent: agent.clone(),
            accepted: record.accepted,
            online: record.online,
            busy: record.busy,
        };
        present.map(share).collect()
    }
}

impl Tale {
    fn new(requirement: &Requirement) -> Self {
        Self {
            group: Group {
                queue: requirement.queue.clone(),
                channel: requirement.channel,
                language: requirement.language.as_ref().map(|(language, _)| language.clone()),
            },
            answered_at: None,
            owners: 0,
            waited: true,
        }
    }
}
