//! How queues' tickets are ordered and offered.

use tandem_domain::Channel;
use tandem_domain::desk::{QueueOrder, QueuePolicy};
use tandem_proto::v1;

use super::step;
use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, narrow, optional, parsed, parsed_all, text, texts};
use crate::codec::requirement::{skills, skills_to_proto};
use crate::codec::words::{Word, given, given_to_proto};

pub(super) fn to_proto(queue: &QueuePolicy) -> v1::QueuePolicy {
    let deadline = match queue.order {
        QueueOrder::Aging => None,
        QueueOrder::Deadline(clock) => Some(clock),
    };
    let units = queue.units.iter();
    v1::QueuePolicy {
        queue: queue.id.to_string(),
        teams: texts(&queue.teams),
        skills: skills_to_proto(&queue.skills),
        aging: queue.aging.map(duration_to_proto),
        decline_pause: Some(duration_to_proto(queue.decline_pause)),
        max_missed: queue.max_missed,
        tier: queue.tier.into(),
        next_tier: text(queue.next_tier.as_ref()),
        require: text(queue.require.as_ref()),
        deadline: given_to_proto(deadline),
        max_overtaken: queue.max_overtaken,
        choice: queue.choice.to_proto(),
        units: units
            .map(|(channel, units)| v1::ChannelUnits {
                channel: channel.to_proto(),
                units: *units,
            })
            .collect(),
        offers_at_once: queue.offers_at_once.into(),
        auto_accept: queue.auto_accept,
        steps: queue.steps.iter().map(step::to_proto).collect(),
        absence: queue.absence.map(duration_to_proto),
    }
}

pub(super) fn from_proto(queue: v1::QueuePolicy) -> Result<QueuePolicy, DecodeError> {
    let time = |field, given: Option<_>| given.map(|time| duration(field, Some(time))).transpose();
    Ok(QueuePolicy {
        teams: parsed_all("queue.teams", &queue.teams)?,
        skills: skills(&queue.skills)?,
        aging: time("queue.aging", queue.aging)?,
        decline_pause: duration("queue.decline_pause", queue.decline_pause)?,
        max_missed: queue.max_missed,
        tier: older(narrow("queue.tier", queue.tier)?),
        next_tier: optional("queue.next_tier", &queue.next_tier)?,
        require: optional("queue.require", &queue.require)?,
        order: given("queue.deadline", queue.deadline)?.map_or(QueueOrder::Aging, QueueOrder::Deadline),
        max_overtaken: queue.max_overtaken,
        choice: given("queue.choice", queue.choice)?.unwrap_or_default(),
        units: queue.units.into_iter().map(units).collect::<Result<_, _>>()?,
        offers_at_once: older(narrow("queue.offers_at_once", queue.offers_at_once)?),
        auto_accept: queue.auto_accept,
        steps: queue
            .steps
            .into_iter()
            .map(step::from_proto)
            .collect::<Result<_, _>>()?,
        absence: time("queue.absence", queue.absence)?,
        ..QueuePolicy::new(parsed("queue", &queue.queue)?)
    })
}

/// Older programs wrote none: everything was first line, and offered to one agent at a time.
const fn older(given: u8) -> u8 {
    if given == 0 { 1 } else { given }
}

fn units(entry: v1::ChannelUnits) -> Result<(Channel, u32), DecodeError> {
    Ok((Word::from_proto("queue.units.channel", entry.channel)?, entry.units))
}
