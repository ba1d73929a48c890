//! Minutes and hours: without gap or overlap, whatever the clocks do.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Channel, CompiledDesk, Timestamp};
use tandem_measures::{Grain, Zones};

use crate::support::*;

fn zones(zone: &str) -> Zones {
    let desk = CompiledDesk {
        timezone: zone.to_owned(),
        ..desk()
    };
    Story::on(desk).measures.zones().clone()
}

/// The intervals from `from` to `to`, as starts with lengths.
fn walk(zones: &Zones, grain: Grain, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Duration)> {
    let mut intervals = Vec::new();
    let mut start = zones.start(grain, from);
    while start < to {
        let end = zones.end(grain, start);
        intervals.push((start, end.since(start)));
        start = end;
    }
    intervals
}

#[test]
fn the_day_on_which_clocks_go_forward_has_23_hours() {
    let berlin = zones("Europe/Berlin");
    let hours = walk(
        &berlin,
        Grain::Hour,
        at("2026-03-28T23:00:00Z"),
        at("2026-03-29T22:00:00Z"),
    );
    assert_eq!(hours.len(), 23);
    assert_eq!(berlin.day(at("2026-03-29T20:00:00Z")), at("2026-03-28T23:00:00Z"));
}

#[test]
fn the_day_on_which_clocks_go_back_has_25_hours_and_the_repeated_hour_is_two() {
    let berlin = zones("Europe/Berlin");
    let hours = walk(
        &berlin,
        Grain::Hour,
        at("2026-10-24T22:00:00Z"),
        at("2026-10-25T23:00:00Z"),
    );
    assert_eq!(hours.len(), 25);
    let (first, second) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
    assert_eq!(berlin.start(Grain::Hour, first), at("2026-10-25T00:00:00Z"));
    assert_eq!(berlin.start(Grain::Hour, second), at("2026-10-25T01:00:00Z"));
    let mut desk = desk();
    desk.timezone = "Europe/Berlin".to_owned();
    let mut story = Story::on(desk);
    story
        .until(first)
        .comes(1, "sales", Channel::Email)
        .until(second)
        .comes(2, "sales", Channel::Email);
    let starts: BTreeSet<_> = story
        .cells(Grain::Hour)
        .into_iter()
        .map(|(start, _, _)| start)
        .collect();
    assert_eq!(starts.len(), 2, "both are half past two on the wall");
}

#[test]
fn hours_begin_where_they_do_on_the_wall() {
    let kolkata = zones("Asia/Kolkata");
    assert_eq!(
        kolkata.start(Grain::Hour, at("2026-01-05T10:00:00Z")),
        at("2026-01-05T09:30:00Z")
    );
    let kathmandu = zones("Asia/Kathmandu");
    assert_eq!(
        kathmandu.start(Grain::Hour, at("2026-01-05T10:00:00Z")),
        at("2026-01-05T09:15:00Z")
    );
}

#[test]
fn a_change_by_half_an_hour_cuts_an_hour_in_two() {
    let howe = zones("Australia/Lord_Howe");
    // Clocks go back from 02:00 to 01:30 on 5 April 2026 (15:00 UTC the day before).
    let hours = walk(
        &howe,
        Grain::Hour,
        at("2026-04-04T14:00:00Z"),
        at("2026-04-04T16:30:00Z"),
    );
    let expected = [
        (at("2026-04-04T14:00:00Z"), Duration::from_hours(1)),
        (at("2026-04-04T15:00:00Z"), Duration::from_mins(30)),
        (at("2026-04-04T15:30:00Z"), Duration::from_hours(1)),
    ];
    assert_eq!(hours, expected);
}

#[test]
fn an_interval_ends_where_the_desks_zone_changes() {
    let mut story = Story::on(desk());
    story
        .until(at("2026-01-05T10:05:00Z"))
        .comes(1, "sales", Channel::Email);
    let mut moved = desk();
    moved.timezone = "Asia/Kolkata".to_owned();
    let change = at("2026-01-05T10:10:20Z");
    story
        .until(change)
        .happens(RoutingEvent::DeskActivated(Box::new(moved)));
    story
        .comes(2, "sales", Channel::Email)
        .until(at("2026-01-05T10:40:00Z"))
        .comes(3, "sales", Channel::Email);
    let zones = story.measures.zones();
    let hours = walk(
        zones,
        Grain::Hour,
        at("2026-01-05T10:00:00Z"),
        at("2026-01-05T11:00:00Z"),
    );
    let starts: Vec<_> = hours.iter().map(|(start, _)| *start).collect();
    assert_eq!(starts, [at("2026-01-05T10:00:00Z"), change, at("2026-01-05T10:30:00Z")]);
    let cells = story.cells(Grain::Hour);
    let of_all = cells
        .into_iter()
        .filter(|(_, place, cell)| place.team.is_none() && cell.counts.received == 1);
    assert_eq!(of_all.map(|(start, _, _)| start).collect::<Vec<_>>(), starts);
}

#[test]
fn an_unknown_zone_counts_as_utc() {
    assert_eq!(zones("Mars/Olympus").start(Grain::Hour, START.plus(seconds(61))), START);
}

proptest! {
    #[test]
    fn intervals_follow_each_other_and_hold_what_is_in_them(
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
        micros in 1_700_000_000_000_000..1_900_000_000_000_000_i64,
        grain in prop::sample::select(Grain::ALL.to_vec()),
    ) {
        let (zones, inside) = (zones(zone), Timestamp::from_micros(micros));
        let start = zones.start(grain, inside);
        let end = zones.end(grain, start);
        prop_assert!(start <= inside && inside < end);
        prop_assert!(end.since(start) <= grain.length());
        prop_assert_eq!(zones.start(grain, start), start);
        prop_assert_eq!(zones.start(grain, end), end);
        prop_assert_eq!(zones.start(grain, Timestamp::from_micros(end.as_micros() - 1)), start);
        prop_assert!(zones.day(inside) <= start, "no hour belongs to two days");
    }
}
