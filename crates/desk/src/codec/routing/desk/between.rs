//! What lies between queues, channels and agents: shares, interruptions, tandems, batches.

use std::collections::BTreeSet;

use tandem_domain::Channel;
use tandem_domain::desk::{BatchPolicy, BetweenQueues, Tandem};
use tandem_proto::v1;
use tandem_proto::v1::between_queues::Rule;

use super::{share, share_to_proto};
use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, parsed, parsed_all, required, texts};
use crate::codec::words::Word;

/// The usual rule is left out.
pub(super) fn to_proto(between: &BetweenQueues) -> Option<v1::BetweenQueues> {
    let rule = match between {
        BetweenQueues::LongestWait => return None,
        BetweenQueues::Weights => Rule::Weights(v1::AgentWeights {}),
        BetweenQueues::Ratio(shares) => Rule::Ratio(v1::QueueRatio {
            shares: shares.iter().map(share_to_proto).collect(),
        }),
    };
    Some(v1::BetweenQueues { rule: Some(rule) })
}

pub(super) fn from_proto(between: Option<v1::BetweenQueues>) -> Result<BetweenQueues, DecodeError> {
    let Some(between) = between else {
        return Ok(BetweenQueues::default());
    };
    Ok(match required("between_queues", between.rule)? {
        Rule::LongestWait(_) => BetweenQueues::LongestWait,
        Rule::Weights(_) => BetweenQueues::Weights,
        Rule::Ratio(ratio) => BetweenQueues::Ratio(ratio.shares.iter().map(share).collect::<Result<_, _>>()?),
    })
}

pub(super) fn interruption_to_proto((channel, by): (&Channel, &BTreeSet<Channel>)) -> v1::Interruption {
    v1::Interruption {
        channel: channel.to_proto(),
        by: by.iter().map(|channel| channel.to_proto()).collect(),
    }
}

pub(super) fn interruption(entry: &v1::Interruption) -> Result<(Channel, BTreeSet<Channel>), DecodeError> {
    let by = entry
        .by
        .iter()
        .map(|channel| Word::from_proto("interruption.by", *channel));
    Ok((
        Word::from_proto("interruption.channel", entry.channel)?,
        by.collect::<Result<_, _>>()?,
    ))
}

pub(super) fn tandem_to_proto(tandem: &Tandem) -> v1::Tandem {
    v1::Tandem {
        tandem: tandem.id.to_string(),
        agents: texts(&tandem.agents),
    }
}

pub(super) fn tandem(tandem: &v1::Tandem) -> Result<Tandem, DecodeError> {
    Ok(Tandem {
        id: parsed("tandem", &tandem.tandem)?,
        agents: parsed_all("tandem.agents", &tandem.agents)?,
    })
}

/// The usual policy is left out.
pub(super) fn batch_to_proto(batch: BatchPolicy) -> Option<v1::BatchPolicy> {
    (batch != BatchPolicy::default()).then(|| v1::BatchPolicy {
        window: Some(duration_to_proto(batch.window)),
        head: batch.head,
    })
}

pub(super) fn batch(batch: Option<v1::BatchPolicy>) -> Result<BatchPolicy, DecodeError> {
    let Some(batch) = batch else {
        return Ok(BatchPolicy::default());
    };
    Ok(BatchPolicy {
        window: duration("matching.window", batch.window)?,
        head: batch.head,
    })
}
