//! What concerns all queues together: `interruptible`, `between_queues` and `matching`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::desk::{BatchPolicy, BetweenQueues};
use tandem_domain::{Channel, QueueId};

use super::Known;
use super::channels::CHANNELS;
use crate::duration;
use crate::place::{Place, Table};
use crate::written::percent;

/// What may interrupt work of which channel.
type Interruptible = BTreeMap<Channel, BTreeSet<Channel>>;

pub(super) fn interruptible(table: &Table<'_>) -> Interruptible {
    let Some(place) = table.get("interruptible") else {
        return BTreeMap::new();
    };
    let entries = place.referring_entries::<Channel>("channel", &CHANNELS).into_iter();
    let found: Interruptible = entries
        .map(|(channel, place)| (channel, interrupting(channel, &place)))
        .collect();
    if let Some(circle) = found.keys().find_map(|channel| circle(&found, &[*channel])) {
        let shown: Vec<&str> = circle.iter().map(|channel| channel.as_str()).collect();
        place.fault(format!(
            "channels that interrupt each other in a circle: {}; what interrupts must come before what is interrupted",
            shown.join(" ← ")
        ));
    }
    found
}

fn interrupting(channel: Channel, place: &Place<'_>) -> BTreeSet<Channel> {
    let one = |place: &Place<'_>| {
        let other: Channel = place.word("channel", &CHANNELS)?;
        if other == channel {
            place.fault(format!(
                "{channel} cannot interrupt {channel}: raise the capacity instead"
            ));
            return None;
        }
        Some(other)
    };
    place.one_or_list().iter().filter_map(one).collect()
}

/// The way from a channel back to it.
fn circle(found: &Interruptible, way: &[Channel]) -> Option<Vec<Channel>> {
    let (first, last) = (*way.first()?, *way.last()?);
    for next in found.get(&last)? {
        let longer = [way, &[*next]].concat();
        if *next == first {
            return Some(longer);
        }
        if !way.contains(next)
            && let Some(circle) = circle(found, &longer)
        {
            return Some(circle);
        }
    }
    None
}

pub(super) fn between_queues(table: &Table<'_>, known: &Known<'_>) -> BetweenQueues {
    let Some(place) = table.get("between_queues") else {
        return BetweenQueues::default();
    };
    if place.says("longest_wait") {
        return BetweenQueues::LongestWait;
    }
    if place.says("weights") {
        return BetweenQueues::Weights;
    }
    if !place.is_table() {
        place.fault("this must be longest_wait, weights, or {ratio: {es: 17.4%, en: 82.6%}}");
        return BetweenQueues::default();
    }
    let ratio = place.table(&["ratio"]).need("ratio", "{es: 17.4%, en: 82.6%}");
    ratio.map_or_else(BetweenQueues::default, |place| {
        BetweenQueues::Ratio(shares(&place, known))
    })
}

fn shares(place: &Place<'_>, known: &Known<'_>) -> BTreeMap<QueueId, u32> {
    let faults_before = place.report().count();
    let share = |place: &Place<'_>| {
        let share = percent::per_mille(place.text()?).filter(|share| (1..=1000).contains(share));
        if share.is_none() {
            place.fault("this must be a share of all that waits such as 17.4% (0.1% to 100%)");
        }
        share
    };
    let entries = place.referring_entries("queue", &known.queues).into_iter();
    let shares: BTreeMap<QueueId, u32> = entries.filter_map(|(id, place)| Some((id, share(&place)?))).collect();
    let sum = shares.values().fold(0_u32, |sum, share| sum.saturating_add(*share));
    if sum != 1000 && place.report().count() == faults_before {
        let sum = percent::show_per_mille(sum);
        place.fault(format!("these shares are {sum} in all: they must be 100%"));
    }
    shares
}

pub(super) fn matching(table: &Table<'_>) -> BatchPolicy {
    let default = BatchPolicy::default();
    let Some(place) = table.get("matching") else {
        return default;
    };
    let table = place.table(&["window", "head"]);
    BatchPolicy {
        window: table
            .get("window")
            .and_then(|place| window(&place))
            .unwrap_or(default.window),
        head: table
            .get("head")
            .and_then(|place| place.number(1..=1000))
            .unwrap_or(default.head),
    }
}

/// Nobody waits for a better choice longer than a customer notices.
fn window(place: &Place<'_>) -> Option<Duration> {
    let found = duration::parse_short(place.text()?).filter(|window| *window <= Duration::from_secs(10));
    if found.is_none() {
        place.fault("this must be a duration from 0s to 10s: a whole number and ms or s, such as 250ms");
    }
    found
}

/// Agents' shares count exactly where queues are chosen by them.
pub(super) fn check_weights(table: &Table<'_>, between: &BetweenQueues, shares: &[(usize, QueueId, Place<'_>)]) {
    let chosen = *between == BetweenQueues::Weights;
    match (chosen, shares.first()) {
        (true, None) => {
            if let Some(place) = table.get("between_queues") {
                place.warn("no agent has `queues`: without their shares, the longest wait decides");
            }
        }
        (false, Some((_, _, place))) => place.warn("agents' shares count only with `between_queues: weights`"),
        _ => {}
    }
}
