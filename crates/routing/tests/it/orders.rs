//! Which ticket goes first: by deadlines, and by ages that were adjusted by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::desk::QueueOrder;
use tandem_domain::routing::{Command, Rejection, RoutingEvent};
use tandem_domain::sla::{Calendar, Policy, Window};
use tandem_domain::{
    Channel, ClockKind, CompiledDesk, Presence, Priority, RoutingState, SignedMillis, SlaPlan, TicketId, Timestamp,
};

use crate::support::{IntakeBuilder, accountant, agent, desk, key, mail, seconds};
use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);

/// These targets for accepting what comes over a channel.
fn promise(id: &str, channel: Channel, calendar: Option<&str>, targets: &[(Priority, u64)]) -> Policy {
    let targets = targets
        .iter()
        .map(|(priority, hours)| (*priority, HOUR * u32::try_from(*hours).unwrap()));
    Policy {
        id: key(id),
        queues: [].into(),
        channels: [channel].into(),
        languages: [].into(),
        priorities: [].into(),
        tags: [].into(),
        calendar: calendar.map(key),
        targets: [(ClockKind::Accept, targets.collect())].into(),
        ladders: BTreeMap::new(),
    }
}

/// Mail by the clock; social media in office hours, nine to five.
fn by_deadline() -> CompiledDesk {
    let mut desk = desk([agent("ana"), accountant()]);
    desk.queues[0].order = QueueOrder::Deadline(ClockKind::Accept);
    let hours = Window {
        from_minute: 9 * 60,
        to_minute: 17 * 60,
    };
    desk.sla = SlaPlan {
        calendars: vec![Calendar {
            id: key("office"),
            timezone: "UTC".to_owned(),
            hours: (1..=7).map(|day| (day, vec![hours])).collect(),
            holidays: Vec::new(),
        }],
        policies: vec![
            promise(
                "mail",
                Channel::Email,
                None,
                &[(Priority::Normal, 8), (Priority::Urgent, 2)],
            ),
            promise("social", Channel::Social, Some("office"), &[(Priority::Normal, 2)]),
        ],
        ..SlaPlan::default()
    };
    desk
}

fn places<const N: usize>(world: &World, numbers: [u128; N]) -> [Option<u32>; N] {
    numbers.map(|number| world.standing(number).unwrap().position)
}

fn adjust(world: &mut World, ticket: TicketId, by: i64) {
    let by = SignedMillis(by);
    world.run(Command::AdjustAge { ticket, by }).unwrap();
}

#[test]
fn whose_target_ends_first_goes_first_and_those_without_one_last() {
    let mut world = World::new(by_deadline());
    world.open(mail(1).with(Priority::Low));
    world.open(mail(2));
    world.pass(HOUR);
    world.open(mail(3).with(Priority::Urgent));
    world.open(mail(4).with(Priority::Low));
    assert_eq!(places(&world, [1, 2, 3, 4]), [Some(3), Some(2), Some(1), Some(4)]);
    world.pass(HOUR * 6);
    world.open(mail(5).with(Priority::Urgent));
    assert_eq!(
        places(&world, [2, 5]),
        [Some(2), Some(3)],
        "nine hours after the start is after eight"
    );
}

#[test]
fn a_target_counts_in_the_hours_of_its_calendar() {
    let mut world = World::empty();
    let day = Timestamp::from_micros(1_800_000_000_000_000 / 86_400_000_000 * 86_400_000_000);
    world.now = day.plus(HOUR * 16);
    world.activate(by_deadline()).unwrap();
    world.open(mail(1).by(Channel::Social));
    world.pass(seconds(60));
    world.open(mail(2));
    // Eight hours on end are over at midnight, two of office time at ten in the morning.
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
}

#[test]
fn another_priority_is_another_target() {
    let mut world = World::new(by_deadline());
    world.open(mail(1));
    let second = world.open(mail(2).with(Priority::Low));
    let priority = Priority::Urgent;
    world
        .run(Command::SetPriority {
            ticket: second,
            priority,
            seen: None,
        })
        .unwrap();
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
    world.set_presence("ana", Presence::Online);
    assert_eq!(world.offered_to(second).as_deref(), Some("ana"));
}

#[test]
fn a_ticket_that_counts_as_older_moves_up_and_is_measured_as_before() {
    let mut world = World::new(desk([agent("ana").clone()]));
    let first = world.open(mail(1));
    world.pass(seconds(60));
    let second = world.open(mail(2));
    let opened_at = world.ticket(second).opened_at;
    adjust(&mut world, second, 90_000);
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
    assert_eq!(world.ticket(second).opened_at, opened_at);
    assert_eq!(world.explain(second).unwrap().age, Duration::ZERO);
    adjust(&mut world, second, -60_000);
    assert_eq!(places(&world, [1, 2]), [Some(1), Some(2)], "adjustments add up");
    adjust(&mut world, first, -3_600_000);
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)], "or younger");
}

#[test]
fn an_adjusted_age_stays_when_the_ticket_waits_again() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    adjust(&mut world, ticket, 3_600_000);
    world.set_presence("ana", Presence::Away);
    world.skip(seconds(1));
    world.open(mail(2));
    adjust(&mut world, ticket, -7_200_000);
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
    world.restart();
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
}

#[test]
fn age_is_adjusted_by_deadlines_and_strict_priority_too() {
    let mut world = World::new(by_deadline());
    world.open(mail(1));
    let late = world.open(mail(2));
    adjust(&mut world, late, 1);
    assert_eq!(places(&world, [1, 2]), [Some(2), Some(1)]);
    world.open(mail(3).to("billing"));
    let late = world.open(mail(4).to("billing"));
    adjust(&mut world, late, 1);
    assert_eq!(places(&world, [3, 4]), [Some(2), Some(1)]);
}

#[test]
fn no_adjustment_is_no_event_and_what_is_over_has_no_age_to_adjust() {
    let mut world = World::staffed(desk([agent("ana")]));
    let ticket = world.open(mail(1));
    let seen = world.history.len();
    adjust(&mut world, ticket, 0);
    assert!(world.since(seen).is_empty());
    adjust(&mut world, ticket, i64::MAX);
    adjust(&mut world, ticket, i64::MAX);
    assert!(matches!(
        world.since(seen)[..],
        [RoutingEvent::AgeAdjusted { .. }, RoutingEvent::AgeAdjusted { .. }]
    ));
    world.take(ticket);
    world.resolve(ticket);
    assert_eq!(world.state(ticket), RoutingState::Done);
    let by = SignedMillis(1);
    let refused = world.run(Command::AdjustAge { ticket, by });
    assert!(matches!(refused, Err(Rejection::WrongState { .. })));
}
