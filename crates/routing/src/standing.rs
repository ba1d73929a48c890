//! Where a conversation's ticket stands, as its customer may know it.

use tandem_domain::routing::{RoutingEvent, Standing, TicketView, Unservable};
use tandem_domain::{Channel, ConversationId, Event, LanguageTag, Requirement, RoutingState, TicketId, Timestamp};

use crate::state::State;
use crate::ticket::{Phase, Ticket};

impl State {
    pub(crate) fn standing(&self, conversation: ConversationId, now: Timestamp) -> Option<Standing> {
        match self.on_conversation(conversation) {
            Some(ticket) => {
                let ticket = self.ticket(ticket);
                let unservable = self.why_unservable(ticket);
                let position = self.place_in_queue(ticket);
                Some(Standing {
                    position: position.filter(|_| unservable.is_none()),
                    unservable,
                    estimated_wait: self.estimated_wait(ticket, now),
                    answers: ticket.answers.count(),
                    ..standing_of(&self.view(ticket))
                })
            }
            None => self.just_closed.last_of(conversation).map(|closed| Standing {
                ticket: closed.ticket,
                state: closed.state,
                position: None,
                estimated_wait: None,
                agent: None,
                language: language_of(&closed.requirement),
                answers: closed.answers,
                ended: is_over(closed.state),
                unservable: None,
            }),
        }
    }

    fn why_unservable(&self, ticket: &Ticket) -> Option<Unservable> {
        self.is_unservable(ticket).then(|| {
            let asks = self.requirement(ticket);
            let anybody = Requirement::new(asks.queue.clone(), asks.channel);
            let who_speaks = Requirement {
                language: asks.language.clone(),
                ..anybody.clone()
            };
            let is_there = |asks| self.agents.fitting(asks, self.desk()).count() > 0;
            match (is_there(&anybody), is_there(&who_speaks)) {
                (true, false) => Unservable::Language,
                _ => Unservable::Other,
            }
        })
    }

    /// From 1, by the queue's own order, whatever each ticket asks for, as long as somebody on the desk could serve it.
    /// What is offered is next.
    pub(crate) fn place_in_queue(&self, ticket: &Ticket) -> Option<u32> {
        let ahead = match ticket.phase {
            Phase::Queued => self
                .classes
                .ahead_in_queue(self.classes.get(ticket.class).queue, self.wait_key(ticket)),
            Phase::Offered => 0,
            _ => return None,
        };
        Some(u32::try_from(ahead).map_or(u32::MAX, |ahead| ahead.saturating_add(1)))
    }

    /// See [`RoutingCore::changed_chats`](crate::RoutingCore::changed_chats).
    pub(crate) fn changed_chats(&self, events: &[Event<RoutingEvent>]) -> Vec<ConversationId> {
        let moved = events.iter().filter(|event| changes_standing(&event.body));
        let mut tickets: Vec<TicketId> = moved.filter_map(|event| event.body.ticket()).collect();
        tickets.sort_unstable();
        tickets.dedup();
        tickets.into_iter().filter_map(|ticket| self.chat_of(ticket)).collect()
    }

    /// The ticket's conversation, if it is a chat.
    fn chat_of(&self, id: TicketId) -> Option<ConversationId> {
        let open = self.tickets.get(id);
        let open = open.map(|ticket| (&**ticket, &self.classes.get(ticket.class).requirement));
        let closed = || {
            let closed = self.just_closed.whole(id)?;
            Some((&*closed.ticket, &closed.requirement))
        };
        let (ticket, requirement) = open.or_else(closed)?;
        (requirement.channel == Channel::Chat).then_some(ticket.conversation)
    }
}

fn standing_of(view: &TicketView) -> Standing {
    Standing {
        ticket: view.id,
        state: view.state,
        position: None,
        estimated_wait: None,
        agent: view.owner.clone().filter(|_| !is_over(view.state)),
        language: language_of(&view.requirement),
        answers: 0,
        ended: is_over(view.state),
        unservable: None,
    }
}

fn language_of(requirement: &Requirement) -> Option<LanguageTag> {
    requirement.language.as_ref().map(|(language, _)| language.clone())
}

/// Nothing more is done for the customer, unless he or she writes again: wrap-up is the desk's own affair.
fn is_over(state: RoutingState) -> bool {
    use RoutingState::{Abandoned, Cancelled, Done, Merged, WrappingUp};
    matches!(state, WrappingUp | Done | Cancelled | Abandoned | Merged)
}

fn changes_standing(body: &RoutingEvent) -> bool {
    match body {
        RoutingEvent::DeskActivated(_)
        | RoutingEvent::PresenceChanged { .. }
        | RoutingEvent::AvailabilityChanged { .. }
        | RoutingEvent::HelpOffered { .. }
        | RoutingEvent::HelpAccepted { .. }
        | RoutingEvent::HelpRefused { .. }
        | RoutingEvent::HelperLeft { .. }
        | RoutingEvent::MessageAdded { .. }
        | RoutingEvent::AnswerDelivered { .. }
        | RoutingEvent::AnswerAdded { visible: false, .. } => false,
        RoutingEvent::TicketOpened { .. }
        | RoutingEvent::OfferIssued { .. }
        | RoutingEvent::OfferAccepted { .. }
        | RoutingEvent::OfferDeclined { .. }
        | RoutingEvent::OfferExpired { .. }
        | RoutingEvent::OfferRevoked { .. }
        | RoutingEvent::TicketHeld { .. }
        | RoutingEvent::TicketResumed { .. }
        | RoutingEvent::TicketRequeued { .. }
        | RoutingEvent::WrapUpStarted { .. }
        | RoutingEvent::TicketDone { .. }
        | RoutingEvent::WrapUpInterrupted { .. }
        | RoutingEvent::TicketCancelled { .. }
        | RoutingEvent::TicketClosed { .. }
        | RoutingEvent::TicketAbandoned { .. }
        | RoutingEvent::AnswerAdded { .. }
        | RoutingEvent::AnswerFailed { .. }
        | RoutingEvent::PriorityChanged { .. }
        | RoutingEvent::StepEntered { .. }
        | RoutingEvent::AgeAdjusted { .. }
        | RoutingEvent::OwnerChanged { .. }
        | RoutingEvent::TicketMerged { .. }
        | RoutingEvent::TicketSplit { .. }
        | RoutingEvent::TicketScheduled { .. } => true,
    }
}
