//! Any SLA plan at all, whether or not a desk file could say it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::date;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::sla::{
    Action, Calendar, Holiday, HolidayDay, Ladder, Policy, Recipient, Repeat, Rung, RungAt, Window,
};
use tandem_domain::{ClockKind, Priority, SlaPlan};

use super::events::{channel, duration, key, keys, language};

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let window = (0..1440_u16, 0..=1440_u16).prop_map(|(from_minute, to_minute)| Window { from_minute, to_minute });
    vec(window, 0..3)
}

fn holiday() -> impl Strategy<Value = Holiday> {
    let day = prop_oneof![
        (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| HolidayDay::On(date(year, month, day))),
        (1..=12_u8, 1..=31_u8).prop_map(|(month, day)| HolidayDay::Yearly { month, day }),
    ];
    (day, windows()).prop_map(|(day, hours)| Holiday { day, hours })
}

fn calendar() -> impl Strategy<Value = Calendar> {
    let hours = btree_map(1..=7_u8, windows(), 0..7);
    let zone = select(vec!["UTC", "Europe/Berlin", "America/St_Johns"]);
    (key(), zone, hours, vec(holiday(), 0..3)).prop_map(|(id, timezone, hours, holidays)| Calendar {
        id,
        timezone: timezone.to_owned(),
        hours,
        holidays,
    })
}

fn clock() -> impl Strategy<Value = ClockKind> {
    select(ClockKind::ALL.to_vec())
}

fn priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL.to_vec())
}

/// A clock without any target is no clock.
fn targets() -> impl Strategy<Value = BTreeMap<ClockKind, BTreeMap<Priority, Duration>>> {
    btree_map(clock(), btree_map(priority(), duration(), 1..4), 0..4)
}

fn policy() -> impl Strategy<Value = Policy> {
    let fits = (
        btree_set(key(), 0..3),
        btree_set(channel(), 0..3),
        btree_set(language(), 0..3),
        btree_set(priority(), 0..3),
        btree_set(key(), 0..3),
    );
    let promises = (option::of(key()), targets(), btree_map(clock(), key(), 0..4));
    (key(), fits, promises).prop_map(|(id, fits, (calendar, targets, ladders))| Policy {
        id,
        queues: fits.0,
        channels: fits.1,
        languages: fits.2,
        priorities: fits.3,
        tags: fits.4,
        calendar,
        targets,
        ladders,
    })
}

fn recipient() -> impl Strategy<Value = Recipient> {
    prop_oneof![
        key().prop_map(Recipient::Role),
        key().prop_map(Recipient::Contact),
        Just(Recipient::Owner)
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        priority().prop_map(Action::RaisePriority),
        key().prop_map(Action::MoveToQueue),
        (2..=3_u8).prop_map(Action::MoveToTier),
        vec(recipient(), 0..3).prop_map(Action::Tell),
    ]
}

fn rung() -> impl Strategy<Value = Rung> {
    let at = prop_oneof![
        (1..=99_u8).prop_map(RungAt::Share),
        Just(RungAt::Breach),
        duration().prop_map(RungAt::After)
    ];
    let repeat = option::of((duration(), any::<u32>()).prop_map(|(every, times)| Repeat { every, times }));
    (at, vec(action(), 0..3), repeat).prop_map(|(at, actions, repeat)| Rung { at, actions, repeat })
}

pub(crate) fn plan() -> impl Strategy<Value = SlaPlan> {
    let ladder = (key(), vec(rung(), 0..3)).prop_map(|(id, rungs)| Ladder { id, rungs });
    (
        vec(calendar(), 0..2),
        vec(policy(), 0..2),
        vec(ladder, 0..2),
        btree_map(key(), keys(), 0..2),
        keys(),
    )
        .prop_map(|(calendars, policies, ladders, roles, contacts)| SlaPlan {
            calendars,
            policies,
            ladders,
            roles,
            contacts,
        })
}
