//! Every ticket's way, and what each agent has at hand.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::core::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, CompiledDesk, ConversationId, RoutingState, TicketId};

use super::agents::profile;
use super::answers;
use super::load::Load;
use super::offers;
use super::steps::step;
use super::ticket::Ticket;
use crate::audit::finding::{Kind, Notes};

/// Every ticket of a desk that is not closed.
#[derive(Default)]
pub(crate) struct Tickets {
    live: BTreeMap<TicketId, Ticket>,
    by_agent: BTreeMap<AgentId, BTreeSet<TicketId>>,
    by_conversation: BTreeMap<ConversationId, TicketId>,
    last_ticket: u64,
    last_offer: u64,
}

impl Tickets {
    /// The ticket, unless it is closed.
    pub(crate) fn get(&self, ticket: TicketId) -> Option<&Ticket> {
        self.live.get(&ticket)
    }

    /// Whether there ever was such a ticket.
    pub(crate) fn was_opened(&self, ticket: TicketId) -> bool {
        (1..=self.last_ticket).contains(&ticket.0)
    }

    /// Those that wait.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &Ticket> {
        self.live.values().filter(|ticket| ticket.state == RoutingState::Queued)
    }

    /// What an agent has at hand.
    pub(crate) fn load(&self, agent: &AgentId, desk: &CompiledDesk) -> Load {
        let mut load = Load::default();
        let held = self.by_agent.get(agent).into_iter().flatten();
        for ticket in held.filter_map(|id| self.live.get(id)) {
            load.add(desk, ticket.requirement(), ticket.state == RoutingState::OnHold);
        }
        load
    }

    /// A new desk file: what every ticket asks for is worked out anew.
    pub(crate) fn adopt(&mut self, desk: &CompiledDesk) {
        self.live.values_mut().for_each(|ticket| ticket.adopt(desk));
    }

    /// Follows an event about a ticket; returns why it could not happen, if it could not.
    pub(crate) fn follow(
        &mut self,
        desk: &CompiledDesk,
        event: &Event<RoutingEvent>,
        notes: &mut Notes,
    ) -> Option<String> {
        match &event.body {
            RoutingEvent::TicketOpened {
                ticket,
                intake,
                requirement,
                ..
            } => {
                let mut new = Ticket::new(*ticket, intake, desk);
                new.enter(desk, &intake.queue, requirement, notes);
                let impossible = self.open(new, notes);
                let automatic = intake
                    .automatic
                    .then(|| format!("an automatic message opened {ticket}"));
                impossible.or(automatic)
            }
            RoutingEvent::TicketSplit {
                ticket,
                from,
                intake,
                requirement,
                ..
            } => {
                let over = self.is_over(*from, "split");
                let mut new = Ticket::new(*ticket, intake, desk);
                new.enter(desk, &intake.queue, requirement, notes);
                over.or(self.open(new, notes))
            }
            RoutingEvent::TicketMerged { ticket, into, .. } => self.merge(desk, (*ticket, *into), event, notes),
            RoutingEvent::MessageAdded { ticket, .. } => (!self.live.contains_key(ticket)).then(|| not_there(*ticket)),
            RoutingEvent::AnswerAdded { ticket, .. }
            | RoutingEvent::AnswerDelivered { ticket, .. }
            | RoutingEvent::AnswerFailed { ticket, .. }
            | RoutingEvent::PriorityChanged { ticket, .. } => self.talk(*ticket, &event.body, notes),
            RoutingEvent::HelpOffered { ticket, .. }
            | RoutingEvent::HelpAccepted { ticket, .. }
            | RoutingEvent::HelpRefused { ticket, .. }
            | RoutingEvent::HelperLeft { ticket, .. } => self.share(desk, *ticket, event, notes),
            _ => self.take_step(desk, event, notes),
        }
    }

    /// All that was said on the one goes on with the other, and so do its conversations.
    fn merge(
        &mut self,
        desk: &CompiledDesk,
        (id, into): (TicketId, TicketId),
        event: &Event<RoutingEvent>,
        notes: &mut Notes,
    ) -> Option<String> {
        let over = self.is_over(into, "merged into");
        if over.is_some() || id == into {
            return over.or(Some(format!("{id} cannot go into itself")));
        }
        let ticket = self.live.get_mut(&id)?;
        if !ticket.helpers.is_empty() || !ticket.offers.is_empty() {
            let why = "is still offered, or somebody helps with it";
            notes.add(Kind::TwoOwners, format_args!("{id} went into {into} and {why}"));
        }
        let answers = std::mem::take(&mut ticket.answers);
        let mut conversations = std::mem::take(&mut ticket.conversations);
        conversations.push(ticket.conversation);
        let impossible = self.take_step(desk, event, notes);
        for conversation in &conversations {
            self.by_conversation.insert(*conversation, into);
        }
        let goes_on = self.live.get_mut(&into)?;
        goes_on.answers.join(answers);
        goes_on.conversations.extend(conversations);
        impossible
    }

    /// Why that cannot be done with a ticket whose customer is served.
    fn is_over(&self, id: TicketId, deed: &str) -> Option<String> {
        let Some(ticket) = self.live.get(&id) else {
            return Some(not_there(id));
        };
        let over = matches!(ticket.state, RoutingState::WrappingUp | RoutingState::Done);
        over.then(|| format!("{id} is {} and cannot be {deed}", ticket.state))
    }

    /// Who helps with a ticket, or is asked to, leaves it where it is.
    fn share(
        &mut self,
        desk: &CompiledDesk,
        id: TicketId,
        event: &Event<RoutingEvent>,
        notes: &mut Notes,
    ) -> Option<String> {
        let Some(ticket) = self.live.get_mut(&id) else {
            return Some(not_there(id));
        };
        if let Some((kind, why)) = offers::fault(ticket, desk, event) {
            notes.add(kind, why);
        }
        let before = ticket.holders();
        ticket.note_offer(&event.body);
        self.reindex(id, &before);
        let RoutingEvent::HelpOffered { offer, agent, .. } = &event.body else {
            return None;
        };
        self.check_capacity(desk, id, agent, notes);
        out_of_turn(offer, offer.0, &mut self.last_offer)
    }

    /// What is said on a ticket leaves it where it is.
    fn talk(&mut self, id: TicketId, event: &RoutingEvent, notes: &mut Notes) -> Option<String> {
        let Some(ticket) = self.live.get_mut(&id) else {
            return Some(not_there(id));
        };
        if let Some(stranger) = answers::stranger(ticket, event) {
            notes.add(
                Kind::ForeignAnswer,
                format_args!("{stranger} answered {id}, which is not {stranger}'s"),
            );
        }
        answers::follow(ticket, event)
    }

    fn open(&mut self, ticket: Ticket, notes: &mut Notes) -> Option<String> {
        let id = ticket.id;
        if let Some(other) = self.by_conversation.insert(ticket.conversation, id) {
            notes.add(
                Kind::ConversationTwice,
                format_args!("{id} was opened beside {other}, which is not closed"),
            );
        }
        self.live.insert(id, ticket);
        out_of_turn(id, id.0, &mut self.last_ticket)
    }

    fn take_step(&mut self, desk: &CompiledDesk, event: &Event<RoutingEvent>, notes: &mut Notes) -> Option<String> {
        let (id, from, to) = step(&event.body)?;
        let Some(ticket) = self.live.get_mut(&id) else {
            return Some(not_there(id));
        };
        let mut impossible = None;
        if let Some((kind, why)) = offers::fault(ticket, desk, event) {
            notes.add(kind, why);
        } else if !from.contains(&ticket.state) {
            impossible = Some(format!("{id} is {} and cannot become {to}", ticket.state));
        }
        let before = ticket.holders();
        let gains = gains(ticket, &event.body);
        let holder = ticket.holder_after(&event.body);
        ticket.note(desk, &event.body, event.at, notes);
        ticket.holder = holder;
        // Who is still asked may still accept.
        let stands = to == RoutingState::Queued && ticket.own_offers().next().is_some();
        ticket.state = if stands { RoutingState::Offered } else { to };
        self.reindex(id, &before);
        if let Some(agent) = gains {
            self.check_capacity(desk, id, &agent, notes);
        }
        self.forget(id, to);
        if let RoutingEvent::OfferIssued { offer, .. } = &event.body {
            return impossible.or(out_of_turn(offer, offer.0, &mut self.last_offer));
        }
        impossible
    }

    fn reindex(&mut self, id: TicketId, before: &BTreeSet<AgentId>) {
        for agent in before {
            self.by_agent.entry(agent.clone()).or_default().remove(&id);
        }
        for agent in self.live.get(&id).into_iter().flat_map(Ticket::holders) {
            self.by_agent.entry(agent).or_default().insert(id);
        }
    }

    /// What is over for good is forgotten with its conversation.
    fn forget(&mut self, id: TicketId, state: RoutingState) {
        let over = matches!(
            state,
            RoutingState::Cancelled | RoutingState::Abandoned | RoutingState::Merged
        );
        if let Some(ticket) = over.then(|| self.live.remove(&id)).flatten() {
            for conversation in ticket.conversations.iter().chain([&ticket.conversation]) {
                self.by_conversation.remove(conversation);
            }
            for agent in ticket.holders() {
                self.by_agent.entry(agent).or_default().remove(&id);
            }
        }
    }

    fn check_capacity(&self, desk: &CompiledDesk, ticket: TicketId, agent: &AgentId, notes: &mut Notes) {
        let Some((ticket, profile)) = self.live.get(&ticket).zip(profile(desk, agent)) else {
            return;
        };
        let load = self.load(agent, desk);
        if let Some(excess) = load.excess(desk, profile, ticket.requirement().channel) {
            notes.add(Kind::OverCapacity, format_args!("{agent} has {excess}"));
        }
    }
}

/// Who gets work that there must be room for. What an agent has may stay even if a new desk file allows less, and what he
/// or she set aside comes back even if there is no room: only what comes on top is checked.
fn gains(ticket: &Ticket, event: &RoutingEvent) -> Option<AgentId> {
    match event {
        RoutingEvent::OfferIssued { agent, .. } => Some(agent.clone()),
        RoutingEvent::OwnerChanged { to, .. } if !ticket.helpers.contains(to) => Some(to.clone()),
        RoutingEvent::WrapUpStarted { .. } if ticket.state == RoutingState::OnHold => ticket.holder.clone(),
        _ => None,
    }
}

fn not_there(ticket: TicketId) -> String {
    format!("{ticket} was never opened, or is closed")
}

/// Tickets and offers are counted from 1.
fn out_of_turn(name: impl std::fmt::Display, number: u64, last: &mut u64) -> Option<String> {
    let before = std::mem::replace(last, number);
    (number != before + 1).then(|| format!("{name} follows number {before}"))
}
