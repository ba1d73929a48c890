//! Which policy a ticket fits, and what a change of plan, queue or priority does to running clocks.

use tandem_domain::escalation::ClockState;
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::sla::Policy;
use tandem_domain::{Channel, ClockKind, CompiledDesk, Priority, Requirement, SlaPlan};

use crate::support::{at, calendar, desk, done, held, hours, key, mins, opened, policy, prioritised, requeued};
use crate::world::{World, clock};

use ClockKind::{FirstResponse, Resolution};

fn activated(desk: CompiledDesk) -> RoutingEvent {
    RoutingEvent::DeskActivated(Box::new(desk))
}

fn plan(policies: Vec<Policy>) -> SlaPlan {
    SlaPlan {
        policies,
        ..SlaPlan::default()
    }
}

/// The policy that a new ticket of normal priority in `support` gets.
fn chosen(policies: Vec<Policy>) -> Option<String> {
    let mut world = World::with(desk(plan(policies)));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    let clocks = world.clocks(tandem_domain::escalation::ClockFilter::default());
    clocks.first()?.terms.policy.as_ref().map(ToString::to_string)
}

#[test]
fn the_first_policy_that_fits_is_the_tickets() {
    let everybody = || policy("everybody", &[(FirstResponse, 60)]);
    let narrow = |narrow: fn(&mut Policy)| {
        let mut policy = policy("narrow", &[(FirstResponse, 30)]);
        narrow(&mut policy);
        chosen(vec![policy, everybody()]).unwrap()
    };
    assert_eq!(narrow(|policy| policy.queues = [key("support")].into()), "narrow");
    assert_eq!(narrow(|policy| policy.queues = [key("sales")].into()), "everybody");
    assert_eq!(narrow(|policy| policy.channels = [Channel::Email].into()), "narrow");
    assert_eq!(narrow(|policy| policy.channels = [Channel::Chat].into()), "everybody");
    assert_eq!(narrow(|policy| policy.languages = [key("de-AT")].into()), "narrow");
    assert_eq!(narrow(|policy| policy.languages = [key("fr")].into()), "everybody");
    assert_eq!(narrow(|policy| policy.priorities = [Priority::Normal].into()), "narrow");
    assert_eq!(
        narrow(|policy| policy.priorities = [Priority::High].into()),
        "everybody"
    );
    assert_eq!(narrow(|policy| policy.tags = [key("vip")].into()), "everybody");
    assert_eq!(
        chosen(vec![everybody(), policy("late", &[(FirstResponse, 1)])]).unwrap(),
        "everybody"
    );
    assert_eq!(chosen(Vec::new()), None);
}

#[test]
fn another_priority_keeps_what_has_elapsed() {
    let mut by_priority = policy("by-priority", &[]);
    by_priority.targets = [(
        Resolution,
        [(Priority::Normal, hours(8)), (Priority::High, hours(4))].into(),
    )]
    .into();
    let mut world = World::with(desk(plan(vec![by_priority])));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(60), prioritised(1, Priority::High));
    let clock = world.clock(1, Resolution, 1);
    assert_eq!((clock.elapsed, clock.deadline), (hours(1), Some(at(240))));
    world.happens(at(90), prioritised(1, Priority::Low));
    assert_eq!(
        world.clocks(tandem_domain::escalation::ClockFilter::default()),
        [],
        "nothing is promised for low priority"
    );
    world.happens(at(120), prioritised(1, Priority::High));
    assert_eq!(
        world.clock(1, Resolution, 1).deadline,
        Some(at(240)),
        "it went on to measure"
    );
    world.check();
}

#[test]
fn a_breach_is_not_undone_by_a_longer_target() {
    let mut here = policy("here", &[(FirstResponse, 60)]);
    here.queues = [key("support")].into();
    let mut world = World::with(desk(plan(vec![here, policy("there", &[(FirstResponse, 600)])])));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.advance(at(61));
    world.happens(at(62), requeued(1, "sales", RequeueReason::Transferred));
    let view = world.clock(1, FirstResponse, 1);
    assert_eq!((view.state, view.breached_at), (ClockState::Breached, Some(at(60))));
    assert_eq!(view.deadline, Some(at(600)));
    world.advance(at(700));
    assert_eq!(world.breaches(), [(clock(1, FirstResponse, 1), at(60))], "once");
}

#[test]
fn a_new_calendar_counts_from_its_activation_on() {
    let in_office = |open: &str| {
        let mut promised = policy("office", &[(Resolution, 240)]);
        promised.calendar = Some(key("office"));
        SlaPlan {
            calendars: vec![calendar("office", "UTC", 1..=5, open)],
            policies: vec![promised],
            ..SlaPlan::default()
        }
    };
    let mut world = World::with(desk(in_office("08:00-10:00 14:00-18:00")));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    // At noon two hours have elapsed; the new calendar opens at once.
    world.happens(at(240), activated(desk(in_office("08:00-18:00"))));
    let clock = world.clock(1, Resolution, 1);
    assert_eq!((clock.elapsed, clock.deadline), (hours(2), Some(at(360))));
    world.check();
}

#[test]
fn a_version_that_changes_nothing_for_a_clock_leaves_it_alone() {
    let version = || desk(plan(vec![policy("all", &[(FirstResponse, 60)])]));
    let mut world = World::with(version());
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    let before = world.events.len();
    world.happens(at(10), activated(version()));
    let kinds = world.events.len() - before;
    assert_eq!(kinds, 2, "the plan, and how far the router is followed");
}

#[test]
fn a_paused_clock_gets_new_terms_too() {
    let mut world = World::with(desk(plan(vec![policy("all", &[(Resolution, 60)])])));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(10), held(1));
    world.happens(at(20), activated(desk(plan(vec![policy("all", &[(Resolution, 30)])]))));
    let clock = world.clock(1, Resolution, 1);
    assert_eq!(
        (clock.state, clock.elapsed, clock.terms.target),
        (ClockState::Paused, mins(10), Some(mins(30)))
    );
    world.check();
}

#[test]
fn a_resolved_ticket_of_a_dropped_queue_is_in_the_first_one() {
    let mut world = World::with(desk(plan(vec![policy("all", &[(Resolution, 60)])])));
    world.happens(at(0), opened(1, "sales", Priority::Normal, at(0)));
    world.happens(at(10), done(1));
    let mut smaller = desk(plan(vec![policy("all", &[(Resolution, 60)])]));
    smaller.queues.retain(|queue| queue.id != key("sales"));
    world.happens(at(20), activated(smaller));
    assert_eq!(world.clock(1, Resolution, 1).queue, key("support"));
    world.check();
}

#[test]
fn a_clock_that_is_reopened_gets_the_terms_of_then() {
    let mut world = World::with(desk(plan(vec![policy("all", &[(Resolution, 60)])])));
    world.happens(at(0), opened(1, "support", Priority::Normal, at(0)));
    world.happens(at(10), done(1));
    world.happens(at(20), activated(desk(plan(vec![policy("all", &[(Resolution, 600)])]))));
    world.happens(at(30), requeued(1, "support", RequeueReason::Reopened));
    assert_eq!(world.clock(1, Resolution, 1).deadline, Some(at(620)));
    world.check();
}

#[test]
fn a_step_for_any_language_leaves_a_ticket_its_own() {
    let mut german = policy("german", &[(FirstResponse, 60)]);
    german.languages = [key("de")].into();
    let mut world = World::with(desk(plan(vec![german])));
    let in_any = |event: RoutingEvent| match event {
        RoutingEvent::TicketOpened {
            ticket,
            mut intake,
            requirement,
            place,
        } => {
            intake.language = Some(key("de"));
            let requirement = without_language(&requirement);
            RoutingEvent::TicketOpened {
                ticket,
                intake,
                requirement,
                place,
            }
        }
        RoutingEvent::TicketRequeued {
            ticket,
            requirement,
            reason,
            place,
        } => {
            let requirement = without_language(&requirement);
            RoutingEvent::TicketRequeued {
                ticket,
                requirement,
                reason,
                place,
            }
        }
        other => other,
    };
    world.happens(at(0), in_any(opened(1, "support", Priority::Normal, at(0))));
    world.happens(at(10), in_any(requeued(1, "sales", RequeueReason::Transferred)));
    assert_eq!(world.clock(1, FirstResponse, 1).deadline, Some(at(60)));
}

fn without_language(requirement: &Requirement) -> std::sync::Arc<Requirement> {
    std::sync::Arc::new(Requirement {
        language: None,
        ..requirement.clone()
    })
}
