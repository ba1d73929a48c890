//! Which input made these events.

use tandem_domain::routing::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, HelpEnd, NoHelp, OwnerChange, RequeueReason, RoutingEvent,
    TransferTarget,
};
use tandem_domain::{Cause, CompiledDesk, Event, TicketId};

use super::Input;
use super::known::Knows;

/// The input that made the first of these events, which are all of one context; none: no input begins with such an event.
/// `known` are the tickets before.
pub(super) fn input_of(known: &impl Knows, events: &[Event<RoutingEvent>]) -> Option<Input> {
    let first = events.first()?;
    match (&first.cause, &first.body) {
        (Cause::Timer, _) => Some(Input::Tick),
        (Cause::SessionLost, RoutingEvent::PresenceChanged { agent, .. }) => Some(Input::SessionLost(agent.clone())),
        (Cause::SessionLost, _) => None,
        (Cause::Request { .. } | Cause::Event(_), _) => {
            command_of(known, events).map(|command| Input::Command(Box::new(command)))
        }
    }
}

/// How many of the events the first one's input made, going by contexts: a request has an id of its own, and sessions are
/// lost one by one.
pub(super) fn turn_length(events: &[Event<RoutingEvent>]) -> usize {
    let Some(first) = events.first() else { return 0 };
    let lost = first.cause == Cause::SessionLost;
    let begins_turn = |event: &Event<RoutingEvent>| lost && matches!(event.body, RoutingEvent::PresenceChanged { .. });
    let others = events.iter().skip(1).take_while(|event| !begins_turn(event));
    1 + others.count()
}

/// The input, if what seemed to follow from it was somebody else's doing at the same moment and under the same id.
pub(super) fn without_what_followed(input: &Input) -> Option<Input> {
    let Input::Command(command) = input else { return None };
    let mut command = command.clone();
    match &mut *command {
        Command::Answer { then, .. } if *then != AfterAnswer::Keep => *then = AfterAnswer::Keep,
        _ => return None,
    }
    Some(Input::Command(command))
}

fn command_of(known: &impl Knows, events: &[Event<RoutingEvent>]) -> Option<Command> {
    match &events.first()?.body {
        RoutingEvent::DeskActivated(desk) => Some(Command::Activate(Box::new(CompiledDesk {
            version: 0,
            ..(**desk).clone()
        }))),
        RoutingEvent::PresenceChanged { agent, presence } => Some(Command::SetPresence {
            agent: agent.clone(),
            presence: *presence,
        }),
        RoutingEvent::TicketOpened { intake, .. } => Some(Command::Intake(intake.clone())),
        RoutingEvent::MessageAdded {
            ticket,
            message,
            automatic,
            received_at,
        } => {
            let intake = known.message(*ticket, *message, *automatic, *received_at)?;
            Some(Command::Intake(Box::new(intake)))
        }
        about_ticket => of_ticket(known, concerned(about_ticket)?, events),
    }
}

/// A command about one ticket. Before its own event, offers may have been taken back and helpers sent away.
fn of_ticket(known: &impl Knows, ticket: TicketId, events: &[Event<RoutingEvent>]) -> Option<Command> {
    let about_it = events.iter().map(|event| &event.body);
    let mut own = about_it.skip_while(|event| event.ticket() == Some(ticket) && makes_way(event));
    let event = own.next().filter(|event| concerned(event) == Some(ticket));
    let next = own.clone().next();
    event.and_then(|event| {
        answering(event, own)
            .or_else(|| simple(event))
            .or_else(|| shared(event))
            .or_else(|| moving(event, next))
            .or_else(|| ending(known, event, &events[0].cause))
    })
}

/// Whose command the event would be.
const fn concerned(event: &RoutingEvent) -> Option<TicketId> {
    match event {
        RoutingEvent::TicketSplit { from, .. } => Some(*from),
        other => other.ticket(),
    }
}

/// What only clears the way for something else.
const fn makes_way(event: &RoutingEvent) -> bool {
    matches!(
        event,
        RoutingEvent::OfferRevoked { .. }
            | RoutingEvent::HelpRefused {
                why: NoHelp::TicketMoved,
                ..
            }
            | RoutingEvent::HelperLeft {
                why: HelpEnd::TicketMoved | HelpEnd::BecameOwner,
                ..
            }
    )
}

fn answering<'a>(event: &RoutingEvent, later: impl Iterator<Item = &'a RoutingEvent>) -> Option<Command> {
    use RoutingEvent as E;
    Some(match event.clone() {
        E::OfferAccepted { offer, agent, .. } | E::HelpAccepted { offer, agent, .. } => {
            Command::Accept { agent, offer }
        }
        E::OfferDeclined {
            offer, agent, reason, ..
        } => Command::Decline { agent, offer, reason },
        E::AnswerAdded {
            ticket,
            message,
            author,
            visible,
        } => Command::Answer {
            ticket,
            message,
            author,
            visible,
            then: after_answer(ticket, later),
        },
        E::AnswerDelivered { ticket, message } => Command::ReportDelivery {
            ticket,
            message,
            outcome: DeliveryOutcome::Delivered,
        },
        E::AnswerFailed {
            ticket,
            message,
            reason,
        } => Command::ReportDelivery {
            ticket,
            message,
            outcome: DeliveryOutcome::Failed(reason),
        },
        _ => return None,
    })
}

/// What was asked for together with an answer shows by what happened to its ticket next.
fn after_answer<'a>(ticket: TicketId, later: impl Iterator<Item = &'a RoutingEvent>) -> AfterAnswer {
    let mut of_it = later.take_while(|event| event.ticket() == Some(ticket));
    match of_it.find(|event| !makes_way(event)) {
        Some(RoutingEvent::TicketHeld { .. }) => AfterAnswer::AwaitCustomer,
        Some(RoutingEvent::WrapUpStarted { .. } | RoutingEvent::TicketDone { .. }) => AfterAnswer::Resolve,
        _ => AfterAnswer::Keep,
    }
}

fn simple(event: &RoutingEvent) -> Option<Command> {
    use RoutingEvent as E;
    Some(match *event {
        E::TicketHeld { ticket } => Command::Hold { ticket },
        E::TicketResumed { ticket } => Command::Resume { ticket },
        E::WrapUpInterrupted { ticket } => Command::Reopen { ticket },
        E::PriorityChanged { ticket, priority } => Command::SetPriority {
            ticket,
            priority,
            seen: None,
        },
        E::AgeAdjusted { ticket, by } => Command::AdjustAge { ticket, by },
        E::TicketScheduled { ticket, until } => Command::Schedule { ticket, until },
        E::TicketMerged { ticket, into, .. } => Command::Merge { ticket, into },
        _ => return None,
    })
}

fn shared(event: &RoutingEvent) -> Option<Command> {
    use RoutingEvent as E;
    Some(match event.clone() {
        E::OwnerChanged { ticket, to, why, .. } => match why {
            OwnerChange::Pulled => Command::Pull { ticket, to },
            OwnerChange::HandedOver => Command::HandOver { ticket, to },
        },
        // Whom a queue would have chosen is who was asked.
        E::HelpOffered { ticket, agent, .. } => Command::Consult {
            ticket,
            with: TransferTarget::Agent(agent),
        },
        E::HelpRefused {
            offer,
            agent,
            why: NoHelp::Declined,
            declined,
            ..
        } => Command::Decline {
            agent,
            offer,
            reason: declined.unwrap_or(DeclineReason::Other),
        },
        E::HelperLeft { ticket, agent, .. }
        | E::HelpRefused {
            ticket,
            agent,
            why: NoHelp::Withdrawn,
            ..
        } => Command::EndHelp { ticket, agent },
        E::TicketSplit {
            from, messages, intake, ..
        } => Command::Split {
            ticket: from,
            messages,
            conversation: intake.conversation,
        },
        _ => return None,
    })
}

fn moving(event: &RoutingEvent, next: Option<&RoutingEvent>) -> Option<Command> {
    let to_agent = |event: Option<&RoutingEvent>| event.and_then(by_hand);
    match event {
        RoutingEvent::TicketRequeued {
            ticket,
            requirement,
            reason,
            ..
        } => {
            let ticket = *ticket;
            let in_queue = || TransferTarget::Queue(requirement.queue.clone());
            let named = to_agent(next.filter(|next| next.ticket() == Some(ticket)));
            match reason {
                RequeueReason::Requested => Some(Command::Requeue { ticket }),
                RequeueReason::Transferred => Some(transfer(ticket, named.unwrap_or_else(in_queue))),
                RequeueReason::Reopened => Some(Command::Reopen { ticket }),
                RequeueReason::AgentRemoved
                | RequeueReason::CustomerReplied
                | RequeueReason::OwnerAbsent
                | RequeueReason::Due => None,
            }
        }
        RoutingEvent::OfferIssued { ticket, .. } => Some(transfer(*ticket, to_agent(Some(event))?)),
        _ => None,
    }
}

const fn transfer(ticket: TicketId, to: TransferTarget) -> Command {
    Command::Transfer { ticket, to, seen: None }
}

/// To whom a ticket was offered by hand.
fn by_hand(event: &RoutingEvent) -> Option<TransferTarget> {
    match event {
        RoutingEvent::OfferIssued { agent, ranking, .. } if ranking.direct => {
            Some(TransferTarget::Agent(agent.clone()))
        }
        _ => None,
    }
}

fn ending(known: &impl Knows, event: &RoutingEvent, cause: &Cause) -> Option<Command> {
    use RoutingEvent as E;
    match *event {
        E::TicketCancelled { ticket } => Some(Command::Cancel { ticket }),
        E::TicketAbandoned { ticket } => left(known, ticket),
        E::TicketDone { ticket } if known.is_wrapping_up(ticket) => Some(Command::FinishWrapUp { ticket }),
        // A customer who leaves somebody's ticket ends it like its owner would.
        E::WrapUpStarted { ticket, .. } | E::TicketDone { ticket } if is_leaving(cause) => left(known, ticket),
        E::WrapUpStarted { ticket, .. } | E::TicketDone { ticket } => Some(Command::Resolve { ticket }),
        _ => None,
    }
}

fn left(known: &impl Knows, ticket: TicketId) -> Option<Command> {
    let conversation = known.conversation(ticket)?;
    Some(Command::CustomerLeft { conversation })
}

fn is_leaving(cause: &Cause) -> bool {
    matches!(cause, Cause::Request { method, .. } if **method == *"CustomerLeft")
}
