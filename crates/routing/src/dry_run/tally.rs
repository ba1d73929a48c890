//! What happened on a desk, counted from its events: of what was recorded and of what is simulated alike.

use rustc_hash::{FxHashMap, FxHashSet};
use tandem_domain::routing::{Opening, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, MessageId, Requirement, TicketId, Timestamp};

use super::{AgentShare, Group};
use crate::numbered::Numbered;
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
    tales: Numbered<TicketId, Box<Tale>>,
    /// Tickets by the messages that opened them, since the stretch began.
    opened_by: FxHashMap<MessageId, TicketId>,
    desk: Option<Box<CompiledDesk>>,
    /// Everybody who was on the desk in the stretch.
    staff: FxHashSet<AgentId>,
}

impl Tally {
    /// An event before the stretch: what is over is forgotten.
    pub(super) fn recall(&mut self, event: &Event<RoutingEvent>) {
        self.note(event);
        self.book.forget_closed(&event.body);
        if let Some(ticket) = event.body.ticket().filter(|ticket| self.book.ticket(*ticket).is_none()) {
            self.tales.remove(ticket);
        }
    }

    /// The stretch begins.
    pub(super) fn begin(&mut self, from: Timestamp) {
        self.book.recount(from);
        self.opened_by.clear();
        self.staff.clear();
        if let Some(desk) = self.desk.take() {
            self.adopt(desk);
        }
        for (ticket, tale) in self.tales.iter_mut() {
            tale.owners = 0;
            tale.waited = self.book.ticket(ticket).is_some_and(|record| record.wait().is_none());
        }
    }

    fn adopt(&mut self, desk: Box<CompiledDesk>) {
        self.staff.extend(desk.agents.iter().map(|agent| agent.id.clone()));
        self.desk = Some(desk);
    }

    pub(super) fn note(&mut self, event: &Event<RoutingEvent>) {
        self.book.note(event);
        self.tell(event);
    }

    /// Notes what does not stand in the book.
    pub(super) fn tell(&mut self, event: &Event<RoutingEvent>) {
        match &event.body {
            RoutingEvent::DeskActivated(desk) => self.adopt(desk.clone()),
            RoutingEvent::OfferAccepted { ticket, .. } | RoutingEvent::OwnerChanged { ticket, .. } => {
                self.change(*ticket, |tale| tale.owners += 1);
            }
            RoutingEvent::AnswerAdded {
                ticket, visible: true, ..
            } => self.change(*ticket, |tale| {
                tale.answered_at.get_or_insert(event.at);
            }),
            other => {
                if let Some(Opening {
                    ticket,
                    intake,
                    requirement,
                }) = other.opening()
                {
                    self.opened_by.insert(intake.message, ticket);
                    self.tales.insert(ticket, Box::new(Tale::new(requirement)));
                }
            }
        }
    }

    fn change(&mut self, ticket: TicketId, change: impl FnOnce(&mut Tale)) {
        if let Some(tale) = self.tales.get_mut(ticket) {
            change(tale);
        }
    }

    /// Whether somebody was on the desk in the stretch, from its beginning or later.
    pub(super) fn knew(&self, agent: &AgentId) -> bool {
        self.staff.contains(agent)
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

    /// Lends the book to somebody who goes on with it, and notes from now on only what does not stand in it.
    pub(super) fn lend_book(&mut self) -> Book {
        std::mem::take(&mut self.book)
    }

    pub(super) fn take_back(&mut self, book: Book) {
        self.book = book;
    }

    /// Tickets that waited for their first accept in the stretch, with what is known of them.
    pub(super) fn waited(&self) -> impl Iterator<Item = (&TicketRecord, &Tale)> {
        let waited = self.tales.iter().filter(|(_, tale)| tale.waited);
        waited.filter_map(|(ticket, tale)| Some((self.book.ticket(ticket)?, tale.as_ref())))
    }

    /// The ticket that stands here for `ticket` of the other side: the message that opened it, or its number, is the same.
    pub(super) fn counterpart(&self, ticket: &TicketRecord) -> Option<&TicketRecord> {
        let opened = self.opened_by.get(&ticket.intake.message).copied();
        let same = |found: &&TicketRecord| found.intake.message == ticket.intake.message;
        self.book.ticket(opened.unwrap_or(ticket.ticket)).filter(same)
    }

    /// What everybody did up to `to`.
    pub(super) fn agents(&mut self, to: Timestamp) -> Vec<AgentShare> {
        let agents = self.book.agents(to).into_iter();
        let present = agents.filter(|(_, agent)| !(agent.online.is_zero() && agent.busy.is_zero()));
        let share = |(agent, record): (AgentId, crate::sim::AgentRecord)| AgentShare {
            agent,
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
