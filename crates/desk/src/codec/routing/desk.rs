//! The compiled part of a desk file.

use std::collections::BTreeMap;

use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy, ServiceLevel};
use tandem_domain::{AccountId, Channel, CompiledDesk};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{damaged, duration, duration_to_proto, optional, parsed, parsed_all, texts};
use crate::codec::requirement::{language, language_to_proto, skills, skills_to_proto};
use crate::codec::sla;
use crate::codec::words::Word;

pub(super) fn activated_to_proto(desk: &CompiledDesk) -> Body {
    Body::DeskActivated(v1::DeskActivated {
        desk: Some(to_proto(desk)),
    })
}

fn to_proto(desk: &CompiledDesk) -> v1::CompiledDesk {
    v1::CompiledDesk {
        version: desk.version,
        hash: desk.hash.clone(),
        default_language: desk
            .default_language
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        min_proficiency: desk.min_proficiency.to_proto(),
        skills: texts(&desk.skills),
        teams: texts(&desk.teams),
        agents: desk.agents.iter().map(agent_to_proto).collect(),
        queues: desk.queues.iter().map(queue_to_proto).collect(),
        channels: desk
            .channels
            .iter()
            .map(|(channel, policy)| channel_to_proto(*channel, policy))
            .collect(),
        accounts: desk.accounts.iter().map(account_to_proto).collect(),
        close_after: Some(duration_to_proto(desk.close_after)),
        timezone: desk.timezone.clone(),
        service_levels: desk.service_levels.iter().map(level_to_proto).collect(),
        sla: Some(sla::to_proto(&desk.sla)),
    }
}

pub(super) fn from_proto(desk: v1::CompiledDesk) -> Result<CompiledDesk, DecodeError> {
    let account = |account: &v1::Account| {
        Ok((
            parsed("account", &account.account)?,
            Word::from_proto("account.channel", account.channel)?,
        ))
    };
    Ok(CompiledDesk {
        version: desk.version,
        hash: desk.hash,
        default_language: optional("default_language", &desk.default_language)?,
        min_proficiency: Word::from_proto("min_proficiency", desk.min_proficiency)?,
        skills: parsed_all("skills", &desk.skills)?,
        teams: parsed_all("teams", &desk.teams)?,
        agents: desk.agents.iter().map(agent).collect::<Result<_, _>>()?,
        queues: desk.queues.iter().map(queue).collect::<Result<_, _>>()?,
        channels: desk.channels.iter().map(channel).collect::<Result<_, _>>()?,
        accounts: desk.accounts.iter().map(account).collect::<Result<_, DecodeError>>()?,
        close_after: duration("close_after", desk.close_after)?,
        timezone: timezone(desk.timezone),
        service_levels: desk.service_levels.iter().map(level).collect::<Result<_, _>>()?,
        sla: sla::from_proto(desk.sla)?,
    })
}

/// Older programs wrote none.
fn timezone(given: String) -> String {
    if given.is_empty() { "UTC".to_owned() } else { given }
}

fn level_to_proto((channel, level): (&Channel, &ServiceLevel)) -> v1::ServiceLevel {
    v1::ServiceLevel {
        channel: channel.to_proto(),
        share_percent: level.share_percent.into(),
        within: Some(duration_to_proto(level.within)),
    }
}

fn level(entry: &v1::ServiceLevel) -> Result<(Channel, ServiceLevel), DecodeError> {
    let level = ServiceLevel {
        share_percent: entry
            .share_percent
            .try_into()
            .map_err(|_| damaged("service_level.share_percent"))?,
        within: duration("service_level.within", entry.within)?,
    };
    Ok((Word::from_proto("service_level.channel", entry.channel)?, level))
}

fn account_to_proto((account, channel): (&AccountId, &Channel)) -> v1::Account {
    v1::Account {
        account: account.to_string(),
        channel: channel.to_proto(),
    }
}

fn agent_to_proto(agent: &AgentProfile) -> v1::AgentProfile {
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
        contact: agent.contact.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn agent(agent: &v1::AgentProfile) -> Result<AgentProfile, DecodeError> {
    let maximum = |entry: &v1::ChannelMaximum| {
        Ok((
            Word::from_proto("channel_maximum.channel", entry.channel)?,
            entry.maximum,
        ))
    };
    Ok(AgentProfile {
        id: parsed("agent", &agent.agent)?,
        teams: parsed_all("agent.teams", &agent.teams)?,
        skills: skills(&agent.skills)?,
        languages: agent.languages.iter().map(language).collect::<Result<_, _>>()?,
        capacity: agent.capacity_units,
        channel_max: agent
            .channel_maximums
            .iter()
            .map(maximum)
            .collect::<Result<BTreeMap<_, _>, DecodeError>>()?,
        contact: optional("agent.contact", &agent.contact)?,
    })
}

fn queue_to_proto(queue: &QueuePolicy) -> v1::QueuePolicy {
    v1::QueuePolicy {
        queue: queue.id.to_string(),
        teams: texts(&queue.teams),
        skills: skills_to_proto(&queue.skills),
        aging: queue.aging.map(duration_to_proto),
        decline_pause: Some(duration_to_proto(queue.decline_pause)),
        max_missed: queue.max_missed,
        tier: queue.tier.into(),
        next_tier: queue.next_tier.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn queue(queue: &v1::QueuePolicy) -> Result<QueuePolicy, DecodeError> {
    Ok(QueuePolicy {
        id: parsed("queue", &queue.queue)?,
        teams: parsed_all("queue.teams", &queue.teams)?,
        skills: skills(&queue.skills)?,
        aging: queue
            .aging
            .map(|aging| duration("queue.aging", Some(aging)))
            .transpose()?,
        decline_pause: duration("queue.decline_pause", queue.decline_pause)?,
        max_missed: queue.max_missed,
        tier: tier(queue.tier)?,
        next_tier: optional("queue.next_tier", &queue.next_tier)?,
    })
}

/// Older programs wrote none: everything was first line.
fn tier(given: u32) -> Result<u8, DecodeError> {
    match given {
        0 => Ok(1),
        tier => tier.try_into().map_err(|_| damaged("queue.tier")),
    }
}

fn channel_to_proto(channel: Channel, policy: &ChannelPolicy) -> v1::ChannelPolicy {
    v1::ChannelPolicy {
        channel: channel.to_proto(),
        units: policy.units,
        hold_units: policy.hold_units,
        offer_ttl: Some(duration_to_proto(policy.offer_ttl)),
        wrap_up: Some(duration_to_proto(policy.wrap_up)),
    }
}

fn channel(policy: &v1::ChannelPolicy) -> Result<(Channel, ChannelPolicy), DecodeError> {
    let numbers = ChannelPolicy {
        units: policy.units,
        hold_units: policy.hold_units,
        offer_ttl: duration("channel.offer_ttl", policy.offer_ttl)?,
        wrap_up: duration("channel.wrap_up", policy.wrap_up)?,
    };
    Ok((Word::from_proto("channel", policy.channel)?, numbers))
}
