//! A message as the router sees it.

use tandem_domain::routing::Intake;
use tandem_domain::{ConversationId, CustomerId, MessageId};
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{text, texts, time_to_proto};
use crate::codec::lexicon::Lexicon;
use crate::codec::requirement::{read_skills, skills_to_proto};
use crate::codec::wire::Fields;
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

pub(super) fn read(intake: &Fields<15>, lexicon: &mut Lexicon) -> Result<Intake, DecodeError> {
    Ok(Intake {
        message: MessageId(intake.uuid("intake.message_id", 1)?),
        conversation: ConversationId(intake.uuid("intake.conversation_id", 2)?),
        account: intake.key("intake.account", 3, &mut lexicon.accounts)?,
        channel: intake.word("intake.channel", 4)?,
        queue: intake.key("intake.queue", 5, &mut lexicon.queues)?,
        language: intake.optional_key("intake.language", 6, &mut lexicon.languages)?,
        skills: read_skills(intake, 7, &mut lexicon.skills)?,
        tags: intake.keys("intake.tags", 8, &mut lexicon.tags)?,
        priority: intake.word("intake.priority", 9)?,
        received_at: intake.time("intake.received_at", 10)?,
        automatic: intake.flag("intake.automatic", 11)?,
        customer: intake.optional_uuid("intake.customer_id", 12)?.map(CustomerId),
        tandem: intake.optional_key("intake.tandem", 13, &mut lexicon.tandems)?,
        due_at: intake.optional_time("intake.due_at", 14)?,
    })
}
