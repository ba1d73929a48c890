//! `order`, `aging`, `max_overtaken`, `offers_at_once` and `auto_accept` of a queue.

use std::time::Duration;

use tandem_domain::desk::{QueueOrder, QueuePolicy};
use tandem_domain::{ClockKind, QueueId};

use crate::place::{Place, Table};
use crate::read::{DAY, HOUR, MINUTE, seconds};
use crate::suggest::quoted;
use crate::written::step_length;

/// What is said after `order`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Aging,
    Strict,
    Deadline(ClockKind),
}

/// The part of a queue's policy that says which ticket goes first, and how it is offered.
pub(super) fn read(id: QueueId, table: &Table<'_>) -> QueuePolicy {
    let order = table.get("order").and_then(|place| order(&place));
    let aging = table.get("aging");
    if let (Some(order), Some(place)) = (order, &aging) {
        check(order, place);
    }
    QueuePolicy {
        aging: match order {
            Some(Order::Strict) => None,
            Some(Order::Aging | Order::Deadline(_)) | None => priority_step(aging.as_ref()),
        },
        order: match order {
            Some(Order::Deadline(clock)) => QueueOrder::Deadline(clock),
            _ => QueueOrder::Aging,
        },
        max_overtaken: table.get("max_overtaken").and_then(|place| place.number(0..=1_000_000)),
        offers_at_once: offers_at_once(table),
        auto_accept: table
            .get("auto_accept")
            .and_then(|place| place.truth())
            .unwrap_or_default(),
        ..QueuePolicy::new(id)
    }
}

fn order(place: &Place<'_>) -> Option<Order> {
    let text = place.text()?;
    let (word, clock) = text.split_once(" of ").unwrap_or((text, "first_response"));
    let found = match word {
        "aging" if word == text => Some(Order::Aging),
        "strict" if word == text => Some(Order::Strict),
        "deadline" => step_length::clock(clock).map(Order::Deadline),
        _ => None,
    };
    if found.is_none() {
        place.fault(format!(
            "unknown order {}: use aging, strict, deadline of first_response or deadline of accept",
            quoted(text)
        ));
    }
    found
}

/// What contradicts each other must not stand side by side.
fn check(order: Order, aging: &Place<'_>) {
    match order {
        Order::Strict if !aging.says("never") => {
            aging.fault("a queue in strict order has no aging: drop one of `order: strict` and `aging`");
        }
        Order::Aging if aging.says("never") => {
            aging.fault("a queue in the order of aging needs some: drop `aging: never`, or write `order: strict`");
        }
        Order::Deadline(_) => {
            aging.fault("a queue in the order of deadlines has no aging: drop one of `order` and `aging`");
        }
        _ => {}
    }
}

/// Without aging, a ticket of low priority can wait for ever: that must be asked for.
fn priority_step(place: Option<&Place<'_>>) -> Option<Duration> {
    let default = Duration::from_secs(HOUR);
    let Some(place) = place else {
        return Some(default);
    };
    if place.says("never") {
        return None;
    }
    let given = place.duration_or_word(seconds(MINUTE..=30 * DAY), "never, or ");
    Some(given.unwrap_or(default))
}

fn offers_at_once(table: &Table<'_>) -> u8 {
    let place = table.get("offers_at_once");
    let given = place.as_ref().and_then(|place| place.number(1..=20));
    let offers = given.and_then(|offers| u8::try_from(offers).ok()).unwrap_or(1);
    let is_assigned = table.get("auto_accept").is_some_and(|place| place.says("true"));
    if let Some(place) = place.filter(|_| offers > 1 && is_assigned) {
        place.fault("a ticket that is assigned at once (`auto_accept`) is offered to nobody else: drop one of them");
    }
    offers
}
