//! Every state of a ticket × every command × every kind of caller.
//!
//! `ana` is the one who fits and owns, or is offered, the ticket; `bo` is of another team.

mod actions;
mod callers;
mod commands;
mod outcome;
mod states;
mod table;

use tandem_domain::RoutingState::{
    self, Abandoned, Assigned, Cancelled, Done, Merged, Offered, OnHold, Queued, Scheduled, WrappingUp,
};
use tandem_domain::TicketId;
use tandem_domain::routing::{Command, Rejection};

use self::actions::{ACTIONS, Action, actions_of, needs_ownership};
use self::callers::{CALLERS, Caller, actor};
use self::commands::command;
use self::outcome::Outcome::{
    self, Becomes, ForeignOffer, MergedInto, NotFound, NotOwner, NotPossible, NotSupervisor, OfferOver, Stale,
    WrongState,
};
use self::outcome::outcome;
use self::states::{other, world_with};
use crate::support::as_agent;

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
                Action::Merge => {
                    let Err(Rejection::Into(inner)) = &result else {
                        panic!("{result:?}")
                    };
                    assert!(matches!(**inner, Rejection::Unknown { .. }), "{result:?}");
                }
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

/// The table, for a caller who may do it.
fn permitted(action: Action, state: RoutingState) -> Outcome {
    match action {
        Action::Activate => Becomes(state),
        Action::Message => table::message(state),
        Action::AutomaticMessage => table::automatic_message(state),
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
        Action::SetPriority | Action::AdjustAge => match state {
            Queued | Offered | Assigned | OnHold | Scheduled => Becomes(state),
            WrappingUp | Done => WrongState,
            Cancelled | Abandoned => NotFound,
            Merged => MergedInto,
        },
        Action::Answer | Action::Note => table::answer(state),
        Action::ReportDelivery => table::report_delivery(state),
        Action::AnswerAndAwait => table::answer_and_await(state),
        Action::AnswerAndResolve => table::answer_and_resolve(state),
        Action::CustomerLeaves => table::customer_leaves(state),
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
        Action::Pull => table::pull(state),
        Action::Consult => table::consult(state),
        Action::EndHelp => table::end_help(state),
        Action::HandOver => table::hand_over(state),
        Action::Merge => table::merge(state),
        Action::Split => table::split(state),
        Action::Schedule => table::schedule(state),
    }
}

fn has_owner(state: RoutingState) -> bool {
    match state {
        Assigned | OnHold | WrappingUp | Done => true,
        Queued | Offered | Cancelled | Abandoned | Scheduled | Merged => false,
    }
}
