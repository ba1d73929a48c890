//! A message as the router sees it.

use tandem_domain::routing::Intake;
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{optional, parsed, parsed_all, text, texts, time, time_to_proto};
use crate::codec::requirement::{skills, skills_to_proto};
use crate::codec::words::Word;

pub(super) fn to_proto(intake: &Intake) -> v1::Intake {
    v1::Intake {
        message_id: intake.message.to_string(),
        conversation_id: intake.conversation.to_string(),
        account: intake.account.to_string(),
        channel: intake.channel.to_proto(),
        queue: intake.queue.to_string(),
        language: intake.language.as_ref().map(ToString::to_string).unwrap_or_default(),
        skills: skills_to_proto(&intake.skills),
        tags: texts(&intake.tags),
        priority: intake.priority.to_proto(),
        received_at: Some(time_to_proto(intake.received_at)),
        automatic: intake.automatic,
        customer_id: text(intake.customer.as_ref()),
        tandem: text(intake.tandem.as_ref()),
        due_at: intake.due_at.map(time_to_proto),
    }
}

pub(super) fn from_proto(intake: &v1::Intake) -> Result<Intake, DecodeError> {
    Ok(Intake {
        message: parsed("intake.message_id", &intake.message_id)?,
        conversation: parsed("intake.conversation_id", &intake.conversation_id)?,
        account: parsed("intake.account", &intake.account)?,
        channel: Word::from_proto("intake.channel", intake.channel)?,
        queue: parsed("intake.queue", &intake.queue)?,
        language: optional("intake.language", &intake.language)?,
        skills: skills(&intake.skills)?,
        tags: parsed_all("intake.tags", &intake.tags)?,
        priority: Word::from_proto("intake.priority", intake.priority)?,
        received_at: time("intake.received_at", intake.received_at)?,
        automatic: intake.automatic,
        customer: optional("intake.customer_id", &intake.customer_id)?,
        tandem: optional("intake.tandem", &intake.tandem)?,
        due_at: intake.due_at.map(|due| time("intake.due_at", Some(due))).transpose()?,
    })
}
