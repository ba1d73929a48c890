//! What agents can do.

use std::collections::BTreeMap;

use tandem_domain::AttributeId;
use tandem_domain::desk::AgentProfile;
use tandem_domain::expression::AttributeValue;
use tandem_proto::v1;
use tandem_proto::v1::attribute::Value;

use super::{share, share_to_proto};
use crate::DecodeError;
use crate::codec::common::{narrow, optional, parsed, parsed_all, required, text, texts};
use crate::codec::requirement::{language, language_to_proto, skills, skills_to_proto};
use crate::codec::words::Word;

pub(super) fn to_proto(agent: &AgentProfile) -> v1::AgentProfile {
    let languages = agent.languages.iter();
    let maximums = agent.channel_max.iter();
    v1::AgentProfile {
        agent: agent.id.to_string(),
        teams: texts(&agent.teams),
        skills: skills_to_proto(&agent.skills),
        languages: languages
            .map(|(tag, proficiency)| language_to_proto(tag, *proficiency))
            .collect(),
        capacity_units: agent.capacity,
        channel_maximums: maximums
            .map(|(channel, maximum)| v1::ChannelMaximum {
                channel: channel.to_proto(),
                maximum: *maximum,
            })
            .collect(),
        contact: text(agent.contact.as_ref()),
        site: text(agent.site.as_ref()),
        region: text(agent.region.as_ref()),
        tier: agent.tier.into(),
        attributes: agent.attributes.iter().map(attribute_to_proto).collect(),
        mentor: text(agent.mentor.as_ref()),
        cost: agent.cost,
        weight: agent.weight,
        queues: agent.queues.iter().map(share_to_proto).collect(),
        available: text(agent.available.as_ref()),
    }
}

pub(super) fn from_proto(agent: &v1::AgentProfile) -> Result<AgentProfile, DecodeError> {
    let maximum = |entry: &v1::ChannelMaximum| {
        Ok((
            Word::from_proto("channel_maximum.channel", entry.channel)?,
            entry.maximum,
        ))
    };
    let maximums = agent.channel_maximums.iter().map(maximum);
    Ok(AgentProfile {
        teams: parsed_all("agent.teams", &agent.teams)?,
        skills: skills(&agent.skills)?,
        languages: agent.languages.iter().map(language).collect::<Result<_, _>>()?,
        capacity: agent.capacity_units,
        channel_max: maximums.collect::<Result<BTreeMap<_, _>, DecodeError>>()?,
        contact: optional("agent.contact", &agent.contact)?,
        site: optional("agent.site", &agent.site)?,
        region: optional("agent.region", &agent.region)?,
        tier: narrow("agent.tier", agent.tier)?,
        attributes: agent.attributes.iter().map(attribute).collect::<Result<_, _>>()?,
        mentor: optional("agent.mentor", &agent.mentor)?,
        cost: agent.cost,
        // Older programs wrote none: everybody was alike.
        weight: agent.weight.max(1),
        queues: agent.queues.iter().map(share).collect::<Result<_, _>>()?,
        available: optional("agent.available", &agent.available)?,
        ..AgentProfile::new(parsed("agent", &agent.agent)?)
    })
}

fn attribute_to_proto((attribute, value): (&AttributeId, &AttributeValue)) -> v1::Attribute {
    let value = match value {
        AttributeValue::Key(key) => Value::Key(key.to_string()),
        AttributeValue::Number(number) => Value::Number(*number),
    };
    v1::Attribute {
        attribute: attribute.to_string(),
        value: Some(value),
    }
}

fn attribute(attribute: &v1::Attribute) -> Result<(AttributeId, AttributeValue), DecodeError> {
    let value = match required("attribute.value", attribute.value.as_ref())? {
        Value::Key(key) => AttributeValue::Key(parsed("attribute.key", key)?),
        Value::Number(number) => AttributeValue::Number(*number),
    };
    Ok((parsed("attribute", &attribute.attribute)?, value))
}
