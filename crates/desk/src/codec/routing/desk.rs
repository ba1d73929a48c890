//! The compiled part of a desk file.

mod agent;
mod between;
mod queue;
mod step;

use prost::Message;
use tandem_domain::desk::{ChannelPolicy, ServiceLevel};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AccountId, Channel, CompiledDesk, QueueId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, narrow, optional, parsed, parsed_all, text, texts};
use crate::codec::lexicon::Lexicon;
use crate::codec::sla;
use crate::codec::wire::Fields;
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
        default_language: text(desk.default_language.as_ref()),
        min_proficiency: desk.min_proficiency.to_proto(),
        skills: texts(&desk.skills),
        teams: texts(&desk.teams),
        agents: desk.agents.iter().map(agent::to_proto).collect(),
        queues: desk.queues.iter().map(queue::to_proto).collect(),
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
        interruptions: desk
            .interruptible_by
            .iter()
            .map(between::interruption_to_proto)
            .collect(),
        between_queues: between::to_proto(&desk.between_queues),
        tandems: desk.tandems.iter().map(between::tandem_to_proto).collect(),
        matching: between::batch_to_proto(desk.matching),
        sites: texts(&desk.sites),
        regions: texts(&desk.regions),
        attributes: texts(&desk.attributes),
    }
}

/// Seldom, and large: the generated code reads it.
pub(super) fn activated(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    let bytes = event.bytes("desk", 1)?;
    let desk = v1::CompiledDesk::decode(bytes).map_err(|error| DecodeError::Damaged(error.to_string()))?;
    Ok(RoutingEvent::DeskActivated(Box::new(from_proto(desk)?)))
}

fn from_proto(desk: v1::CompiledDesk) -> Result<CompiledDesk, DecodeError> {
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
        agents: desk.agents.iter().map(agent::from_proto).collect::<Result<_, _>>()?,
        queues: desk
            .queues
            .into_iter()
            .map(queue::from_proto)
            .collect::<Result<_, _>>()?,
        channels: desk.channels.iter().map(channel).collect::<Result<_, _>>()?,
        accounts: desk.accounts.iter().map(account).collect::<Result<_, DecodeError>>()?,
        close_after: duration("close_after", desk.close_after)?,
        timezone: timezone(desk.timezone),
        service_levels: desk.service_levels.iter().map(level).collect::<Result<_, _>>()?,
        sla: sla::from_proto(desk.sla)?,
        interruptible_by: desk
            .interruptions
            .iter()
            .map(between::interruption)
            .collect::<Result<_, _>>()?,
        between_queues: between::from_proto(desk.between_queues)?,
        tandems: desk.tandems.iter().map(between::tandem).collect::<Result<_, _>>()?,
        matching: between::batch(desk.matching)?,
        sites: parsed_all("sites", &desk.sites)?,
        regions: parsed_all("regions", &desk.regions)?,
        attributes: parsed_all("attributes", &desk.attributes)?,
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
        share_percent: narrow("service_level.share_percent", entry.share_percent)?,
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

fn channel_to_proto(channel: Channel, policy: &ChannelPolicy) -> v1::ChannelPolicy {
    v1::ChannelPolicy {
        channel: channel.to_proto(),
        units: policy.units,
        hold_units: policy.hold_units,
        offer_ttl: Some(duration_to_proto(policy.offer_ttl)),
        wrap_up: Some(duration_to_proto(policy.wrap_up)),
        hold_percent: policy.hold_percent.map(u32::from),
        auto_accept: policy.auto_accept,
    }
}

fn channel(policy: &v1::ChannelPolicy) -> Result<(Channel, ChannelPolicy), DecodeError> {
    let numbers = ChannelPolicy {
        units: policy.units,
        hold_units: policy.hold_units,
        offer_ttl: duration("channel.offer_ttl", policy.offer_ttl)?,
        wrap_up: duration("channel.wrap_up", policy.wrap_up)?,
        hold_percent: policy
            .hold_percent
            .map(|percent| narrow("channel.hold_percent", percent))
            .transpose()?,
        auto_accept: policy.auto_accept,
    };
    Ok((Word::from_proto("channel", policy.channel)?, numbers))
}

/// A queue's share of something.
fn share_to_proto<N: Copy + Into<u32>>((queue, share): (&QueueId, &N)) -> v1::QueueShare {
    v1::QueueShare {
        queue: queue.to_string(),
        share: (*share).into(),
    }
}

fn share<N: TryFrom<u32>>(entry: &v1::QueueShare) -> Result<(QueueId, N), DecodeError> {
    Ok((parsed("share.queue", &entry.queue)?, narrow("share", entry.share)?))
}
