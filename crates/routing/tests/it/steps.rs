//! Routing steps: what is tried first, what is settled for later, and for whom a ticket is kept.

mod desk_changes;
mod histories;
mod preferences;

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, Asks, LanguageAsk, Preference, RoutingStep, SkipIf, StepLength};
use tandem_domain::routing::{Answer, Query, RoutingEvent, SkipReason, Skipped, StepEnd, StepPlace};
use tandem_domain::sla::{Calendar, Policy, Window};
use tandem_domain::{
    ClockKind, CompiledDesk, Core, Presence, Priority, Proficiency, RoutingState, SlaPlan, TicketId, Timestamp,
};

use crate::support::{AgentBuilder, IntakeBuilder, agent, desk, key, mail, seconds};
use crate::world::World;

/// A step that asks what the queue asks and, unless it is the last, lasts a minute.
pub(crate) fn step(id: &str) -> RoutingStep {
    RoutingStep {
        lasts: Some(StepLength::Wall(seconds(60))),
        ..RoutingStep::new(key(id))
    }
}

pub(crate) fn last(id: &str) -> RoutingStep {
    RoutingStep::new(key(id))
}

pub(crate) trait StepBuilder: Sized {
    fn requires(self, expression: &str) -> Self;
    fn prefers(self, preference: Preference) -> Self;
    fn lasts(self, length: StepLength) -> Self;
    fn skipped_if(self, skip: SkipIf) -> Self;
}

impl StepBuilder for RoutingStep {
    fn requires(mut self, expression: &str) -> Self {
        self.require = Some(expression.parse().unwrap());
        self
    }

    fn prefers(mut self, preference: Preference) -> Self {
        self.prefer = Some(preference);
        self
    }

    fn lasts(mut self, length: StepLength) -> Self {
        self.lasts = Some(length);
        self
    }

    fn skipped_if(mut self, skip: SkipIf) -> Self {
        self.skip_if.push(skip);
        self
    }
}

/// A desk whose queue `support` has these steps.
pub(crate) fn stepped<const N: usize>(
    agents: impl IntoIterator<Item = AgentProfile>,
    steps: [RoutingStep; N],
) -> CompiledDesk {
    let mut desk = desk(agents);
    desk.queues[0].steps = steps.into();
    desk
}

/// Vera knows VIPs, Ann does not.
fn expert_first(first: RoutingStep) -> CompiledDesk {
    let agents = [agent("vera").skill("vip", 3), agent("ann")];
    stepped(agents, [first.requires("vip >= 2"), last("anyone")])
}

pub(crate) fn place(world: &World, ticket: TicketId) -> StepPlace {
    world.ticket(ticket).step
}

/// The steps that the ticket has come into, and why; none: as it came into the queue.
pub(crate) fn entered(world: &World, ticket: TicketId) -> Vec<(u16, Option<StepEnd>)> {
    let steps = world.history.iter().filter_map(|event| match &event.body {
        RoutingEvent::TicketOpened { ticket: id, place, .. }
        | RoutingEvent::TicketRequeued { ticket: id, place, .. }
            if *id == ticket =>
        {
            Some((place.step, None))
        }
        RoutingEvent::StepEntered {
            ticket: id, place, why, ..
        } if *id == ticket => Some((place.step, Some(*why))),
        _ => None,
    });
    steps.collect()
}

fn skipped(step: u16, why: SkipReason) -> Vec<Skipped> {
    vec![Skipped { step, why }]
}

#[test]
fn a_ticket_goes_on_to_the_next_step_when_its_time_is_over() {
    let mut world = World::new(expert_first(step("experts")));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    let began = world.now;
    assert_eq!(world.state(ticket), RoutingState::Queued);
    assert_eq!(
        place(&world, ticket),
        StepPlace {
            step: 0,
            until: Some(began.plus(seconds(60))),
            skipped: Vec::new()
        }
    );
    world.pass(seconds(59));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.pass(seconds(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(entered(&world, ticket), [(0, None), (1, Some(StepEnd::Elapsed))]);
    assert_eq!(place(&world, ticket).until, None, "the last step does not end");
}

#[test]
fn whoever_fits_the_step_gets_it_while_it_lasts() {
    let mut world = World::new(expert_first(step("experts")));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    world.pass(seconds(30));
    world.set_presence("vera", Presence::Online);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("vera"));
}

#[test]
fn a_step_is_passed_over_while_nobody_who_fits_is_online() {
    let mut world = World::new(expert_first(step("experts").skipped_if(SkipIf::NobodyOnline)));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    let of_step = place(&world, ticket);
    assert_eq!(
        (of_step.step, of_step.skipped),
        (1, skipped(0, SkipReason::NobodyOnline))
    );

    world.set_presence("vera", Presence::Online);
    let busy = world.open(mail(2));
    assert_eq!(place(&world, busy).step, 0);
}

#[test]
fn a_step_that_nobody_on_the_desk_fits_is_passed_over() {
    let first = step("nobody").requires("vip >= 5");
    let mut world = World::staffed(stepped([agent("ann")], [first, last("anyone")]));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(place(&world, ticket).skipped, skipped(0, SkipReason::NobodyFits));
}

#[test]
fn an_open_offer_holds_its_step_and_the_next_one_begins_with_its_end() {
    let mut world = World::staffed(expert_first(step("experts")));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("vera"));
    world.pass(seconds(120));
    assert_eq!(
        (world.state(ticket), place(&world, ticket).step),
        (RoutingState::Offered, 0)
    );
    let seen = world.history.len();
    world.refuse(ticket);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    let kinds = world.since(seen);
    assert!(
        matches!(
            kinds[..],
            [
                RoutingEvent::OfferDeclined { .. },
                RoutingEvent::StepEntered {
                    why: StepEnd::Elapsed,
                    ..
                },
                RoutingEvent::OfferIssued { .. }
            ]
        ),
        "{kinds:?}"
    );
}

#[test]
fn a_step_whose_offer_ends_in_time_goes_on() {
    let mut world = World::staffed(expert_first(step("experts")));
    let ticket = world.open(mail(1));
    world.pass(seconds(20));
    world.refuse(ticket);
    assert_eq!(
        (world.state(ticket), place(&world, ticket).step),
        (RoutingState::Queued, 0)
    );
    world.pass(seconds(40));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}

#[test]
fn a_step_is_passed_over_where_the_wait_is_too_long() {
    let patient = |limit| expert_first(step("experts").skipped_if(SkipIf::WaitOver(seconds(limit))));
    let begins = |limit| {
        let mut world = World::new(patient(limit));
        world.set_presence("vera", Presence::Online);
        // Two accepts, half a minute apart, say how fast the queue is served.
        for number in 1..=2 {
            let ticket = world.open(mail(number));
            world.take(ticket);
            world.pass(seconds(30));
        }
        let next = world.open(mail(3));
        place(&world, next)
    };
    assert_eq!(begins(30).step, 0);
    assert_eq!(begins(29).skipped, skipped(0, SkipReason::LongWait));
}

#[test]
fn without_a_known_wait_no_wait_is_too_long() {
    let mut world = World::new(expert_first(
        step("experts").skipped_if(SkipIf::WaitOver(Duration::ZERO)),
    ));
    let ticket = world.open(mail(1));
    assert_eq!(place(&world, ticket).step, 0);
}

/// Open from nine to five by UTC, every day.
fn office() -> Calendar {
    let hours = Window {
        from_minute: 9 * 60,
        to_minute: 17 * 60,
    };
    Calendar {
        id: key("office"),
        timezone: "UTC".to_owned(),
        hours: (1..=7).map(|day| (day, vec![hours])).collect(),
        holidays: Vec::new(),
    }
}

/// Everything is to be accepted within four hours of office time.
fn promise() -> SlaPlan {
    let targets = Priority::ALL
        .iter()
        .map(|priority| (*priority, Duration::from_hours(4)));
    SlaPlan {
        calendars: vec![office()],
        policies: vec![Policy {
            id: key("all"),
            queues: [].into(),
            channels: [].into(),
            languages: [].into(),
            priorities: [].into(),
            tags: [].into(),
            calendar: Some(key("office")),
            targets: [(ClockKind::Accept, targets.collect())].into(),
            ladders: BTreeMap::new(),
        }],
        ..SlaPlan::default()
    }
}

/// A world at three in the afternoon of the day on which tests begin, with the promise.
fn afternoon(first: RoutingStep) -> World {
    let mut desk = expert_first(first);
    desk.sla = promise();
    let mut world = World::empty();
    world.now = at_hour(15);
    world.activate(desk).unwrap();
    world
}

/// An hour of the day on which tests begin.
fn at_hour(hour: u64) -> Timestamp {
    const DAY: i64 = 24 * 3_600_000_000;
    let midnight = 1_800_000_000_000_000 / DAY * DAY;
    Timestamp::from_micros(midnight).plus(Duration::from_hours(hour))
}

#[test]
fn a_step_may_last_for_working_time() {
    let length = Duration::from_hours(3);
    let mut world = afternoon(step("experts").lasts(StepLength::Working {
        length,
        calendar: key("office"),
    }));
    let ticket = world.open(mail(1));
    assert_eq!(place(&world, ticket).until, Some(at_hour(24 + 10)));
}

#[test]
fn a_step_may_last_for_a_share_of_the_time_left_to_the_target() {
    let half = StepLength::ShareLeft {
        percent: 50,
        clock: ClockKind::Accept,
    };
    let mut world = afternoon(step("experts").lasts(half));
    let received = at_hour(14);
    let mut intake = mail(1);
    intake.received_at = received;
    // Three of the four hours are left, of which two are tomorrow's.
    let ticket = world.open(intake.clone());
    assert_eq!(
        place(&world, ticket).until,
        Some(at_hour(15).plus(Duration::from_mins(90)))
    );

    let mut late = intake.clone().in_conversation(2);
    late.message = mail(2).message;
    late.received_at = at_hour(9);
    let late = world.open(late);
    assert_eq!(
        place(&world, late).skipped,
        skipped(0, SkipReason::NoTime),
        "the target is missed"
    );
    let mut just_now = intake.in_conversation(3);
    just_now.message = mail(3).message;
    just_now.received_at = at_hour(11);
    let just_now = world.open(just_now);
    assert_eq!(
        place(&world, just_now).skipped,
        skipped(0, SkipReason::NoTime),
        "the target ends now"
    );
}

#[test]
fn a_share_of_no_target_is_no_time() {
    let share = StepLength::ShareLeft {
        percent: 50,
        clock: ClockKind::FirstResponse,
    };
    let mut world = afternoon(step("experts").lasts(share));
    let ticket = world.open(mail(1));
    assert_eq!(place(&world, ticket).skipped, skipped(0, SkipReason::NoTime));
}

#[test]
fn a_later_step_may_drop_skills_and_language() {
    let first = step("as-asked");
    let mut second = step("some-german");
    second.asks = Asks {
        skills: false,
        language: LanguageAsk::AtLeast(Proficiency::A2),
    };
    let mut third = last("anyone");
    third.asks = Asks {
        skills: false,
        language: LanguageAsk::Any,
    };
    let agents = [
        agent("dora").speaks("de", Proficiency::C1).skill("vip", 4),
        agent("dan").speaks("de", Proficiency::A2),
        agent("eve"),
    ];
    let mut world = World::new(stepped(agents, [first, second, third]));
    world.set_presence("dan", Presence::Online);
    let ticket = world.open(mail(1).in_language("de-CH").needs("vip", 2));
    assert_eq!(world.ticket(ticket).requirement.skills.len(), 1);
    world.pass(seconds(60));
    let second = world.ticket(ticket).requirement;
    assert_eq!(
        (second.skills.len(), second.language),
        (0, Some((key("de-CH"), Proficiency::A2)))
    );
    assert_eq!(world.offered_to(ticket).as_deref(), Some("dan"));
    world.set_presence("dan", Presence::Away);
    world.set_presence("eve", Presence::Online);
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.pass(seconds(60));
    assert_eq!(world.ticket(ticket).requirement.language, None);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("eve"));
}

#[test]
fn a_step_may_have_a_pool_of_its_own() {
    let mut overflow = last("overflow");
    overflow.teams = vec![key("back")];
    let mut world = World::new(stepped(
        [agent("ann"), agent("bob").team("back")],
        [step("own"), overflow],
    ));
    world.set_presence("bob", Presence::Online);
    let ticket = world.open(mail(1));
    assert_eq!(
        world.state(ticket),
        RoutingState::Queued,
        "back is not the queue's team"
    );
    world.pass(seconds(60));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bob"));
}

#[test]
fn what_a_queue_requires_holds_in_each_step() {
    let agents = [
        agent("vera").skill("vip", 3),
        agent("ann"),
        agent("vic").skill("vip", 1),
    ];
    let mut desk = stepped(agents, [step("experts").requires("vip >= 2"), last("anyone")]);
    desk.queues[0].require = Some("vip".parse().unwrap());
    let mut world = World::new(desk);
    world.set_presence("ann", Presence::Online);
    world.set_presence("vic", Presence::Online);
    let ticket = world.open(mail(1));
    world.pass(seconds(60));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("vic"));
}

#[test]
fn coming_into_a_queue_again_begins_its_steps_anew_and_keeps_the_age() {
    let mut world = World::new(expert_first(step("experts")));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    let opened_at = world.ticket(ticket).opened_at;
    world.pass(seconds(60));
    world.take(ticket);
    world.run(tandem_domain::routing::Command::Requeue { ticket }).unwrap();
    assert_eq!(
        (world.state(ticket), place(&world, ticket).step),
        (RoutingState::Queued, 0)
    );
    assert_eq!(place(&world, ticket).until, Some(world.now.plus(seconds(60))));
    world.transfer_to_queue(ticket, "billing").unwrap();
    assert_eq!(place(&world, ticket), StepPlace::default(), "billing has no steps");
    world.transfer_to_queue(ticket, "support").unwrap();
    assert_eq!(place(&world, ticket).step, 0);
    assert_eq!(world.ticket(ticket).opened_at, opened_at);
}

#[test]
fn an_offer_by_hand_is_made_whatever_the_step_and_holds_it() {
    let mut world = World::new(expert_first(step("experts")));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    world.transfer_to_agent(ticket, "ann").unwrap();
    world.pass(seconds(90));
    assert_eq!(
        (world.offered_to(ticket).as_deref(), place(&world, ticket).step),
        (Some("ann"), 0)
    );
    world.refuse(ticket);
    assert_eq!(place(&world, ticket).step, 1);
}

#[test]
fn a_step_ends_by_time_and_not_by_when_the_tick_runs() {
    let mut world = World::staffed(expert_first(step("experts")));
    let ticket = world.open(mail(1));
    world.skip(seconds(60));
    world.refuse(ticket);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}

#[test]
fn what_nobody_can_ever_serve_is_known_at_once() {
    let mut world = World::new(expert_first(step("experts")));
    let served = world.open(mail(1));
    let french = world.open(mail(2).in_language("fr"));
    assert!(!world.ticket(served).unservable, "though nobody is online");
    assert!(world.ticket(french).unservable);
    assert_eq!(place(&world, french).skipped, skipped(0, SkipReason::NobodyFits));
    world.pass(seconds(600));
    assert!(!world.ticket(served).unservable && world.ticket(french).unservable);
    let count = |world: &World| world.core.query(&Query::Unservable, world.now);
    assert_eq!(count(&world), Answer::Unservable(1));

    let mut with_french = expert_first(step("experts"));
    with_french.agents.push(agent("fleur").speaks("fr", Proficiency::C2));
    world.activate(with_french).unwrap();
    assert!(!world.ticket(french).unservable);
    assert_eq!(count(&world), Answer::Unservable(0));
}
