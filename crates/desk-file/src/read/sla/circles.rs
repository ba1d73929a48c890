//! Policies whose ladders send tickets round and round between queues.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::QueueId;
use tandem_domain::sla::{Action, Policy};

use super::{Around, Placed};
use crate::model::Queue;

/// Where tickets of each queue are moved to.
type Ways<'a> = BTreeMap<&'a QueueId, BTreeSet<&'a QueueId>>;

/// Only policies that name their queues can be told to move tickets back; one for every queue moves
/// tickets to where the last of them stay.
pub(super) fn check(policies: &[Placed<'_>], around: &Around<'_, '_>) {
    let mut ways = Ways::new();
    for (policy, _) in policies {
        for (from, to) in moves(policy, around) {
            ways.entry(from).or_default().insert(to);
        }
    }
    drop_dead_ends(&mut ways);
    let in_circles = |(policy, _): &&Placed<'_>| {
        moves(policy, around)
            .iter()
            .any(|(from, to)| ways.get(from).is_some_and(|targets| targets.contains(to)))
    };
    if let Some((policy, place)) = policies.iter().rfind(in_circles) {
        let queues: Vec<&str> = ways.keys().map(|queue| queue.as_str()).collect();
        place.fault(format!(
            "with the ladders of `{}`, tickets move in circles: among the queues {}",
            policy.id,
            queues.join(", ")
        ));
    }
}

fn moves<'a>(policy: &'a Policy, around: &Around<'a, '_>) -> BTreeSet<(&'a QueueId, &'a QueueId)> {
    let used: BTreeSet<_> = policy.ladders.values().collect();
    let ladders = around.ladders.iter().filter(|ladder| used.contains(&ladder.id));
    let actions: Vec<&Action> = ladders
        .flat_map(|ladder| &ladder.rungs)
        .flat_map(|rung| &rung.actions)
        .collect();
    let from_each = |from: &'a QueueId| {
        actions
            .iter()
            .filter_map(move |action| Some((from, target(action, from, around.queues)?)))
    };
    let all = policy.queues.iter().flat_map(from_each);
    all.filter(|(from, to)| from != to).collect()
}

fn target<'a>(action: &'a Action, from: &'a QueueId, queues: &'a [Queue]) -> Option<&'a QueueId> {
    match action {
        Action::MoveToQueue(queue) => Some(queue),
        Action::MoveToTier(tier) => climbed(from, *tier, queues),
        Action::RaisePriority(_) | Action::Tell(_) => None,
    }
}

fn climbed<'a>(from: &'a QueueId, tier: u8, queues: &'a [Queue]) -> Option<&'a QueueId> {
    let policies = || queues.iter().map(|queue| &queue.policy);
    let find = |id: &QueueId| policies().find(|queue| queue.id == *id);
    let mut queue = find(from)?;
    while queue.tier < tier {
        // A step that does not lead up is refused elsewhere, and could lead round and round.
        queue = find(queue.next_tier.as_ref()?).filter(|next| next.tier > queue.tier)?;
    }
    Some(&queue.id)
}

/// What is left when all queues that tickets leave for good are gone, again and again: circles, and ways into them.
fn drop_dead_ends(ways: &mut Ways<'_>) {
    loop {
        let left: BTreeSet<&QueueId> = ways.keys().copied().collect();
        for targets in ways.values_mut() {
            targets.retain(|target| left.contains(target));
        }
        ways.retain(|_, targets| !targets.is_empty());
        if ways.len() == left.len() {
            return;
        }
    }
}
