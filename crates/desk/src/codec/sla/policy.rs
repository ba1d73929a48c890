//! SLA policies: what is promised to which tickets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::sla::Policy;
use tandem_domain::{ClockKind, LadderId, Priority};
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, optional, parsed, parsed_all, texts};
use crate::codec::words::Word;

type Targets = BTreeMap<Priority, Duration>;

pub(super) fn to_proto(policy: &Policy) -> v1::SlaPolicy {
    v1::SlaPolicy {
        policy: policy.id.to_string(),
        queues: texts(&policy.queues),
        channels: policy.channels.iter().map(|channel| channel.to_proto()).collect(),
        languages: texts(&policy.languages),
        priorities: policy.priorities.iter().map(|priority| priority.to_proto()).collect(),
        tags: texts(&policy.tags),
        calendar: policy.calendar.as_ref().map(ToString::to_string).unwrap_or_default(),
        clocks: clocks_to_proto(policy),
    }
}

pub(super) fn from_proto(policy: &v1::SlaPolicy) -> Result<Policy, DecodeError> {
    Ok(Policy {
        id: parsed("policy", &policy.policy)?,
        queues: parsed_all("policy.queues", &policy.queues)?,
        channels: words("policy.channels", &policy.channels)?,
        languages: parsed_all("policy.languages", &policy.languages)?,
        priorities: words("policy.priorities", &policy.priorities)?,
        tags: parsed_all("policy.tags", &policy.tags)?,
        calendar: optional("policy.calendar", &policy.calendar)?,
        targets: all_targets(&policy.clocks)?,
        ladders: ladders(&policy.clocks)?,
    })
}

/// A clock may have a ladder without targets, or targets without a ladder.
fn clocks_to_proto(policy: &Policy) -> Vec<v1::ClockTarget> {
    let kinds: BTreeSet<_> = policy.targets.keys().chain(policy.ladders.keys()).collect();
    let clock = |kind: &ClockKind| v1::ClockTarget {
        kind: kind.to_proto(),
        targets: policy.targets.get(kind).map(targets_to_proto).unwrap_or_default(),
        ladder: policy.ladders.get(kind).map(ToString::to_string).unwrap_or_default(),
    };
    kinds.into_iter().map(clock).collect()
}

fn targets_to_proto(targets: &Targets) -> Vec<v1::PriorityTarget> {
    let target = |(priority, target): (&Priority, &Duration)| v1::PriorityTarget {
        priority: priority.to_proto(),
        target: Some(duration_to_proto(*target)),
    };
    targets.iter().map(target).collect()
}

fn all_targets(clocks: &[v1::ClockTarget]) -> Result<BTreeMap<ClockKind, Targets>, DecodeError> {
    let clocks = clocks.iter().filter(|clock| !clock.targets.is_empty());
    let clock = |clock: &v1::ClockTarget| Ok((kind(clock)?, targets(&clock.targets)?));
    clocks.map(clock).collect()
}

fn targets(targets: &[v1::PriorityTarget]) -> Result<Targets, DecodeError> {
    let target = |entry: &v1::PriorityTarget| {
        Ok((
            Word::from_proto("target.priority", entry.priority)?,
            duration("target", entry.target)?,
        ))
    };
    targets.iter().map(target).collect()
}

fn ladders(clocks: &[v1::ClockTarget]) -> Result<BTreeMap<ClockKind, LadderId>, DecodeError> {
    let clocks = clocks.iter().filter(|clock| !clock.ladder.is_empty());
    let clock = |clock: &v1::ClockTarget| Ok((kind(clock)?, parsed("clock.ladder", &clock.ladder)?));
    clocks.map(clock).collect()
}

fn kind(clock: &v1::ClockTarget) -> Result<ClockKind, DecodeError> {
    Word::from_proto("clock.kind", clock.kind)
}

fn words<T: Word + Ord>(field: &str, values: &[i32]) -> Result<BTreeSet<T>, DecodeError> {
    values.iter().map(|value| T::from_proto(field, *value)).collect()
}
