//! What must be known of tickets to tell inputs from events: of a core's, or of what is only followed.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::routing::{Intake, Opening, RoutingEvent};
use tandem_domain::{
    AccountId, Channel, CompiledDesk, ConversationId, LanguageTag, MessageId, Priority, QueueId, SkillId, SkillLevel,
    Tag, TicketId, Timestamp,
};

use crate::numbered::Numbered;
use crate::state::State;
use crate::ticket::{Phase, Ticket};

/// Whoever knows the tickets that are not closed, as they were before the events at hand.
pub(super) trait Knows {
    fn conversation(&self, ticket: TicketId) -> Option<ConversationId>;
    fn is_wrapping_up(&self, ticket: TicketId) -> bool;
    /// A message of the ticket's conversation. If it opened one, that would be one like the ticket.
    fn message(&self, ticket: TicketId, message: MessageId, automatic: bool, received_at: Timestamp) -> Option<Intake>;
}

impl Knows for State {
    fn conversation(&self, ticket: TicketId) -> Option<ConversationId> {
        self.tickets.get(ticket).map(|ticket| ticket.conversation)
    }

    fn is_wrapping_up(&self, ticket: TicketId) -> bool {
        let ticket = self.tickets.get(ticket);
        ticket.is_some_and(|ticket| matches!(ticket.phase, Phase::WrappingUp { .. }))
    }

    fn message(&self, ticket: TicketId, message: MessageId, automatic: bool, received_at: Timestamp) -> Option<Intake> {
        let known = Kept::of(self, self.tickets.get(ticket)?);
        Some(known.message(message, automatic, received_at))
    }
}

/// What is kept of one ticket.
#[derive(Debug)]
struct Kept {
    conversation: ConversationId,
    account: AccountId,
    channel: Channel,
    queue: QueueId,
    language: Option<LanguageTag>,
    skills: BTreeMap<SkillId, SkillLevel>,
    tags: BTreeSet<Tag>,
    priority: Priority,
    wraps_up: bool,
}

impl Kept {
    fn of(state: &State, ticket: &Ticket) -> Self {
        let requirement = state.requirement(ticket);
        Self {
            conversation: ticket.conversation,
            account: ticket.origin.account.clone(),
            channel: requirement.channel,
            queue: requirement.queue.clone(),
            language: ticket.origin.asked.language.clone(),
            skills: ticket.origin.asked.skills.clone(),
            tags: ticket.origin.tags.clone(),
            priority: ticket.priority,
            wraps_up: matches!(ticket.phase, Phase::WrappingUp { .. }),
        }
    }

    fn opened(opening: &Opening) -> Self {
        let (intake, requirement) = (opening.intake, opening.requirement);
        Self {
            conversation: intake.conversation,
            account: intake.account.clone(),
            channel: requirement.channel,
            queue: requirement.queue.clone(),
            language: intake.language.clone(),
            skills: intake.skills.clone(),
            tags: intake.tags.clone(),
            priority: intake.priority,
            wraps_up: false,
        }
    }

    fn message(&self, message: MessageId, automatic: bool, received_at: Timestamp) -> Intake {
        Intake {
            message,
            conversation: self.conversation,
            account: self.account.clone(),
            channel: self.channel,
            queue: self.queue.clone(),
            language: self.language.clone(),
            skills: self.skills.clone(),
            tags: self.tags.clone(),
            priority: self.priority,
            received_at,
            automatic,
            customer: None,
            tandem: None,
            due_at: None,
        }
    }
}

/// Tickets that are followed without a core: a fraction of its work, and of its memory.
#[derive(Debug)]
pub(super) struct Followed {
    tickets: Numbered<TicketId, Kept>,
}

impl Followed {
    /// From here on.
    pub(super) fn from(state: &State) -> Self {
        let mut tickets = Numbered::default();
        for (id, ticket) in state.tickets.iter() {
            tickets.insert(id, Kept::of(state, ticket));
        }
        Self { tickets }
    }

    pub(super) fn follow(&mut self, event: &RoutingEvent) {
        match event {
            RoutingEvent::DeskActivated(desk) => self.adopt(desk),
            RoutingEvent::TicketRequeued {
                ticket, requirement, ..
            } => self.change(*ticket, |kept| {
                kept.queue = requirement.queue.clone();
                kept.wraps_up = false;
            }),
            RoutingEvent::PriorityChanged { ticket, priority } => {
                self.change(*ticket, |kept| kept.priority = *priority);
            }
            RoutingEvent::WrapUpStarted { ticket, .. } => self.change(*ticket, |kept| kept.wraps_up = true),
            RoutingEvent::WrapUpInterrupted { ticket } | RoutingEvent::TicketDone { ticket } => {
                self.change(*ticket, |kept| kept.wraps_up = false);
            }
            RoutingEvent::TicketClosed { ticket }
            | RoutingEvent::TicketCancelled { ticket }
            | RoutingEvent::TicketMerged { ticket, .. }
            | RoutingEvent::TicketAbandoned { ticket } => drop(self.tickets.remove(*ticket)),
            other => {
                if let Some(opening) = other.opening() {
                    self.tickets.insert(opening.ticket, Kept::opened(&opening));
                }
            }
        }
    }

    /// What is in a queue that is no more goes to the first one, as it does in a core.
    fn adopt(&mut self, desk: &CompiledDesk) {
        let Some(first) = desk.queues.first() else { return };
        let queues: BTreeSet<_> = desk.queues.iter().map(|queue| &queue.id).collect();
        for (_, kept) in self.tickets.iter_mut() {
            if !queues.contains(&kept.queue) {
                kept.queue = first.id.clone();
            }
        }
    }

    fn change(&mut self, ticket: TicketId, change: impl FnOnce(&mut Kept)) {
        if let Some(kept) = self.tickets.get_mut(ticket) {
            change(kept);
        }
    }
}

impl Knows for Followed {
    fn conversation(&self, ticket: TicketId) -> Option<ConversationId> {
        self.tickets.get(ticket).map(|kept| kept.conversation)
    }

    fn is_wrapping_up(&self, ticket: TicketId) -> bool {
        self.tickets.get(ticket).is_some_and(|kept| kept.wraps_up)
    }

    fn message(&self, ticket: TicketId, message: MessageId, automatic: bool, received_at: Timestamp) -> Option<Intake> {
        let kept = self.tickets.get(ticket)?;
        Some(kept.message(message, automatic, received_at))
    }
}
