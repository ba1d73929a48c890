//! Ladders: what happens as a clock runs.

use tandem_domain::sla::{Action, Ladder, Recipient, Repeat, Rung, RungAt};
use tandem_proto::v1;
use tandem_proto::v1::recipient::Who;
use tandem_proto::v1::rung::At;
use tandem_proto::v1::rung_action::Action as ProtoAction;

use crate::DecodeError;
use crate::codec::common::{damaged, duration, duration_to_proto, parsed, required};
use crate::codec::words::Word;

pub(super) fn to_proto(ladder: &Ladder) -> v1::Ladder {
    v1::Ladder {
        ladder: ladder.id.to_string(),
        rungs: ladder.rungs.iter().map(rung_to_proto).collect(),
    }
}

pub(super) fn from_proto(ladder: v1::Ladder) -> Result<Ladder, DecodeError> {
    Ok(Ladder {
        id: parsed("ladder", &ladder.ladder)?,
        rungs: ladder.rungs.into_iter().map(rung).collect::<Result<_, _>>()?,
    })
}

fn rung_to_proto(rung: &Rung) -> v1::Rung {
    let at = match rung.at {
        RungAt::Share(percent) => At::SharePercent(percent.into()),
        RungAt::Breach => At::Breach(v1::AtBreach {}),
        RungAt::After(after) => At::After(duration_to_proto(after)),
    };
    v1::Rung {
        at: Some(at),
        actions: rung.actions.iter().map(action_to_proto).collect(),
        repeat: rung.repeat.map(|repeat| v1::RungRepeat {
            every: Some(duration_to_proto(repeat.every)),
            times: repeat.times,
        }),
    }
}

fn rung(rung: v1::Rung) -> Result<Rung, DecodeError> {
    let at = match required("rung.at", rung.at)? {
        At::SharePercent(percent) => RungAt::Share(percent.try_into().map_err(|_| damaged("rung.share_percent"))?),
        At::Breach(_) => RungAt::Breach,
        At::After(after) => RungAt::After(duration("rung.after", Some(after))?),
    };
    let repeat = |repeat: v1::RungRepeat| {
        Ok(Repeat {
            every: duration("rung.repeat.every", repeat.every)?,
            times: repeat.times,
        })
    };
    Ok(Rung {
        at,
        actions: rung.actions.into_iter().map(action).collect::<Result<_, _>>()?,
        repeat: rung.repeat.map(repeat).transpose()?,
    })
}

fn action_to_proto(action: &Action) -> v1::RungAction {
    let action = match action {
        Action::RaisePriority(priority) => ProtoAction::RaisePriority(priority.to_proto()),
        Action::MoveToQueue(queue) => ProtoAction::MoveToQueue(queue.to_string()),
        Action::MoveToTier(tier) => ProtoAction::MoveToTier((*tier).into()),
        Action::Tell(recipients) => ProtoAction::Tell(v1::Recipients {
            recipients: recipients.iter().map(recipient_to_proto).collect(),
        }),
    };
    v1::RungAction { action: Some(action) }
}

fn action(action: v1::RungAction) -> Result<Action, DecodeError> {
    Ok(match required("rung.action", action.action)? {
        ProtoAction::RaisePriority(priority) => Action::RaisePriority(Word::from_proto("raise_priority", priority)?),
        ProtoAction::MoveToQueue(queue) => Action::MoveToQueue(parsed("move_to_queue", &queue)?),
        ProtoAction::MoveToTier(tier) => Action::MoveToTier(tier.try_into().map_err(|_| damaged("move_to_tier"))?),
        ProtoAction::Tell(told) => Action::Tell(told.recipients.into_iter().map(recipient).collect::<Result<_, _>>()?),
    })
}

fn recipient_to_proto(recipient: &Recipient) -> v1::Recipient {
    let who = match recipient {
        Recipient::Role(role) => Who::Role(role.to_string()),
        Recipient::Contact(contact) => Who::Contact(contact.to_string()),
        Recipient::Owner => Who::Owner(v1::TicketOwner {}),
    };
    v1::Recipient { who: Some(who) }
}

fn recipient(recipient: v1::Recipient) -> Result<Recipient, DecodeError> {
    Ok(match required("recipient", recipient.who)? {
        Who::Role(role) => Recipient::Role(parsed("recipient.role", &role)?),
        Who::Contact(contact) => Recipient::Contact(parsed("recipient.contact", &contact)?),
        Who::Owner(_) => Recipient::Owner,
    })
}
