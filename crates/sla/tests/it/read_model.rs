//! Rows: what lists of every age read.

use tandem_domain::escalation::{ClockFilter, ClockId, ClockState, ClockView, EscalationFilter, EscalationView, Query};
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::sla::{Action, Recipient, RungAt};
use tandem_domain::{ClockKind, EscalationId, Priority, SlaPlan};
use tandem_sla::rows;

use crate::support::{answered, at, closed, desk, key, ladder, mins, opened, policy, requeued, rung};
use crate::world::{World, clock};

pub(crate) fn clock_row(world: &World, id: ClockId) -> ClockView {
    let row = &world.rows[&(rows::CLOCK.to_owned(), rows::clock_key(id))];
    serde_json::from_slice(row).unwrap()
}

fn escalation_row(world: &World, id: u64) -> EscalationView {
    let key = rows::escalation_key(EscalationId(id));
    serde_json::from_slice(&world.rows[&(rows::ESCALATION.to_owned(), key)]).unwrap()
}

/// First responses in `support` are promised within an hour, and a boss is told half way.
fn plan() -> SlaPlan {
    let mut promised = policy("hour", &[(ClockKind::FirstResponse, 60)]);
    promised.queues = [key("support")].into();
    promised.ladders = [(ClockKind::FirstResponse, key("up"))].into();
    let tell = Action::Tell(vec![Recipient::Contact(key("boss"))]);
    SlaPlan {
        policies: vec![promised],
        ladders: vec![ladder("up", vec![rung(RungAt::Share(50), vec![tell])])],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    }
}

fn world() -> World {
    let mut world = World::with(desk(plan()));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(0), opened(2, "sales", Priority::Normal, at(0)));
    world
}

#[test]
fn only_clocks_with_a_target_have_rows() {
    let mut world = world();
    assert_eq!(world.rows.len(), 1);
    world.happens(at(10), requeued(1, "sales", RequeueReason::Transferred));
    assert_eq!(world.rows.len(), 0, "nothing is promised in sales");
    world.happens(at(20), requeued(1, "support", RequeueReason::Transferred));
    let view = clock_row(&world, clock(1, ClockKind::FirstResponse, 1));
    assert_eq!(
        (view.state, view.elapsed, view.deadline),
        (ClockState::Running, mins(20), Some(at(60)))
    );
    world.check();
}

#[test]
fn rows_of_closed_tickets_stay_as_they_were_at_the_end() {
    let mut world = world();
    world.advance(at(31));
    // Answered and closed in one command: the memory has forgotten it when the rows are written.
    world.happen([(at(40), answered(1, 1)), (at(41), closed(1))]);
    let view = clock_row(&world, clock(1, ClockKind::FirstResponse, 1));
    assert_eq!((view.state, view.ended_at), (ClockState::Met, Some(at(40))));
    let escalation = escalation_row(&world, 1);
    assert_eq!((escalation.open, escalation.ended_at), (false, Some(at(40))));
    assert_eq!(world.escalations(EscalationFilter::default()), []);
    world.check();
}

#[test]
fn another_priority_and_another_plan_show_in_the_rows() {
    let mut world = world();
    world.advance(at(31));
    world.happens(at(35), crate::support::prioritised(1, Priority::High));
    assert_eq!(
        clock_row(&world, clock(1, ClockKind::FirstResponse, 1)).priority,
        Priority::High
    );
    assert_eq!(escalation_row(&world, 1).priority, Priority::High);
    world.happens(at(36), RoutingEvent::DeskActivated(Box::new(desk(SlaPlan::default()))));
    let clocks = world.rows.keys().filter(|(table, _)| table == rows::CLOCK).count();
    assert_eq!(clocks, 0, "nothing is promised any more");
    world.check();
}

/// A desk may have a hundred thousand clocks when an agent is added to its file.
#[test]
fn a_version_that_promises_the_same_writes_no_rows() {
    let mut world = world();
    world.advance(at(31));
    let before = std::mem::take(&mut world.rows);
    let mut next = desk(plan());
    next.version += 1;
    world.happens(at(36), RoutingEvent::DeskActivated(Box::new(next)));
    assert_eq!(world.rows, [].into());
    world.rows = before;
    world.check();
}

#[test]
fn lists_are_filtered_and_come_in_pages() {
    let mut world = World::with(desk(plan()));
    for ticket in 1..=5 {
        world.happens(at(0), opened(ticket, "support", Priority::Normal, at(0)));
    }
    world.happens(at(10), answered(3, 1));
    world.advance(at(31));
    let met = ClockFilter {
        state: Some(ClockState::Met),
        ..ClockFilter::default()
    };
    assert_eq!(world.clocks(met).len(), 1);
    let elsewhere = ClockFilter {
        queue: Some(key("sales")),
        ..ClockFilter::default()
    };
    assert_eq!(world.clocks(elsewhere), []);
    let page = |after, limit| {
        let query = Query::Escalations {
            filter: EscalationFilter::default(),
            after,
            limit,
        };
        match world.ask(&query) {
            tandem_domain::escalation::Answer::Escalations(page) => page,
            other => panic!("{other:?}"),
        }
    };
    let first = page(None, 3);
    let rest = page(Some(first[2].id), 3);
    let tickets: Vec<_> = first.iter().chain(&rest).map(|view| view.clock.ticket.0).collect();
    assert_eq!(tickets, [1, 2, 4, 5]);
}
