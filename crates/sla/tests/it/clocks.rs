//! What starts, stops and pauses which clock.

use proptest::prelude::*;
use tandem_domain::escalation::{ClockFilter, ClockState, Command, Heard, Observed, Rejection, Reply};
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::{ClockKind, Core, Priority, TicketId};

use crate::support::{
    accepted, answered, at, closed, done, failed, held, hours, key, message, mins, opened, requeued, resumed, wrote,
};
use crate::world::{World, clock, router_event};

use ClockKind::{Accept, FirstResponse, NextResponse, Resolution};

/// With ticket 1, opened at minute 0.
fn with_a_ticket() -> World {
    let mut world = World::an_hour_for_everything();
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world
}

fn elapsed(world: &World, kind: ClockKind) -> u64 {
    world.clock(1, kind, 1).elapsed.as_secs() / 60
}

#[test]
fn a_ticket_starts_three_clocks_when_ingest_took_its_message() {
    let mut world = World::an_hour_for_everything();
    world.happens(at(5), opened(1, "support", Priority::Normal, at(0)));
    let clocks = world.clocks(ClockFilter::default());
    let kinds: Vec<_> = clocks.iter().map(|clock| clock.id.kind).collect();
    assert_eq!(kinds, [Accept, FirstResponse, Resolution]);
    for clock in clocks {
        assert_eq!((clock.state, clock.started_at), (ClockState::Running, at(0)));
        assert_eq!(clock.deadline, Some(at(60)));
    }
    world.check();
}

#[test]
fn the_first_accept_meets_the_accept_clock_for_good() {
    let mut world = with_a_ticket();
    world.happens(at(10), accepted(1, "ana"));
    assert_eq!((world.state(1, Accept), elapsed(&world, Accept)), (ClockState::Met, 10));
    world.happens(at(20), requeued(1, "support", RequeueReason::Requested));
    assert_eq!(world.state(1, Accept), ClockState::Met);
    world.happens(at(30), accepted(1, "ben"));
    assert_eq!(elapsed(&world, Accept), 10);
}

#[test]
fn a_requeue_before_anybody_accepted_lets_the_accept_clock_run() {
    let mut world = with_a_ticket();
    world.happens(at(20), requeued(1, "second", RequeueReason::Transferred));
    assert_eq!(world.state(1, Accept), ClockState::Running);
    world.advance(at(61));
    assert_eq!(world.state(1, Accept), ClockState::Breached);
}

#[test]
fn a_public_answer_meets_the_first_response_and_a_note_does_not() {
    let mut world = with_a_ticket();
    let note = RoutingEvent::AnswerAdded {
        ticket: TicketId(1),
        message: message(9),
        author: Some(key("ana")),
        visible: false,
    };
    world.happens(at(10), note);
    assert_eq!(world.state(1, FirstResponse), ClockState::Running);
    world.happens(at(20), answered(1, 1));
    assert_eq!(world.state(1, FirstResponse), ClockState::Met);
    assert_eq!(elapsed(&world, FirstResponse), 20);
}

#[test]
fn each_message_that_waits_alone_starts_a_next_response() {
    let mut world = with_a_ticket();
    world.happens(at(5), wrote(1, at(5)));
    assert_eq!(
        world.clocks(ClockFilter::default()).len(),
        3,
        "the first answer is still owed"
    );
    world.happens(at(10), answered(1, 1));
    world.happens(at(20), wrote(1, at(20)));
    world.happens(at(30), wrote(1, at(30)));
    world.happens(at(40), answered(1, 2));
    world.happens(at(50), wrote(1, at(50)));
    let first = world.clock(1, NextResponse, 1);
    assert_eq!(
        (first.state, first.started_at, first.elapsed),
        (ClockState::Met, at(20), mins(20))
    );
    let second = world.clock(1, NextResponse, 2);
    assert_eq!((second.state, second.started_at), (ClockState::Running, at(50)));
}

#[test]
fn an_automatic_message_starts_nothing() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    let automatic = RoutingEvent::MessageAdded {
        ticket: TicketId(1),
        message: message(3),
        automatic: true,
        received_at: at(20),
    };
    world.happens(at(20), automatic);
    assert_eq!(world.clocks(ClockFilter::default()).len(), 3);
}

#[test]
fn hold_pauses_the_resolution_clock_and_no_other() {
    let mut world = with_a_ticket();
    world.happens(at(10), held(1));
    assert_eq!(world.state(1, Resolution), ClockState::Paused);
    assert_eq!(world.clock(1, Resolution, 1).deadline, None);
    assert_eq!(world.state(1, FirstResponse), ClockState::Running);
    world.happens(at(50), resumed(1));
    let clock = world.clock(1, Resolution, 1);
    assert_eq!((clock.state, clock.elapsed), (ClockState::Running, mins(10)));
    assert_eq!(clock.deadline, Some(at(100)));
    world.check();
}

#[test]
fn resolving_meets_the_resolution_and_lets_the_others_rest() {
    let mut world = with_a_ticket();
    world.happens(at(10), done(1));
    assert_eq!(world.state(1, Resolution), ClockState::Met);
    assert_eq!(world.state(1, FirstResponse), ClockState::Paused);
    assert_eq!(world.state(1, Accept), ClockState::Paused);
    world.advance(at(500));
    assert_eq!(world.breaches(), []);
}

#[test]
fn reopening_goes_on_with_what_had_elapsed() {
    let mut world = with_a_ticket();
    world.happens(at(10), done(1));
    world.happens(at(200), requeued(1, "support", RequeueReason::Reopened));
    for kind in [Resolution, FirstResponse, Accept] {
        let clock = world.clock(1, kind, 1);
        assert_eq!(
            (clock.state, clock.deadline),
            (ClockState::Running, Some(at(250))),
            "{kind}"
        );
    }
    world.check();
}

#[test]
fn wrap_up_is_resolved_and_its_interruption_reopens() {
    let mut world = with_a_ticket();
    let ticket = TicketId(1);
    world.happens(at(10), RoutingEvent::WrapUpStarted { ticket, until: at(15) });
    world.happens(at(12), RoutingEvent::WrapUpInterrupted { ticket });
    assert_eq!(world.state(1, Resolution), ClockState::Running);
    assert_eq!(world.clock(1, Resolution, 1).elapsed, mins(10));
    world.happens(at(20), RoutingEvent::WrapUpStarted { ticket, until: at(25) });
    world.happens(at(25), done(1));
    assert_eq!(
        elapsed(&world, Resolution),
        18,
        "finishing the wrap-up ends nothing twice"
    );
}

#[test]
fn cancelled_abandoned_and_closed_tickets_clocks_are_cancelled() {
    let ticket = TicketId(1);
    for end in [
        RoutingEvent::TicketCancelled { ticket },
        RoutingEvent::TicketAbandoned { ticket },
        closed(1),
    ] {
        let mut world = with_a_ticket();
        world.happens(at(10), answered(1, 1));
        world.happens(at(20), end);
        world.advance(at(500));
        assert_eq!(world.breaches(), []);
        assert_eq!(world.clocks(ClockFilter::default()), []);
        let row = |kind| crate::read_model::clock_row(&world, clock(1, kind, 1));
        assert_eq!(
            (row(FirstResponse).state, row(Accept).state),
            (ClockState::Met, ClockState::Cancelled)
        );
        assert_eq!(row(Accept).elapsed, mins(20));
        world.check();
    }
}

#[test]
fn an_answer_that_failed_starts_the_clock_again_as_if_it_had_never_stopped() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    world.happens(at(30), failed(1, 1));
    let clock = world.clock(1, FirstResponse, 1);
    assert_eq!((clock.state, clock.deadline), (ClockState::Running, Some(at(60))));
    world.happens(at(40), answered(1, 2));
    assert_eq!(elapsed(&world, FirstResponse), 40);
    world.check();
}

#[test]
fn an_answer_that_failed_after_the_deadline_breaches_then_and_not_before() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    world.advance(at(100));
    assert!(world.breaches().iter().all(|(id, _)| id.kind != FirstResponse));
    world.happens(at(120), failed(1, 1));
    world.advance(at(121));
    let breach = (clock(1, FirstResponse, 1), at(120));
    assert!(world.breaches().contains(&breach), "{:?}", world.breaches());
    assert_eq!(world.clock(1, FirstResponse, 1).deadline, Some(at(60)));
}

#[test]
fn behind_a_failed_answer_the_next_one_counts() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    world.happens(at(40), answered(1, 2));
    world.happens(at(50), failed(1, 1));
    assert_eq!(
        (world.state(1, FirstResponse), elapsed(&world, FirstResponse)),
        (ClockState::Met, 40)
    );
    world.happens(at(55), failed(1, 2));
    assert_eq!(world.state(1, FirstResponse), ClockState::Running);
    world.check();
}

#[test]
fn if_the_next_answer_came_too_late_the_failed_one_leaves_a_breach() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    world.happens(at(90), answered(1, 2));
    world.happens(at(100), failed(1, 1));
    let clock = world.clock(1, FirstResponse, 1);
    assert_eq!((clock.state, clock.breached_at), (ClockState::Breached, Some(at(60))));
    assert_eq!((clock.ended_at, clock.elapsed), (Some(at(90)), mins(90)));
}

#[test]
fn a_failure_of_an_answer_that_met_nothing_changes_nothing() {
    let mut world = with_a_ticket();
    world.happens(at(10), answered(1, 1));
    world.happens(at(20), answered(1, 2));
    world.happens(at(30), failed(1, 2));
    world.happens(at(31), failed(1, 77));
    assert_eq!(
        (world.state(1, FirstResponse), elapsed(&world, FirstResponse)),
        (ClockState::Met, 10)
    );
}

#[test]
fn an_answer_at_the_very_moment_is_in_time_and_one_behind_it_is_not() {
    for (minutes, state) in [(60, ClockState::Met), (61, ClockState::Breached)] {
        let mut world = with_a_ticket();
        world.advance(at(60));
        world.happens(at(minutes), answered(1, 1));
        assert_eq!(world.state(1, FirstResponse), state, "answered at minute {minutes}");
    }
}

#[test]
fn a_breach_is_a_fact_and_the_clock_goes_on_to_measure() {
    let mut world = with_a_ticket();
    world.advance(at(70));
    let clock = world.clock(1, FirstResponse, 1);
    assert_eq!((clock.state, clock.breached_at), (ClockState::Breached, Some(at(60))));
    assert!(clock.running_since.is_some());
    world.happens(at(90), answered(1, 1));
    let clock = world.clock(1, FirstResponse, 1);
    assert_eq!((clock.state, clock.ended_at), (ClockState::Breached, Some(at(90))));
    assert_eq!(elapsed(&world, FirstResponse), 90);
    assert_eq!(
        world
            .breaches()
            .iter()
            .filter(|(id, _)| id.kind == FirstResponse)
            .count(),
        1
    );
}

#[test]
fn a_ticket_that_is_heard_of_too_late_is_breached_at_once() {
    let mut world = World::an_hour_for_everything();
    world.happens(at(90), opened(1, "support", Priority::Normal, at(0)));
    assert_eq!(world.breaches().len(), 3);
    assert!(world.breaches().iter().all(|(_, due)| *due == at(60)));
}

#[test]
fn what_the_core_hears_late_is_late_but_never_false() {
    let mut world = World::an_hour_for_everything();
    world.lag = hours(5);
    world.happen([
        (at(0), opened(1, "support", Priority::Normal, at(0))),
        (at(50), answered(1, 1)),
        (at(200), accepted(1, "ana")),
    ]);
    assert_eq!(world.state(1, FirstResponse), ClockState::Met);
    let accept = (clock(1, Accept, 1), at(60));
    assert!(world.breaches().contains(&accept));
    let late = world.events.iter().find_map(|event| match event.body {
        tandem_domain::escalation::EscalationEvent::Clock(
            id,
            tandem_domain::escalation::ClockEvent::Breached { late_by, .. },
        ) if id.kind == Accept => Some(late_by),
        _ => None,
    });
    assert_eq!(late, Some(hours(5) + mins(140)));
}

/// A stretch of the router's journal that begins behind `after`.
fn stretch(after: u64, bodies: Vec<RoutingEvent>) -> Heard {
    let events: Vec<_> = (after + 1..)
        .zip(bodies)
        .map(|(seq, body)| Observed {
            seq,
            event: router_event(at(seq), body),
        })
        .collect();
    let through = after + events.len() as u64;
    Heard {
        after,
        through,
        incarnation: 7,
        events,
    }
}

#[test]
fn repeats_are_dropped_also_when_they_overlap_with_news() {
    let mut world = World::an_hour_for_everything();
    let open = |ticket| opened(ticket, "support", Priority::Normal, at(0));
    let first = Command::Observe(stretch(1, vec![open(1), open(2)]));
    assert_eq!(world.tell(at(9), first.clone()), Ok(Reply::Followed { seq: 3 }));
    let events = world.events.len();
    assert_eq!(world.tell(at(9), first), Ok(Reply::Followed { seq: 3 }));
    assert_eq!(world.events.len(), events, "a repeat leaves no trace");
    let overlapping = Command::Observe(stretch(1, vec![open(1), open(2), open(3)]));
    assert_eq!(world.tell(at(9), overlapping), Ok(Reply::Followed { seq: 4 }));
    assert_eq!(world.clocks(ClockFilter::default()).len(), 9);
    world.check();
}

#[test]
fn a_gap_is_refused_and_says_what_is_missing() {
    let mut world = World::an_hour_for_everything();
    let gap = Command::Observe(stretch(5, vec![accepted(1, "ana")]));
    assert_eq!(world.tell(at(9), gap), Err(Rejection::Missing { seq: 1 }));
    let ahead = Command::Advance { seq: 2, until: at(9) };
    assert_eq!(world.tell(at(9), ahead), Err(Rejection::Missing { seq: 1 }));
    world.check();
}

#[test]
fn the_watermark_of_less_than_is_known_is_taken() {
    let mut world = with_a_ticket();
    assert!(world.tell(at(70), Command::Advance { seq: 1, until: at(70) }).is_ok());
    assert_eq!(world.breaches().len(), 3);
}

#[test]
fn a_rewritten_history_is_followed_anew_with_new_numbers() {
    let mut world = with_a_ticket();
    world.advance(at(61));
    let other = Command::BeginAnew { incarnation: 8 };
    let events = world.events.len();
    world.tell(at(62), other).unwrap();
    assert_eq!(
        world.events.len(),
        events,
        "the history with that incarnation is not followed any more"
    );
    world.tell(at(62), Command::BeginAnew { incarnation: 7 }).unwrap();
    assert_eq!(world.clocks(ClockFilter::default()), []);
    world.seq = 0;
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    assert_eq!(world.core.next_due(), None, "the plan comes again too");
    world.check();
}

#[test]
fn events_about_unknown_tickets_change_nothing() {
    let mut world = World::an_hour_for_everything();
    world.happens(at(1), closed(1));
    for body in [
        accepted(1, "ana"),
        answered(1, 1),
        failed(1, 1),
        wrote(1, at(1)),
        held(1),
        resumed(1),
        done(1),
        requeued(1, "support", RequeueReason::Reopened),
    ] {
        world.happens(at(2), body);
    }
    world.check();
    assert_eq!(world.clocks(ClockFilter::default()), []);
}

proptest! {
    #[test]
    fn how_the_journal_is_cut_into_stretches_changes_nothing(cuts in prop::collection::vec(1..4_usize, 1..12)) {
        let story: Vec<_> = [
            opened(1, "support", Priority::Normal, at(0)), accepted(1, "ana"), answered(1, 1), wrote(1, at(90)),
            failed(1, 1), answered(1, 2), held(1), resumed(1), done(1),
            requeued(1, "second", RequeueReason::Reopened), answered(1, 3), closed(1),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, body)| (at(25 * index as u64), body))
        .collect();
        let (mut whole, mut cut) = (World::an_hour_for_everything(), World::an_hour_for_everything());
        whole.happen(story.clone());
        let mut rest = &story[..];
        for size in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(size.min(rest.len()));
            cut.happen(now.to_vec());
            rest = later;
        }
        prop_assert_eq!(cut.breaches(), whole.breaches());
        prop_assert_eq!(cut.core.snapshot(), whole.core.snapshot());
    }
}
