//! Every state of a ticket × every command × every kind of caller.
//!
//! `ana` is the one who fits and owns, or is offered, the ticket; `bo` is of another team.

use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, DeliveryOutcome, Rejection, Reply, TransferTarget};
use tandem_domain::{
    Actor, AgentId, Channel, MessageId, OfferId, Presence, Priority, RoutingState, SignedMillis, TicketId, Timestamp,
};
use uuid::Uuid;

use crate::support::{AgentBuilder, IntakeBuilder, agent, as_agent, desk, key, mail, seconds, supervisor};
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
    AdjustAge,
    Pull,
    Consult,
    EndHelp,
    HandOver,
    /// Into ticket 2, which waits.
    Merge,
    Split,
    Schedule,
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
    MergedInto,
    /// The one named does not help, or there is nothing to split.
    NotPossible,
    NotSupervisor,
}

use Outcome::{
    Becomes, ForeignOffer, MergedInto, NotFound, NotOwner, NotPossible, NotSupervisor, OfferOver, OpensAnother, Stale,
    Unrouted, WrongState,
};
use RoutingState::{Abandoned, Assigned, Cancelled, Done, Merged, Offered, OnHold, Queued, Scheduled, WrappingUp};

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
        Command::AdjustAge { .. } => &[Action::AdjustAge],
        Command::Pull { .. } => &[Action::Pull],
        Command::Consult { .. } => &[Action::Consult],
        Command::EndHelp { .. } => &[Action::EndHelp],
        Command::HandOver { .. } => &[Action::HandOver],
        Command::Merge { .. } => &[Action::Merge],
        Command::Split { .. } => &[Action::Split],
        Command::Schedule { .. } => &[Action::Schedule],
    }
}

const ACTIONS: [Action; 31] = [
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
    Action::AdjustAge,
    Action::Pull,
    Action::Consult,
    Action::EndHelp,
    Action::HandOver,
    Action::Merge,
    Action::Split,
    Action::Schedule,
];

/// The table, for a caller who may do it.
#[expect(clippy::too_many_lines, reason = "a table: a row for each action")]
fn permitted(action: Action, state: RoutingState) -> Outcome {
    match action {
        Action::Activate => Becomes(state),
        Action::Message => match state {
            Queued => Becomes(Queued),
            Offered | Done | Scheduled => Becomes(Offered),
            Assigned | OnHold | WrappingUp => Becomes(Assigned),
            Cancelled | Abandoned => OpensAnother,
            Merged => Becomes(Merged),
        },
        Action::AutomaticMessage => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp | Done | Scheduled | Merged => Becomes(state),
            Cancelled | Abandoned => Unrouted,
        },
        Action::GoAway => match state {
            Queued | Offered => Becomes(Queued),
            Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned | Scheduled | Merged => Becomes(state),
        },
        Action::Accept | Action::Decline => match state {
            Offered if action == Action::Accept => Becomes(Assigned),
            Offered => Becomes(Queued),
            Queued | Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned | Scheduled | Merged => OfferOver,
        },
        Action::Hold => match state {
            Assigned => Becomes(OnHold),
            Queued | Offered | OnHold | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Resume => match state {
            OnHold => Becomes(Assigned),
            Queued | Offered | Assigned | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Requeue => match state {
            Offered | Assigned | OnHold => Becomes(Queued),
            Scheduled => Becomes(Offered),
            Queued | WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::TransferToQueue => match state {
            Queued | Offered | Assigned | OnHold => Becomes(Queued),
            WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::TransferToAgent => match state {
            Queued | Offered | Assigned | OnHold => Becomes(Offered),
            WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::MoveAsSeen => match state {
            Queued | Offered => Becomes(Queued),
            Assigned | OnHold | WrappingUp | Done | Cancelled | Abandoned | Scheduled | Merged => Stale,
        },
        Action::SetPriority => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(state),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Answer | Action::Note | Action::ReportDelivery => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp | Done | Scheduled => Becomes(state),
            Merged if action == Action::ReportDelivery => Becomes(Merged),
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::AnswerAndAwait => match state {
            Assigned | OnHold => Becomes(OnHold),
            Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::AnswerAndResolve => match state {
            Queued | Offered | Scheduled => Becomes(Done),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done => Becomes(state),
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::CustomerLeaves => match state {
            Queued | Offered => Becomes(Abandoned),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done | Scheduled | Merged => Becomes(state),
            Cancelled | Abandoned => Unrouted,
        },
        Action::Resolve => match state {
            Queued | Offered | Scheduled => Becomes(Done),
            Assigned | OnHold => Becomes(WrappingUp),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::FinishWrapUp => match state {
            WrappingUp => Becomes(Done),
            Queued | Offered | Assigned | OnHold | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Reopen => match state {
            WrappingUp => Becomes(Assigned),
            Done => Becomes(Offered),
            Queued | Offered | Assigned | OnHold | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Cancel => match state {
            Queued | Offered | Assigned | OnHold | WrappingUp | Scheduled => Becomes(Cancelled),
            Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Pull => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Assigned),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Consult => match state {
            Assigned | OnHold => Becomes(state),
            Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::EndHelp => match state {
            Assigned | OnHold => NotPossible,
            Queued | Offered | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::HandOver => match state {
            Assigned => NotPossible,
            Queued | Offered | OnHold | WrappingUp | Done | Scheduled => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Merge => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Merged),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Split => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => NotPossible,
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Schedule => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(Scheduled),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::AdjustAge => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(state),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
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
        | Action::CustomerLeaves
        | Action::Pull
        | Action::Merge => false,
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
        | Action::Cancel
        | Action::AdjustAge
        | Action::Consult
        | Action::EndHelp
        | Action::HandOver
        | Action::Split
        | Action::Schedule => true,
    }
}

fn has_owner(state: RoutingState) -> bool {
    match state {
        Assigned | OnHold | WrappingUp | Done => true,
        Queued | Offered | Cancelled | Abandoned | Scheduled | Merged => false,
    }
}

fn expected(action: Action, state: RoutingState, caller: Caller) -> Outcome {
    let outcome = permitted(action, state);
    let answers = matches!(action, Action::Accept | Action::Decline);
    let refused_as_stranger = needs_ownership(action) && !matches!(outcome, NotFound | Stale | MergedInto);
    match caller {
        Caller::Owner | Caller::Other if action == Action::Pull => NotSupervisor,
        // Ticket 2, into which it would go, is nobody's.
        Caller::Owner | Caller::Other if action == Action::Merge => NotOwner,
        // Whoever names himself or herself would leave, whatever the ticket.
        Caller::Other if action == Action::EndHelp && refused_as_stranger => NotPossible,
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
        Scheduled => drop(world.run(schedule(ticket, &world)).unwrap()),
        Merged => {
            let into = other(&mut world);
            world.run(Command::Merge { ticket, into }).unwrap();
        }
    }
    assert_eq!(world.state(ticket), state);
    (world, ticket)
}

/// Ticket 2, which waits for somebody who is not there.
fn other(world: &mut World) -> TicketId {
    world.open(mail(3).needs("vip", 5))
}

fn schedule(ticket: TicketId, world: &World) -> Command {
    let until = world.now.plus(seconds(3600));
    Command::Schedule { ticket, until }
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
        Action::AdjustAge => Command::AdjustAge {
            ticket,
            by: SignedMillis(60_000),
        },
        Action::Pull => Command::Pull { ticket, to: key("bo") },
        Action::Consult => Command::Consult {
            ticket,
            with: TransferTarget::Agent(key("bo")),
        },
        Action::EndHelp => Command::EndHelp {
            ticket,
            agent: key("bo"),
        },
        Action::HandOver => Command::HandOver { ticket, to: key("bo") },
        Action::Merge => Command::Merge {
            ticket,
            into: TicketId(2),
        },
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
        Err(Rejection::MergedInto { .. }) => MergedInto,
        Err(Rejection::NotSupervisor { .. }) => NotSupervisor,
        Err(Rejection::AgentUnavailable { .. } | Rejection::OneConversation { .. }) => NotPossible,
        Err(
            other @ (Rejection::NotActivated
            | Rejection::QueueInUse { .. }
            | Rejection::SameTicket { .. }
            | Rejection::OtherCustomer { .. }
            | Rejection::NothingToSplit { .. }
            | Rejection::ConversationTaken { .. }
            | Rejection::HelpersFull { .. }
            | Rejection::NobodyFree { .. }
            | Rejection::TimeOutOfRange { .. }
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
                if action == Action::Merge && state != Merged {
                    other(&mut world);
                }
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
                Action::Merge => assert!(matches!(result, Err(Rejection::Unknown { .. })), "{result:?}"),
                Action::Pull => match caller {
                    Caller::Supervisor => assert!(matches!(result, Err(Rejection::Unknown { .. })), "{result:?}"),
                    _ => assert!(matches!(result, Err(Rejection::NotSupervisor { .. })), "{result:?}"),
                },
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
                | Action::Cancel
                | Action::AdjustAge
                | Action::Consult
                | Action::EndHelp
                | Action::HandOver
                | Action::Split
                | Action::Schedule => {
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
