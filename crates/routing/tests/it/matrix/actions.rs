//! What is done to a ticket.

use tandem_domain::routing::Command;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
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

/// The actions that stand for a command; a new command does not compile until it has some.
pub(super) fn actions_of(command: &Command) -> &'static [Action] {
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

pub(super) const ACTIONS: [Action; 31] = [
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

/// Whether only the owner, among agents, may do it.
pub(super) fn needs_ownership(action: Action) -> bool {
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
