//! `ladders`: what happens as a clock runs.

use std::time::Duration;

use tandem_domain::sla::{Action, Ladder, Recipient, Repeat, Rung};
use tandem_domain::{ContactId, LadderId, QueueId, RoleId};

use super::contacts::OWNER;
use super::{DAY, Known, seconds, tiers};
use crate::model::Queue;
use crate::place::{Place, Table};
use crate::written::moment;

const KEYS: [&str; 5] = ["at", "raise_priority", "move_to", "tell", "repeat"];
/// The lowest priority is no raise.
const RAISED: [&str; 3] = ["normal", "high", "urgent"];

/// Nobody climbs higher, and each is asked of each clock.
const MOST_RUNGS: usize = 10;

pub(super) fn read(table: &Table<'_>, known: &Known<'_>, queues: &[Queue]) -> Vec<Ladder> {
    let entries = table.get("ladders").map(|place| place.entries()).unwrap_or_default();
    entries
        .into_iter()
        .map(|(id, place)| ladder(id, &place, known, queues))
        .collect()
}

fn ladder(id: LadderId, place: &Place<'_>, known: &Known<'_>, queues: &[Queue]) -> Ladder {
    let places = place.list();
    if place.is_empty_list() {
        place.fault("a ladder needs at least one rung, such as `- {at: breach, tell: owner}`");
    }
    if places.len() > MOST_RUNGS {
        place.fault(format!("{} rungs: at most {MOST_RUNGS} are allowed", places.len()));
        return Ladder { id, rungs: Vec::new() };
    }
    let mut rungs: Vec<Rung> = Vec::new();
    for place in places {
        let table = place.table(&KEYS);
        let Some(rung) = rung(&table, known) else { continue };
        check_order(&table, &rung, rungs.last());
        check_move(&table, &rung, &rungs, queues);
        rungs.push(rung);
    }
    Ladder { id, rungs }
}

fn rung(table: &Table<'_>, known: &Known<'_>) -> Option<Rung> {
    let faults_before = table.place.report().count();
    let at = table.need("at", "breach").and_then(|place| {
        let at = moment::parse(place.text()?);
        if at.is_none() {
            place.fault(
                "this must be a share of the target such as 75% (1% to 99%), breach, or breach + 30m (up to 365d)",
            );
        }
        at
    });
    let actions = actions(table, known);
    let repeat = table.get("repeat").map(|place| repeat(&place));
    if actions.is_empty() && table.place.report().count() == faults_before {
        let wanted = "it needs `tell`, `raise_priority` or `move_to`, such as `tell: owner`";
        table.place.fault(format!("this rung does nothing: {wanted}"));
    }
    Some(Rung {
        at: at?,
        actions,
        repeat: repeat.flatten(),
    })
}

/// In the order in which they are done: who is told finds the rest done.
fn actions(table: &Table<'_>, known: &Known<'_>) -> Vec<Action> {
    let raise = table
        .get("raise_priority")
        .and_then(|place| place.word("priority", &RAISED))
        .map(Action::RaisePriority);
    let go = table.get("move_to").and_then(|place| move_to(&place, known));
    let tell = table.get("tell").map(|place| Action::Tell(recipients(&place, known)));
    [raise, go, tell].into_iter().flatten().collect()
}

fn move_to(place: &Place<'_>, known: &Known<'_>) -> Option<Action> {
    let table = place.table(&["queue", "tier"]);
    match (table.get("queue"), table.get("tier")) {
        (Some(queue), None) => queue.word("queue", &known.queues).map(Action::MoveToQueue),
        (None, Some(tier)) => {
            let tier = tier.number(2..=u32::from(tiers::HIGHEST))?;
            u8::try_from(tier).ok().map(Action::MoveToTier)
        }
        _ => {
            if place.is_table() {
                place.fault("this must be either {queue: KEY} or {tier: 2}");
            }
            None
        }
    }
}

fn recipients(place: &Place<'_>, known: &Known<'_>) -> Vec<Recipient> {
    if place.is_empty_list() {
        place.fault("nobody would be told: at least one role, contact or `owner` must stand here");
    }
    let mut recipients: Vec<Recipient> = Vec::new();
    for place in place.one_or_list() {
        match recipient(&place, known) {
            Some(recipient) if recipients.contains(&recipient) => place.fault("this stands here a second time"),
            Some(recipient) => recipients.push(recipient),
            None => {}
        }
    }
    recipients
}

fn recipient(place: &Place<'_>, known: &Known<'_>) -> Option<Recipient> {
    let word: String = place.word("recipient", &known.recipients)?;
    if word == OWNER {
        Some(Recipient::Owner)
    } else if known.roles.contains(&word.as_str()) {
        word.parse::<RoleId>().ok().map(Recipient::Role)
    } else {
        word.parse::<ContactId>().ok().map(Recipient::Contact)
    }
}

fn repeat(place: &Place<'_>) -> Option<Repeat> {
    let table = place.table(&["every", "times"]);
    let every: Option<Duration> = table
        .need("every", "15m")
        .and_then(|place| place.duration(seconds(1..=30 * DAY)));
    let times = table.need("times", "4").and_then(|place| place.number(1..=1000));
    Some(Repeat {
        every: every?,
        times: times?,
    })
}

fn check_order(table: &Table<'_>, rung: &Rung, before: Option<&Rung>) {
    let Some(before) = before.filter(|before| before.at >= rung.at) else {
        return;
    };
    if let Some(place) = table.get("at") {
        let (at, before) = (moment::show(rung.at), moment::show(before.at));
        place.fault(format!(
            "{at} does not come after {before}, the rung above: put the rungs in the order of time"
        ));
    }
}

/// A ladder that comes back to where it was before moves tickets in circles.
fn check_move(table: &Table<'_>, rung: &Rung, before: &[Rung], queues: &[Queue]) {
    let Some(place) = table.get("move_to") else { return };
    let mut moves = before.iter().flat_map(|rung| &rung.actions);
    for action in &rung.actions {
        match action {
            Action::MoveToQueue(queue) if moves.any(|earlier| earlier == action) => place.fault(format!(
                "the ladder has moved the ticket to `{queue}` already: it would move in circles"
            )),
            Action::MoveToTier(tier) if moves.any(|earlier| is_above(earlier, *tier)) => place.fault(format!(
                "the ladder has moved the ticket to tier {tier} or above already"
            )),
            Action::MoveToTier(tier) if !leads_to(queues, *tier) => place.fault(format!(
                "no ticket could climb to tier {tier}: no queue's `next_tier` is a queue with `tier: {tier}` or above"
            )),
            _ => {}
        }
    }
}

fn is_above(earlier: &Action, tier: u8) -> bool {
    matches!(earlier, Action::MoveToTier(reached) if *reached >= tier)
}

fn leads_to(queues: &[Queue], tier: u8) -> bool {
    let policies = || queues.iter().map(|queue| &queue.policy);
    let tier_of = |id: &QueueId| policies().find(|queue| queue.id == *id).map(|queue| queue.tier);
    let reached = policies().filter_map(|queue| tier_of(queue.next_tier.as_ref()?));
    reached.max().is_some_and(|highest| highest >= tier)
}
