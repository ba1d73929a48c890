use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

fn queue(key: &str, received: u64, level: (u64, u64)) -> v1::QueueNow {
    v1::QueueNow {
        queue: key.to_owned(),
        waiting: 2,
        oldest_since: Some(at(880)),
        today: Some(v1::MeasureCounts {
            received,
            level_met: level.0,
            level_due: level.1,
            ..v1::MeasureCounts::default()
        }),
        ..v1::QueueNow::default()
    }
}

fn clock(ticket_id: u64, state: v1::ClockState, deadline: Option<i64>, over: bool) -> v1::SlaClock {
    v1::SlaClock {
        ticket_id,
        state: state.into(),
        ended_at: over.then(prost_types::Timestamp::default),
        deadline: deadline.map(at),
        ..v1::SlaClock::default()
    }
}

#[test]
fn the_day_is_the_sum_of_its_queues() {
    let seen = v1::WatchResponse {
        queues: vec![queue("billing", 3, (1, 2)), queue("general", 4, (2, 2))],
        ..v1::WatchResponse::default()
    };
    let board = Board::of("acme", &seen, &[], NOW);
    assert_eq!(
        (board.today.received, board.today.service_level_percent),
        (7, Some(75.0))
    );
    assert_eq!(board.queues[0].oldest_seconds, Some(120));
}

#[test]
fn without_anything_to_measure_there_is_no_service_level() {
    let board = Board::of("acme", &v1::WatchResponse::default(), &[], NOW);
    assert_eq!(board.today, Today::default());
}

#[test]
fn the_most_urgent_clock_comes_first_and_those_that_are_over_not_at_all() {
    use v1::ClockState::{Breached, Met, Paused, Running};
    let clocks = [
        clock(1, Paused, None, false),
        clock(2, Running, Some(1_060), false),
        clock(3, Met, None, true),
        clock(4, Breached, Some(990), false),
        clock(5, Breached, Some(900), true),
    ];
    let board = Board::of("acme", &v1::WatchResponse::default(), &clocks, NOW);
    let shown: Vec<_> = board
        .clocks
        .iter()
        .map(|due| (due.ticket.as_str(), due.left_seconds))
        .collect();
    assert_eq!(shown, [("T4", Some(-10)), ("T2", Some(60)), ("T1", None)]);
}

#[test]
fn the_latest_event_comes_first() {
    let event = |seq: u64, ticket_id| v1::RecentEvent {
        seq,
        ticket_id,
        kind: "TicketOpened".to_owned(),
        ..v1::RecentEvent::default()
    };
    let seen = v1::WatchResponse {
        events: vec![event(1, 7), event(2, 0)],
        ..v1::WatchResponse::default()
    };
    let board = Board::of("acme", &seen, &[], NOW);
    let tickets: Vec<_> = board.events.iter().map(|event| event.ticket.as_str()).collect();
    assert_eq!(tickets, ["", "T7"]);
}
