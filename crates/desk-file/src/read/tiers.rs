//! `tier` and `next_tier` of queues: where tickets climb.

use tandem_domain::QueueId;

use super::Known;
use crate::model::Queue;
use crate::place::{Place, Table};

pub(super) const HIGHEST: u8 = 3;

pub(super) fn tier(table: &Table<'_>) -> u8 {
    given(table).unwrap_or(1)
}

/// An agent need not be of any tier.
pub(super) fn of_agent(table: &Table<'_>) -> u8 {
    given(table).unwrap_or(0)
}

fn given(table: &Table<'_>) -> Option<u8> {
    let tier = table.get("tier")?.number(1..=u32::from(HIGHEST))?;
    u8::try_from(tier).ok()
}

pub(super) fn next(table: &Table<'_>, known: &Known<'_>) -> Option<QueueId> {
    table.get("next_tier")?.word("queue", &known.queues)
}

/// Each step leads up, so that climbing ends. `climbs` has the place of each queue's `next_tier`.
pub(super) fn check(queues: &[Queue], climbs: &[Option<Place<'_>>]) {
    let queues = || queues.iter().map(|queue| &queue.policy);
    for (queue, place) in queues().zip(climbs) {
        let next = queues().find(|next| queue.next_tier.as_ref() == Some(&next.id));
        if let (Some(place), Some(next)) = (place, next.filter(|next| next.tier <= queue.tier)) {
            place.fault(format!(
                "`{}` is of tier {} and this queue of tier {}: tickets climb to a queue of a higher `tier`",
                next.id, next.tier, queue.tier
            ));
        }
    }
}
