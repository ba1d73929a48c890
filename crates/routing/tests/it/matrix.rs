//! Every state of a ticket × every command × every kind of caller.
//!
//! `ana` is the one who fits and owns, or is offered, the ticket; `bo` is of another team.

use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, DeliveryOutcome, Rejection, Reply, TransferTarget};
use tandem_domain::{Actor, AgentId, Channel, MessageId, OfferId, Presence, Priority, RoutingState, TicketId};
use uuid::Uuid;

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, mail, supervisor};
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Activate,
    Message,
    AutomaticMessage,
    GoAway,
    Accept,
    Decline,
    Hold,
    Resume,
    Requeue,
    TransferToQueue,
    TransferToAgent,
    /// As an escalation does that saw the ticket when it was opened.
    MoveAsSeen,
    SetPriority,
    Resolve,
    FinishWrapUp,
    Reopen,
    Cancel,
    Answer,
    AnswerAndAwait,
    AnswerAndResolve,
    Note,
    ReportDelivery,
    CustomerLeaves,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// `ana`, an agent.
    Owner,
    /// `bo`, an agent too.
    Other,
    Supervisor,
}

/// What comes of it: the ticket's state afterwards, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Becomes(RoutingState),
    /// The message opens a new ticket, and this one stays.
    OpensAnother,
    Unrouted,
    NotFound,
    WrongState,
    NotOwner,
    OfferOver,
    ForeignOffer,
    Stale,
}

use Outcome::{Becomes, ForeignOffer, NotFound, NotOwner, OfferOver, OpensAnother, Stale, Unrouted, WrongState};
use RoutingState::{Abandoned, Assigned, Cancelled, Done, Offered, OnHold, Queued, WrappingUp};

/// The actions that stand for a command; a new command does not compile until it has some.
fn actions_of(command: &Command) -> &'static [Action] {
    match command {
        Command::Activate(_) => &[Action::Activate],
        Command::Intake(_) => &[Action::Message, Action::AutomaticMessage],
        Command::SetPresence { .. } => &[Action::GoAway],
        Command::Accept { .. } => &[Action::Accept],
        Command::Decline { .. } => &[Action::Decline],
        Command::Hold { .. } => &[Action::Hold],
        Command::Resume { .. } => &[Action::Resume],
        Command::Requeue { .. } => &[Action::Requeue],
        Command::Transfer { .. } => &[Action::TransferToQueue, Action::TransferToAgent, Action::MoveAsSeen],
        Command::SetPriority { .. } => &[Action::SetPriority],
        Command::Answer { .. } => &[
            Action::Answer,
            Action::AnswerAndAwait,
            Action::AnswerAndResolve,
            Action::Note,
        ],
        Command::ReportDelivery { .. } => &[Action::ReportDelivery],
        Command::CustomerLeft { .. } => &[Action::CustomerLeaves],
        Command::Resolve { .. } => &[Action::Resolve],
        Command::FinishWrapUp { .. } => &[Action::FinishWrapUp],
        Command::Reopen { .. } => &[Action::Reopen],
        Command::Cancel { .. } => &[Action::Cancel],
    }
}

const ACTIONS: [Action; 23] = [
    Action::Activate,
    Action::Message,
    Action::AutomaticMessage,
    Action::GoAway,
    Action::Accept,
    Action::Decline,
    Action::Hold,
    Action::Resume,
    Action::Requeue,
    Action::TransferToQueue,
    Action::TransferToAgent,
    Action::MoveAsSeen,
    Action::SetPriority,
    Action::Resolve,
    Action::FinishWrapUp,
    Action::Reopen,
    Action::Cancel,
    Action::Answer,
    Action::AnswerAndAwait,
    Action::AnswerAndResolve,
    Action::Note,
    Action::ReportDelivery,
    Action::CustomerLeaves,
];

/// The table, for a caller who may do it.
fn permitted(action: Action, state: RoutingState) -> Outcome {
    match action {
        Action::Activate => Becomes(state),
        Action::Message => match state {
            Queued => Becomes(Queued),
            Offered | Done => Becomes(Offered),
            Assigned | OnHold | WrappingUp => Becomes(Assigned),
            Cancelled | Abandoned => OpensAnother,
        },
        Action::AutomaticMessage => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp | Done => Becomes(state),
            Cancelled | Abandoned => Unrouted,
        },
        Action::GoAway => match state {
            Queued | Offered => Becomes(Queued),
            Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned => Becomes(state),
        },
        Action::Accept | Action::Decline => match state {
            Offered if action == Action::Accept => Becomes(Assigned),
            Offered => Becomes(Queued),
            Queued | Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned => OfferOver,
        },
        Action::Hold => match state {
            Assigned => Becomes(OnHold),
            Queued | Offered | OnHold | WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::Resume => match state {
            OnHold => Becomes(Assigned),
            Queued | Offered | Assigned | WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::Requeue => match state {
            Offered | Assigned | OnHold => Becomes(Queued),
            Queued | WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::TransferToQueue => match state {
            Queued | Offered | Assigned | OnHold => Becomes(Queued),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::TransferToAgent => match state {
            Queued | Offered | Assigned | OnHold => Becomes(Offered),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::MoveAsSeen => match state {
            Queued | Offered => Becomes(Queued),
            Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned => Stale,
        },
        Action::SetPriority => match state {
            Queued | Offered | Assigned | OnHold => Becomes(state),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::Answer | Action::Note | Action::ReportDelivery => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp | Done => Becomes(state),
            Cancelled | Abandoned => NotFound,
        },
        Action::AnswerAndAwait => match state {
            Assigned | OnHold => Becomes(OnHold),
            Queued | Offered | WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::AnswerAndResolve => match state {
            Queued | Offered => Becomes(Done),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done => Becomes(state),
            Cancelled | Abandoned => NotFound,
        },
        Action::CustomerLeaves => match state {
            Queued | Offered => Becomes(Abandoned),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done => Becomes(state),
            Cancelled | Abandoned => Unrouted,
        },
        Action::Resolve => match state {
            Queued | Offered => Becomes(Done),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::FinishWrapUp => match state {
            WrappingUp => Becomes(Done),
            Queued | Offered | Assigned | OnHold | Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::Reopen => match state {
            WrappingUp => Becomes(Assigned),
            Done => Becomes(Offered),
            Queued | Offered | Assigned | OnHold => WrongState,
            Cancelled | Abandoned => NotFound,
        },
        Action::Cancel => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp => Becomes(Cancelled),
            Done => WrongState,
            Cancelled | Abandoned => NotFound,
        },
    }
}

/// Whether only the owner, among agents, may do it.
fn needs_ownership(action: Action) -> bool {
    match action {
        Action::Activate
        | Action::Message
        | Action::AutomaticMessage
        | Action::GoAway
        | Action::Accept
        | Action::Decline
        | Action::Note
        | Action::ReportDelivery
        | Action::CustomerLeaves => false,
        Action::Hold
        | Action::MoveAsSeen
        | Action::SetPriority
        | Action::Answer
        | Action::AnswerAndAwait
        | Action::AnswerAndResolve
        | Action::Resume
        | Action::Requeue
        | Action::TransferToQueue
        | Action::TransferToAgent
        | Action::Resolve
        | Action::FinishWrapUp
        | Action::Reopen
        | Action::Cancel => true,
    }
}

fn has_owner(state: RoutingState) -> bool {
    match state {
        Assigned | OnHold | WrappingUp | Done => true,
        Queued | Offered | Cancelled | Abandoned => false,
    }
}

fn expected(action: Action, state: RoutingState, caller: Caller) -> Outcome {
    let outcome = permitted(action, state);
    let answers = matches!(action, Action::Accept | Action::Decline);
    let refused_as_stranger = needs_ownership(action) && !matches!(outcome, NotFound | Stale);
    match caller {
        Caller::Other if answers => ForeignOffer,
        Caller::Other if refused_as_stranger => NotOwner,
        Caller::Owner if refused_as_stranger && !has_owner(state) => NotOwner,
        Caller::Owner | Caller::Other | Caller::Supervisor => outcome,
    }
}

/// The answer that every ticket has got, and the one that it gets.
const GIVEN: MessageId = MessageId(Uuid::from_u128(7));
const NEW: MessageId = MessageId(Uuid::from_u128(8));

/// A world in which ticket 1 is in this state and was answered; its offer was offer 1.
fn world_with(state: RoutingState) -> (World, TicketId) {
    let mut world = World::staffed(desk([agent("ana"), agent("bo").team("back")]));
    let ticket = world.open(mail(1).by(Channel::Chat));
    world.answer(ticket, GIVEN, None);
    match state {
        Queued => world.set_presence("ana", Presence::Away),
        Offered => {}
        Assigned => world.take(ticket),
        OnHold => {
            world.take(ticket);
            world.hold(ticket);
        }
        WrappingUp => {
            world.take(ticket);
            world.resolve(ticket);
        }
        Done => {
            world.take(ticket);
            world.resolve(ticket);
            world.run(Command::FinishWrapUp { ticket }).unwrap();
        }
        Cancelled => drop(world.run(Command::Cancel { ticket }).unwrap()),
        Abandoned => world.leave(1),
    }
    assert_eq!(world.state(ticket), state);
    (world, ticket)
}

fn command(action: Action, caller: Caller, ticket: TicketId) -> Command {
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
        Action::TransferToQueue => Command::Transfer {
            ticket,
            to: TransferTarget::Queue(key("billing")),
            seen: None,
        },
        Action::MoveAsSeen => Command::Transfer {
            ticket,
            to: TransferTarget::Queue(key("billing")),
            seen: Some(1),
        },
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
        Action::TransferToAgent => Command::Transfer {
            ticket,
            to: TransferTarget::Agent(key("bo")),
            seen: None,
        },
        Action::Resolve => Command::Resolve { ticket },
        Action::FinishWrapUp => Command::FinishWrapUp { ticket },
        Action::Reopen => Command::Reopen { ticket },
        Action::Cancel => Command::Cancel { ticket },
    }
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

fn actor(caller: Caller) -> Actor {
    match caller {
        Caller::Owner => as_agent("ana"),
        Caller::Other => as_agent("bo"),
        Caller::Supervisor => supervisor(),
    }
}

fn outcome(world: &World, ticket: TicketId, result: &Result<Reply, Rejection>) -> Outcome {
    match result {
        Ok(Reply::Unrouted) => Unrouted,
        Ok(Reply::OnTicket { opened: true, .. }) => OpensAnother,
        Ok(Reply::Activated { .. } | Reply::OnTicket { .. } | Reply::Ticket(_) | Reply::Agent(_)) => {
            Becomes(world.state(ticket))
        }
        Err(Rejection::Unknown { .. }) => NotFound,
        Err(Rejection::WrongState { .. }) => WrongState,
        Err(Rejection::NotOwner { .. }) => NotOwner,
        Err(Rejection::OfferOver { .. }) => OfferOver,
        Err(Rejection::ForeignOffer { .. }) => ForeignOffer,
        Err(Rejection::Stale { .. }) => Stale,
        Err(
            other @ (Rejection::NotActivated
            | Rejection::AgentUnavailable { .. }
            | Rejection::QueueInUse { .. }
            | Rejection::PresenceNotSettable(_)),
        ) => panic!("{other}"),
    }
}

const CALLERS: [Caller; 3] = [Caller::Owner, Caller::Other, Caller::Supervisor];

#[test]
fn every_state_answers_every_command_of_every_caller_as_the_table_says() {
    for &state in RoutingState::ALL {
        for action in ACTIONS {
            for caller in CALLERS {
                let (mut world, ticket) = world_with(state);
                let result = world.run_as(actor(caller), command(action, caller, ticket));
                let found = outcome(&world, ticket, &result);
                assert_eq!(
                    found,
                    expected(action, state, caller),
                    "{state} × {action:?} × {caller:?}: {result:?}"
                );
            }
        }
    }
}

#[test]
fn a_ticket_that_never_was_is_not_found_by_any_command() {
    for action in ACTIONS {
        for caller in CALLERS {
            let (mut world, _) = world_with(Queued);
            let nowhere = TicketId(99);
            let result = world.run_as(actor(caller), command(action, caller, nowhere));
            match action {
                Action::Activate
                | Action::Message
                | Action::AutomaticMessage
                | Action::GoAway
                | Action::CustomerLeaves => {}
                Action::Accept | Action::Decline => {
                    assert!(
                        matches!(result, Err(Rejection::OfferOver { .. })),
                        "{action:?}: {result:?}"
                    );
                }
                Action::Hold
                | Action::MoveAsSeen
                | Action::SetPriority
                | Action::Answer
                | Action::AnswerAndAwait
                | Action::AnswerAndResolve
                | Action::Note
                | Action::ReportDelivery
                | Action::Resume
                | Action::Requeue
                | Action::TransferToQueue
                | Action::TransferToAgent
                | Action::Resolve
                | Action::FinishWrapUp
                | Action::Reopen
                | Action::Cancel => {
                    let expected = Rejection::Unknown {
                        field: "ticket_id".into(),
                        given: "T99".into(),
                        similar: None,
                    };
                    assert_eq!(result, Err(expected), "{action:?}");
                }
            }
        }
    }
}

#[test]
fn the_table_has_every_command() {
    for action in ACTIONS {
        assert!(
            actions_of(&command(action, Caller::Owner, TicketId(1))).contains(&action),
            "{action:?}"
        );
    }
}

#[test]
fn an_agents_token_without_an_agents_key_is_refused() {
    let (mut world, ticket) = world_with(Assigned);
    let refused = world.run_as(as_agent("Not A Key"), Command::Hold { ticket });
    assert!(matches!(refused, Err(Rejection::Unknown { field, .. }) if field == "agent"));
}
