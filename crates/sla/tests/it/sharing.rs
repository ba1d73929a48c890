//! Tickets that are merged and split: the clocks measure what the customer still waits for.

use tandem_domain::escalation::{ClockFilter, ClockState, EscalationEvent};
use tandem_domain::routing::{RoutingEvent, StepPlace};
use tandem_domain::sla::{Action, RungAt};
use tandem_domain::{ClockKind, Priority, SlaPlan, TicketId, Timestamp};

use crate::support::{
    accepted, answered, at, desk, failed, key, ladder, message, mins, opened, policy, requirement, rung, wrote,
};
use crate::world::{World, clock};

use ClockKind::{Accept, FirstResponse, NextResponse, Resolution};

/// Ticket 1 of `ana`'s, opened at minute 0.
fn with_a_ticket() -> World {
    let mut world = World::an_hour_for_everything();
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(1), accepted(1, "ana"));
    world
}

/// A message of ticket 1 that was taken at `first` becomes ticket 2.
fn split(first: Timestamp, still_waiting_since: Option<Timestamp>) -> RoutingEvent {
    let RoutingEvent::TicketOpened { intake, .. } = opened(2, "support", Priority::Normal, first) else {
        unreachable!()
    };
    RoutingEvent::TicketSplit {
        ticket: TicketId(2),
        from: TicketId(1),
        messages: vec![message(2_000_000)],
        intake,
        requirement: requirement("support").into(),
        place: StepPlace::default(),
        still_waiting_since,
    }
}

fn merge(ticket: u64, into: u64) -> RoutingEvent {
    RoutingEvent::TicketMerged {
        ticket: TicketId(ticket),
        into: TicketId(into),
        messages: Vec::new(),
    }
}

/// Each response clock of a ticket: kind, state, since when.
fn responses(world: &World, ticket: u64) -> Vec<(ClockKind, ClockState, Timestamp)> {
    let clocks = world.clocks(ClockFilter::default()).into_iter();
    let of = clocks.filter(|clock| clock.id.ticket == TicketId(ticket));
    of.filter(|clock| [FirstResponse, NextResponse].contains(&clock.id.kind))
        .map(|clock| (clock.id.kind, clock.state, clock.started_at))
        .collect()
}

#[test]
fn a_question_that_is_split_off_is_not_owed_on_the_old_ticket_any_more() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 9));
    world.happens(at(20), wrote(1, at(20)));
    world.happens(at(30), split(at(20), None));
    world.advance(at(79));
    assert_eq!(
        responses(&world, 1),
        [
            (FirstResponse, ClockState::Met, at(0)),
            (NextResponse, ClockState::Cancelled, at(20))
        ]
    );
    assert_eq!(responses(&world, 2), [(FirstResponse, ClockState::Running, at(20))]);
    world.advance(at(81));
    assert_eq!(
        world
            .breaches()
            .iter()
            .map(|(clock, _)| *clock)
            .filter(|clock| clock.kind != Resolution)
            .collect::<Vec<_>>(),
        [clock(2, Accept, 1), clock(2, FirstResponse, 1)],
        "only the new ticket's"
    );
    world.check();
}

#[test]
fn a_question_that_stays_keeps_its_clock() {
    let mut world = with_a_ticket();
    world.happens(at(20), wrote(1, at(20)));
    world.happens(at(30), split(at(20), Some(at(0))));
    assert_eq!(responses(&world, 1), [(FirstResponse, ClockState::Running, at(0))]);
    world.check();
}

#[test]
fn if_the_oldest_question_is_split_off_the_next_one_is_measured() {
    let mut world = with_a_ticket();
    world.happens(at(20), wrote(1, at(20)));
    world.happens(at(30), split(at(0), Some(at(20))));
    assert_eq!(
        responses(&world, 1),
        [
            (FirstResponse, ClockState::Cancelled, at(0)),
            (FirstResponse, ClockState::Running, at(20))
        ]
    );
    world.happens(at(40), answered(1, 9));
    assert_eq!(world.clock(1, FirstResponse, 2).state, ClockState::Met);
    assert_eq!(world.clock(1, FirstResponse, 2).elapsed, mins(20));
    world.check();
}

#[test]
fn a_question_that_an_answer_failed_to_reach_goes_with_its_message() {
    let mut world = with_a_ticket();
    world.happens(at(5), answered(1, 9));
    world.happens(at(20), wrote(1, at(20)));
    world.happens(at(25), failed(1, 9));
    world.happens(at(30), split(at(0), Some(at(20))));
    assert_eq!(
        responses(&world, 1),
        [
            (FirstResponse, ClockState::Cancelled, at(0)),
            (NextResponse, ClockState::Running, at(20))
        ]
    );
    world.check();
}

#[test]
fn what_was_missed_before_a_split_stays_missed() {
    let mut world = with_a_ticket();
    world.advance(at(61));
    world.happens(at(70), wrote(1, at(70)));
    world.happens(at(71), split(at(0), Some(at(70))));
    let before = world.breaches();
    assert!(before.contains(&(clock(1, FirstResponse, 1), at(60))), "{before:?}");
    world.happens(at(80), answered(1, 9));
    world.advance(at(200));
    assert!(!world.breaches().iter().any(|(of, _)| *of == clock(1, FirstResponse, 2)));
    world.check();
}

#[test]
fn a_scheduled_tickets_question_rests_after_a_split_too() {
    let mut world = with_a_ticket();
    world.happens(at(20), wrote(1, at(20)));
    let (ticket, until) = (TicketId(1), at(500));
    world.happens(at(25), RoutingEvent::TicketScheduled { ticket, until });
    world.happens(at(30), split(at(0), Some(at(20))));
    world.advance(at(400));
    assert_eq!(responses(&world, 1)[1], (FirstResponse, ClockState::Paused, at(20)));
    assert_eq!(world.clock(1, FirstResponse, 2).elapsed, mins(10));
    world.check();
}

#[test]
fn merging_puts_off_no_promise() {
    for (older, younger) in [(1, 2), (2, 1)] {
        let mut world = World::an_hour_for_everything();
        world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
        world.happens(at(30), opened(2, "support", Priority::Normal, at(30)));
        world.happens(at(40), merge(older, younger));
        world.advance(at(61));
        let missed = world.breaches().into_iter();
        let missed: Vec<_> = missed
            .filter(|(of, _)| of.kind != Accept && of.kind != Resolution)
            .map(|(of, due)| (of.ticket.0, due))
            .collect();
        assert_eq!(missed, [(younger, at(60))], "{older} into {younger}");
        world.happens(at(62), answered(younger, 9));
        let left = responses(&world, younger);
        assert!(
            left.iter().all(|(_, state, _)| *state != ClockState::Running),
            "{left:?}"
        );
        world.check();
    }
}

#[test]
fn nothing_is_owed_after_a_merge_of_answered_tickets() {
    let mut world = with_a_ticket();
    world.happens(at(2), opened(2, "support", Priority::Normal, at(2)));
    world.happens(at(3), answered(1, 9));
    world.happens(at(4), answered(2, 10));
    world.happens(at(5), merge(1, 2));
    assert_eq!(responses(&world, 2), [(FirstResponse, ClockState::Met, at(2))]);
    world.check();
}

#[test]
fn what_an_escalation_saw_counts_merges_and_splits_as_the_router_does() {
    let raise = vec![Action::RaisePriority(Priority::Urgent)];
    let mut plan = policy("all", &[(Resolution, 60)]);
    plan.ladders.insert(Resolution, key("up"));
    let mut world = World::with(desk(SlaPlan {
        policies: vec![plan],
        ladders: vec![ladder("up", vec![rung(RungAt::Breach, raise)])],
        ..SlaPlan::default()
    }));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(1), wrote(1, at(1)));
    world.happens(at(2), split(at(1), Some(at(0))));
    world.happens(at(3), merge(2, 1));
    world.advance(at(61));
    let seen = world.events.iter().find_map(|event| match event.body {
        EscalationEvent::PriorityRaiseAsked { ticket, seen, .. } => Some((ticket, seen)),
        _ => None,
    });
    assert_eq!(seen, Some((TicketId(1), 4)), "opened, written, split, merged");
    world.check();
}
