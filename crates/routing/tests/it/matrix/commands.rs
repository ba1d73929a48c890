//! The command that stands for an action.

use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, DeliveryOutcome, TransferTarget};
use tandem_domain::{AgentId, OfferId, Presence, Priority, SignedMillis, TicketId, Timestamp};

use super::actions::Action;
use super::callers::Caller;
use super::states::{GIVEN, NEW, OTHER};
use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail};

pub(super) fn command(action: Action, caller: Caller, ticket: TicketId) -> Command {
    let answers: AgentId = key(if caller == Caller::Other { "bo" } else { "ana" });
    match action {
        Action::Activate => Command::Activate(Box::new(desk([agent("ana"), agent("bo").team("back")]))),
        Action::Message => Command::Intake(Box::new(mail(2).in_conversation(1))),
        Action::AutomaticMessage => Command::Intake(Box::new(mail(2).in_conversation(1).automatic())),
        Action::GoAway => Command::SetPresence {
            agent: key("ana"),
            presence: Presence::Away,
        },
        Action::Accept => Command::Accept {
            agent: answers,
            offer: OfferId(ticket.0),
        },
        Action::Decline => Command::Decline {
            agent: answers,
            offer: OfferId(ticket.0),
            reason: DeclineReason::Conflict,
        },
        Action::Hold => Command::Hold { ticket },
        Action::Resume => Command::Resume { ticket },
        Action::Requeue => Command::Requeue { ticket },
        Action::TransferToQueue => transfer(ticket, billing(), None),
        Action::MoveAsSeen => transfer(ticket, billing(), Some(1)),
        Action::SetPriority => Command::SetPriority {
            ticket,
            priority: Priority::Urgent,
            seen: None,
        },
        Action::Answer => answer(caller, ticket, true, AfterAnswer::Keep),
        Action::AnswerAndAwait => answer(caller, ticket, true, AfterAnswer::AwaitCustomer),
        Action::AnswerAndResolve => answer(caller, ticket, true, AfterAnswer::Resolve),
        Action::Note => answer(caller, ticket, false, AfterAnswer::Keep),
        Action::ReportDelivery => Command::ReportDelivery {
            ticket,
            message: GIVEN,
            outcome: DeliveryOutcome::Delivered,
        },
        Action::CustomerLeaves => Command::CustomerLeft {
            conversation: mail(1).conversation,
        },
        Action::TransferToAgent => transfer(ticket, bo(), None),
        Action::Resolve => Command::Resolve { ticket },
        Action::FinishWrapUp => Command::FinishWrapUp { ticket },
        Action::Reopen => Command::Reopen { ticket },
        Action::Cancel => Command::Cancel { ticket },
        Action::AdjustAge => Command::AdjustAge {
            ticket,
            by: SignedMillis(60_000),
        },
        Action::Pull => Command::Pull { ticket, to: key("bo") },
        Action::Consult => Command::Consult { ticket, with: bo() },
        Action::EndHelp => Command::EndHelp {
            ticket,
            agent: key("bo"),
        },
        Action::HandOver => Command::HandOver { ticket, to: key("bo") },
        Action::Merge => Command::Merge { ticket, into: OTHER },
        Action::Split => Command::Split {
            ticket,
            messages: vec![mail(1).message],
            conversation: mail(9).conversation,
        },
        Action::Schedule => Command::Schedule {
            ticket,
            until: Timestamp::from_micros(1_800_007_200_000_000),
        },
    }
}

fn billing() -> TransferTarget {
    TransferTarget::Queue(key("billing"))
}

fn bo() -> TransferTarget {
    TransferTarget::Agent(key("bo"))
}

fn transfer(ticket: TicketId, to: TransferTarget, seen: Option<u64>) -> Command {
    Command::Transfer { ticket, to, seen }
}

fn answer(caller: Caller, ticket: TicketId, visible: bool, then: AfterAnswer) -> Command {
    let author = match caller {
        Caller::Owner => Some(key("ana")),
        Caller::Other => Some(key("bo")),
        Caller::Supervisor => None,
    };
    Command::Answer {
        ticket,
        message: NEW,
        author,
        visible,
        then,
    }
}
