//! Rungs: when they are reached, what they do, what stops them.

use std::time::Duration;

use tandem_domain::escalation::{EscalationEvent, EscalationFilter, Query, Rejection, Reply, Telling};
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::sla::{Action, Recipient, Repeat, Rung, RungAt};
use tandem_domain::{ClockKind, ContactId, EscalationId, Priority, Role, SlaPlan, TicketId};

use crate::support::{
    accepted, answered, at, calendar, desk, failed, held, hours, key, ladder, mins, opened, policy, prioritised,
    requeued, resumed, rung, utc,
};
use crate::world::{World, clock};

use ClockKind::{FirstResponse, Resolution};

fn tell(contact: &str) -> Vec<Action> {
    vec![Action::Tell(vec![Recipient::Contact(key(contact))])]
}

/// First responses within an hour, with this ladder.
fn plan(rungs: Vec<Rung>) -> SlaPlan {
    let mut promised = policy("hour", &[(FirstResponse, 60)]);
    promised.ladders = [(FirstResponse, key("up"))].into();
    SlaPlan {
        policies: vec![promised],
        ladders: vec![ladder("up", rungs)],
        roles: [(key("lead"), vec![key("carla"), key("dora")])].into(),
        contacts: ["boss", "carla", "dora", "ana-phone"].map(key).into(),
        ..SlaPlan::default()
    }
}

/// With ticket 1, opened at minute 0 in the first tier.
fn with_a_ticket(rungs: Vec<Rung>) -> World {
    let mut world = World::with(desk(plan(rungs)));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world
}

/// Rungs and repeats that were reached, with the minute in which they were due.
fn reached(world: &World) -> Vec<(u32, u32, u64)> {
    let rungs = world.rungs().into_iter();
    rungs
        .map(|(_, step, due)| (step.rung, step.repeat, due.since(at(0)).as_secs() / 60))
        .collect()
}

fn bodies(world: &World) -> Vec<EscalationEvent> {
    world.events.iter().map(|event| event.body.clone()).collect()
}

fn tellings(world: &World) -> Vec<Telling> {
    let told = bodies(world).into_iter().filter_map(|body| match body {
        EscalationEvent::ContactsTold(telling) => Some(*telling),
        _ => None,
    });
    told.collect()
}

#[test]
fn rungs_are_reached_by_share_at_the_breach_and_after_it() {
    let mut world = with_a_ticket(vec![
        rung(RungAt::Share(50), tell("boss")),
        rung(RungAt::Breach, tell("boss")),
        rung(RungAt::After(mins(30)), tell("boss")),
    ]);
    world.advance(at(30));
    assert_eq!(
        reached(&world),
        [],
        "what is due at the watermark itself may still be averted"
    );
    world.advance(at(59));
    assert_eq!(reached(&world), [(0, 0, 30)]);
    world.advance(at(1000));
    assert_eq!(reached(&world), [(0, 0, 30), (1, 0, 60), (2, 0, 90)]);
    assert_eq!(world.breaches(), [(clock(1, FirstResponse, 1), at(60))]);
    world.check();
}

#[test]
fn a_rung_repeats_as_often_as_it_says_between_later_rungs() {
    let repeating = Rung {
        repeat: Some(Repeat {
            every: mins(20),
            times: 3,
        }),
        ..rung(RungAt::Breach, tell("boss"))
    };
    let mut world = with_a_ticket(vec![repeating, rung(RungAt::After(mins(30)), tell("boss"))]);
    world.advance(at(10_000));
    assert_eq!(
        reached(&world),
        [(0, 0, 60), (0, 1, 80), (1, 0, 90), (0, 2, 100), (0, 3, 120)]
    );
    assert_eq!(
        world.escalations(EscalationFilter::default()).len(),
        1,
        "one occurrence, one escalation"
    );
    world.check();
}

#[test]
fn an_answer_ends_the_climb() {
    let mut world = with_a_ticket(vec![
        rung(RungAt::Share(50), tell("boss")),
        rung(RungAt::Breach, tell("boss")),
    ]);
    world.happens(at(40), answered(1, 1));
    world.advance(at(1000));
    assert_eq!(reached(&world), [(0, 0, 30)]);
    let open_only = EscalationFilter {
        open_only: true,
        ..EscalationFilter::default()
    };
    assert_eq!(world.escalations(open_only), []);
}

#[test]
fn a_failed_answer_lets_the_climb_go_on_where_it_was() {
    let mut world = with_a_ticket(vec![
        rung(RungAt::Share(50), tell("boss")),
        rung(RungAt::Breach, tell("boss")),
        rung(RungAt::After(mins(60)), tell("boss")),
    ]);
    world.happens(at(40), answered(1, 1));
    world.happens(at(80), failed(1, 1));
    world.advance(at(1000));
    assert_eq!(
        reached(&world),
        [(0, 0, 30), (1, 0, 80), (2, 0, 120)],
        "each once, none due before it was known"
    );
}

#[test]
fn acknowledgement_stops_later_rungs_and_repeats_of_that_occurrence_only() {
    let rungs = vec![
        Rung {
            repeat: Some(Repeat {
                every: mins(5),
                times: 9,
            }),
            ..rung(RungAt::Share(50), tell("boss"))
        },
        rung(RungAt::Breach, tell("boss")),
    ];
    let mut world = with_a_ticket(rungs);
    world.happens(at(0), opened(2, "support", Priority::Normal, at(0)));
    world.advance(at(31));
    let Ok(Reply::Escalation(view)) = world.acknowledge(at(32), 1) else {
        panic!("not acknowledged")
    };
    assert_eq!((view.open, view.acknowledged.map(|of| of.at)), (false, Some(at(32))));
    let events = world.events.len();
    assert!(world.acknowledge(at(33), 1).is_ok());
    assert_eq!(world.events.len(), events, "a second time it changes nothing");
    world.advance(at(1000));
    let of = |ticket| world.rungs().iter().filter(|(id, ..)| id.ticket.0 == ticket).count();
    assert_eq!((of(1), of(2)), (1, 11));
    assert_eq!(world.breaches().len(), 2, "a breach is a breach");
    world.check();
}

#[test]
fn an_agent_acknowledges_only_for_a_ticket_that_is_hers_now() {
    let mut world = with_a_ticket(vec![rung(RungAt::Share(50), tell("boss"))]);
    world.advance(at(31));
    let not_hers = Err(Rejection::NotOwner(TicketId(1)));
    assert_eq!(world.acknowledge_as((Role::Agent, "ana"), at(32)), not_hers, "nobody's");
    world.happens(at(33), accepted(1, "bob"));
    assert_eq!(world.acknowledge_as((Role::Agent, "ana"), at(34)), not_hers, "bob's");
    assert!(world.acknowledge_as((Role::Agent, "bob"), at(35)).is_ok());
    for role in [Role::Supervisor, Role::Admin] {
        assert!(world.acknowledge_as((role, "ana"), at(36)).is_ok(), "{role:?}");
    }
}

#[test]
fn an_unknown_escalation_cannot_be_acknowledged() {
    let mut world = with_a_ticket(Vec::new());
    assert_eq!(
        world.acknowledge(at(1), 9),
        Err(Rejection::UnknownEscalation(EscalationId(9)))
    );
}

#[test]
fn several_are_told_at_once_each_once_in_the_ladders_order() {
    let recipients = vec![
        Recipient::Contact(key("dora")),
        Recipient::Role(key("lead")),
        Recipient::Owner,
        Recipient::Contact(key("ana-phone")),
    ];
    let mut world = with_a_ticket(vec![rung(RungAt::Breach, vec![Action::Tell(recipients)])]);
    world.happens(at(1), accepted(1, "ana"));
    world.lag = mins(3);
    world.advance(at(61));
    let [telling] = &tellings(&world)[..] else {
        panic!("told once")
    };
    let contacts: Vec<_> = telling.contacts.iter().map(ContactId::as_str).collect();
    assert_eq!(contacts, ["dora", "carla", "ana-phone"]);
    assert_eq!((telling.due_at, telling.late_by), (at(60), mins(4)));
    assert_eq!((telling.queue.as_str(), telling.step.rung), ("support", 0));
}

#[test]
fn nobody_is_told_where_nobody_is_meant() {
    let mut world = with_a_ticket(vec![rung(RungAt::Breach, vec![Action::Tell(vec![Recipient::Owner])])]);
    world.happens(at(1), accepted(1, "ben"));
    world.happens(at(1), opened(2, "support", Priority::Normal, at(1)));
    world.advance(at(100));
    assert_eq!(reached(&world).len(), 2);
    assert_eq!(tellings(&world), [], "ben has no contact, and nobody owns ticket 2");
}

#[test]
fn effects_name_the_version_that_the_rung_saw() {
    let actions = vec![
        Action::RaisePriority(Priority::High),
        Action::MoveToQueue(key("experts")),
    ];
    let mut world = with_a_ticket(vec![rung(RungAt::Breach, actions)]);
    // Of the events in one stretch only those before the rung count.
    world.happen([
        (at(10), accepted(1, "ana")),
        (at(20), held(1)),
        (at(70), resumed(1)),
        (at(71), held(1)),
    ]);
    let asked: Vec<_> = bodies(&world)
        .into_iter()
        .filter_map(|body| match body {
            EscalationEvent::PriorityRaiseAsked { priority, seen, .. } => Some((priority.to_string(), seen)),
            EscalationEvent::MoveAsked { queue, seen, .. } => Some((queue.to_string(), seen)),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [("high".to_owned(), 3), ("experts".to_owned(), 3)]);
    world.happens(at(80), resumed(1));
    world.check();
}

#[test]
fn the_router_is_not_asked_for_what_is_so_already() {
    let actions = vec![
        Action::RaisePriority(Priority::Low),
        Action::MoveToQueue(key("support")),
        Action::MoveToTier(1),
    ];
    let mut world = with_a_ticket(vec![rung(RungAt::Breach, actions)]);
    world.advance(at(61));
    assert_eq!(reached(&world).len(), 1);
    let asked = bodies(&world).into_iter().filter(|body| {
        matches!(
            body,
            EscalationEvent::PriorityRaiseAsked { .. } | EscalationEvent::MoveAsked { .. }
        )
    });
    assert_eq!(asked.count(), 0);
}

#[test]
fn a_tier_is_reached_along_the_queues_links() {
    let goes = |from: &str, tier: u8| {
        let mut world = World::with(desk(plan(vec![rung(RungAt::Breach, vec![Action::MoveToTier(tier)])])));
        world.happens(at(0), opened(1, from, Priority::Normal, at(0)));
        world.advance(at(61));
        bodies(&world).into_iter().find_map(|body| match body {
            EscalationEvent::MoveAsked { queue, .. } => Some(queue.to_string()),
            _ => None,
        })
    };
    assert_eq!(goes("support", 2).as_deref(), Some("second"));
    assert_eq!(goes("support", 3).as_deref(), Some("experts"));
    assert_eq!(goes("second", 2), None);
    assert_eq!(goes("sales", 3), None, "no link leads anywhere");
}

#[test]
fn a_ladder_that_moves_a_ticket_to_a_queue_that_moves_it_back_ends() {
    let mut there = policy("there", &[(FirstResponse, 60)]);
    there.queues = [key("support")].into();
    there.ladders = [(FirstResponse, key("there"))].into();
    let mut back = policy("back", &[(FirstResponse, 60)]);
    back.ladders = [(FirstResponse, key("back"))].into();
    let plan = SlaPlan {
        policies: vec![there, back],
        ladders: vec![
            ladder(
                "there",
                vec![rung(RungAt::Breach, vec![Action::MoveToQueue(key("sales"))])],
            ),
            ladder(
                "back",
                vec![rung(RungAt::Breach, vec![Action::MoveToQueue(key("support"))])],
            ),
        ],
        ..SlaPlan::default()
    };
    let mut world = World::with(desk(plan));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    for turn in 0..10 {
        let queue = ["sales", "support"][turn % 2];
        world.advance(at(61 + turn as u64));
        world.happens(at(61 + turn as u64), requeued(1, queue, RequeueReason::Transferred));
    }
    world.advance(at(1000));
    assert_eq!(
        reached(&world).len(),
        2,
        "each rung once, however often the ticket comes back"
    );
}

#[test]
fn a_paused_clock_climbs_in_working_time_of_its_own() {
    let mut promised = policy("day", &[(Resolution, 120)]);
    promised.calendar = Some(key("office"));
    promised.ladders = [(Resolution, key("up"))].into();
    let repeating = Rung {
        repeat: Some(Repeat {
            every: hours(1),
            times: 1,
        }),
        ..rung(RungAt::Share(50), tell("boss"))
    };
    let plan = SlaPlan {
        calendars: vec![calendar("office", "UTC", 1..=5, "09:00-17:00")],
        policies: vec![promised],
        ladders: vec![ladder("up", vec![repeating])],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    };
    let mut world = World::with(desk(plan));
    // Friday, half an hour before the desk closes.
    let friday = utc("2026-09-11T16:30:00");
    world.happens(friday, opened(1, "support", Priority::Normal, friday));
    world.happens(utc("2026-09-11T16:45:00"), held(1));
    world.happens(utc("2026-09-14T09:15:00"), resumed(1));
    world.advance(utc("2026-09-20T00:00:00"));
    let due: Vec<_> = world.rungs().into_iter().map(|(.., due)| due).collect();
    assert_eq!(due, [utc("2026-09-14T10:00:00"), utc("2026-09-14T11:00:00")]);
}

#[test]
fn a_shorter_target_makes_rungs_due_when_it_comes_to_apply() {
    let mut promised = policy("by-priority", &[]);
    promised.targets = [(
        FirstResponse,
        [(Priority::Normal, hours(8)), (Priority::Urgent, hours(1))].into(),
    )]
    .into();
    promised.ladders = [(FirstResponse, key("up"))].into();
    let plan = SlaPlan {
        policies: vec![promised],
        ladders: vec![ladder("up", vec![rung(RungAt::Share(50), tell("boss"))])],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    };
    let mut world = World::with(desk(plan));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(100), prioritised(1, Priority::Urgent));
    world.advance(at(101));
    assert_eq!(reached(&world), [(0, 0, 100)]);
    assert_eq!(world.breaches(), [(clock(1, FirstResponse, 1), at(100))]);
    world.check();
}

/// From minute 40 on, this ladder applies.
fn edited(world: &mut World, rungs: Vec<Rung>) {
    let mut next = desk(plan(rungs));
    next.version += 1;
    world.happens(at(40), RoutingEvent::DeskActivated(Box::new(next)));
}

fn told(world: &World) -> Vec<(String, u64)> {
    let minute = |telling: &Telling| telling.due_at.since(at(0)).as_secs() / 60;
    let all = tellings(world).into_iter();
    all.map(|telling| (telling.contacts[0].to_string(), minute(&telling)))
        .collect()
}

#[test]
fn a_rung_is_not_missed_because_one_above_it_was_taken_out_of_the_ladder() {
    let breach = || rung(RungAt::Breach, tell("boss"));
    let mut world = with_a_ticket(vec![rung(RungAt::Share(50), tell("carla")), breach()]);
    world.advance(at(31));
    edited(&mut world, vec![breach()]);
    world.advance(at(120));
    assert_eq!(told(&world), [("carla".to_owned(), 30), ("boss".to_owned(), 60)]);
    world.check();
}

#[test]
fn a_rung_is_not_reached_again_because_one_was_put_into_the_ladder_above_it() {
    let half = || rung(RungAt::Share(50), tell("carla"));
    let mut world = with_a_ticket(vec![half()]);
    world.advance(at(31));
    edited(&mut world, vec![rung(RungAt::Share(25), tell("dora")), half()]);
    world.advance(at(120));
    assert_eq!(told(&world), [("carla".to_owned(), 30), ("dora".to_owned(), 40)]);
    world.check();
}

#[test]
fn ten_thousand_rungs_that_are_due_at_once_are_all_reached_in_one_advance() {
    let mut world = World::with(desk(plan(vec![rung(RungAt::Breach, tell("boss"))])));
    world.happen((1..=10_000).map(|ticket| (at(0), opened(ticket, "support", Priority::Normal, at(0)))));
    world.advance(at(61));
    assert_eq!(world.rungs().len(), 10_000);
    let last = tellings(&world).last().map(|telling| telling.notification.0);
    assert_eq!(last, Some(10_000));
    world.check();
}

#[test]
fn a_preview_says_when_each_rung_would_be_reached() {
    let mut promised = policy("office-hours", &[(FirstResponse, 60), (Resolution, 600)]);
    promised.calendar = Some(key("office"));
    promised.ladders = [(FirstResponse, key("up"))].into();
    let repeating = Rung {
        repeat: Some(Repeat {
            every: mins(30),
            times: 1,
        }),
        ..rung(RungAt::Share(50), tell("boss"))
    };
    let plan = SlaPlan {
        calendars: vec![calendar("office", "UTC", 1..=5, "09:00-17:00")],
        policies: vec![promised],
        ladders: vec![ladder("up", vec![repeating, rung(RungAt::Breach, tell("boss"))])],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    };
    let mut world = World::with(desk(plan));
    let opened_at = utc("2026-09-11T16:45:00");
    world.happens(opened_at, opened(1, "support", Priority::Normal, opened_at));
    let facts = world.events.iter().find_map(|event| match &event.body {
        EscalationEvent::TicketFollowed { facts, .. } => Some((**facts).clone()),
        _ => None,
    });
    let query = Query::Preview {
        facts: facts.unwrap(),
        opened_at,
    };
    let tandem_domain::escalation::Answer::Preview(preview) = world.ask(&query) else {
        panic!("no preview")
    };
    assert_eq!(preview.policy, Some(key("office-hours")));
    let kinds: Vec<_> = preview.clocks.iter().map(|clock| clock.kind).collect();
    assert_eq!(kinds, [FirstResponse, Resolution]);
    let shown: Vec<_> = preview.clocks[0]
        .rungs
        .iter()
        .map(|rung| (rung.rung, rung.repeat, rung.due_at))
        .collect();
    world.advance(utc("2026-09-20T00:00:00"));
    let real: Vec<_> = world
        .rungs()
        .into_iter()
        .map(|(_, step, due)| (step.rung, step.repeat, due))
        .collect();
    assert_eq!(shown, real, "what is shown is what happens");
    assert_eq!(preview.clocks[0].deadline, utc("2026-09-14T09:45:00"));
}

#[test]
fn lateness_is_how_long_after_it_was_due_it_was_found_out() {
    let mut world = with_a_ticket(vec![rung(RungAt::Breach, tell("boss"))]);
    world.lag = Duration::from_secs(2);
    world.advance(at(61));
    let late: Vec<_> = bodies(&world)
        .into_iter()
        .filter_map(|body| match body {
            EscalationEvent::RungReached { late_by, .. } => Some(late_by),
            _ => None,
        })
        .collect();
    assert_eq!(late, [Duration::from_secs(62)]);
}
