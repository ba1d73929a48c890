//! A simulated week with a clock change, both directions and two zones, against a model that looks at every
//! clock in every minute.

mod minutes;

use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::escalation::{ClockEvent, EscalationEvent, EscalationFilter};
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::sla::{Action, Holiday, HolidayDay, Recipient, Repeat, Rung, RungAt};
use tandem_domain::{ClockKind, Priority, SlaPlan, Timestamp};

use crate::support::{
    accepted, answered, calendar, closed, desk, done, failed, held, hours, key, ladder, mins, opened, policy,
    prioritised, requeued, resumed, rung, utc, windows, wrote,
};
use crate::wall::Days;
use crate::world::World;
use minutes::{Model, Standing, Told};

/// A day before the week in which clocks change in Berlin or New York, forwards or back.
const WEEKS: [&str; 4] = [
    "2026-03-25T00:00:00",
    "2026-10-21T00:00:00",
    "2026-03-04T00:00:00",
    "2026-10-28T00:00:00",
];
const DAYS: usize = 10;

/// What happens to a ticket, if it can.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Open {
        queue: usize,
        priority: Priority,
        late: u64,
    },
    Write {
        late: u64,
    },
    Accept,
    Hold,
    Resume,
    Resolve,
    Reopen,
    Requeue {
        queue: usize,
    },
    Prioritise(Priority),
    Answer,
    Fail(usize),
    Close,
    Activate(usize),
    Acknowledge(usize),
}

const QUEUES: [&str; 4] = ["support", "second", "experts", "sales"];

/// Two versions of a desk: Berlin's queue works nights and has a holiday, New York's works in the office.
fn plan(version: usize) -> SlaPlan {
    let all = [
        ClockKind::Accept,
        ClockKind::FirstResponse,
        ClockKind::NextResponse,
        ClockKind::Resolution,
    ];
    let minutes = |hours: [u64; 4]| -> Vec<_> { all.into_iter().zip(hours.map(|hours| hours * 60)).collect() };
    let mut berlin = policy("berlin", &minutes([2, 8 + version as u64, 4, 40]));
    berlin.queues = [key("support")].into();
    berlin.calendar = Some(key("nights"));
    berlin.ladders = all.map(|kind| (kind, key("up"))).into();
    let mut new_york = policy("new-york", &minutes([1, 4, 4, 16]));
    new_york.queues = [key("second"), key("experts")].into();
    new_york.calendar = Some(key("office"));
    new_york.ladders = [
        (ClockKind::Resolution, key("up")),
        (ClockKind::FirstResponse, key("slow")),
    ]
    .into();
    let mut urgent = policy("urgent", &minutes([1, 1, 1, 4]));
    urgent.priorities = [Priority::Urgent].into();
    urgent.ladders = [(ClockKind::FirstResponse, key("up"))].into();
    let policies = [
        vec![urgent.clone(), berlin.clone(), new_york.clone()],
        vec![berlin, urgent, new_york],
    ];
    let mut nights = calendar("nights", "Europe/Berlin", 1..=7, "22:00-06:00");
    nights.holidays = vec![Holiday {
        day: HolidayDay::On("2026-03-27".parse().unwrap()),
        hours: windows("01:00-02:30"),
    }];
    let office = ["09:00-12:00 13:00-17:00", "01:15-03:45 13:00-17:00"][version];
    let tell = || vec![Action::Tell(vec![Recipient::Contact(key("boss"))])];
    let repeating = |at| Rung {
        repeat: Some(Repeat {
            every: hours(1),
            times: 3,
        }),
        ..rung(at, tell())
    };
    SlaPlan {
        calendars: vec![nights, calendar("office", "America/New_York", 1..=7, office)],
        policies: policies[version].clone(),
        ladders: vec![
            ladder(
                "up",
                vec![
                    rung(RungAt::Share(50), tell()),
                    rung(RungAt::Share(75), tell()),
                    repeating(RungAt::Breach),
                ],
            ),
            ladder(
                "slow",
                vec![repeating(RungAt::Breach), rung(RungAt::After(mins(90)), tell())],
            ),
        ],
        contacts: vec![key("boss")],
        ..SlaPlan::default()
    }
}

/// The core and the model, told the same.
struct Both {
    days: Days,
    world: World,
    model: Model,
    answers: u64,
}

impl Both {
    fn new(week: &str) -> Self {
        let days = Days::new(utc(week), DAYS);
        let plans = vec![plan(0), plan(1)];
        let model = Model::new(&days, &plans);
        let world = World::with(desk(plan(0)));
        Self {
            days,
            world,
            model,
            answers: 0,
        }
    }

    fn does(&mut self, minute: usize, ticket: u64, deed: Deed) {
        self.model.advance(minute);
        let at = self.days.at(minute);
        if let Deed::Acknowledge(which) = deed {
            return self.acknowledge(minute, which);
        }
        if let Some(event) = self.event(minute, ticket, deed) {
            self.world.happens(at, event);
        }
    }

    fn acknowledge(&mut self, minute: usize, which: usize) {
        let at = self.days.at(minute);
        self.world.advance(at);
        let known = self.world.escalations(EscalationFilter::default());
        if let Some(escalation) = known.get(which % known.len().max(1)) {
            self.world.acknowledge(at, escalation.id.0).unwrap();
            self.model.acknowledge(escalation.clock);
        }
    }

    /// The router's event, if the ticket is where this can happen to it.
    fn event(&mut self, minute: usize, ticket: u64, deed: Deed) -> Option<RoutingEvent> {
        let standing = self.model.standing(ticket);
        let at = |late: u64| self.days.at(minute.saturating_sub(usize::try_from(late).unwrap()));
        let is_known = !matches!(standing, None | Some(Standing::Closed));
        let model = &mut self.model;
        Some(match deed {
            Deed::Open { queue, priority, late } if standing.is_none() => {
                let opened_at = minute.saturating_sub(usize::try_from(late).unwrap());
                model.open(ticket, queue, priority, opened_at);
                opened(ticket, QUEUES[queue], priority, at(late))
            }
            Deed::Activate(version) => {
                model.activate(version);
                RoutingEvent::DeskActivated(Box::new(desk(plan(version))))
            }
            _ if !is_known => return None,
            Deed::Write { late } => {
                model.customer_wrote(ticket, minute.saturating_sub(usize::try_from(late).unwrap()));
                wrote(ticket, at(late))
            }
            Deed::Accept if standing == Some(Standing::Open) => {
                model.accept(ticket);
                accepted(ticket, "ana")
            }
            Deed::Hold if standing == Some(Standing::Open) => {
                model.stand(ticket, Standing::OnHold);
                held(ticket)
            }
            Deed::Resume if standing == Some(Standing::OnHold) => {
                model.stand(ticket, Standing::Open);
                resumed(ticket)
            }
            Deed::Resolve if standing != Some(Standing::Resolved) => {
                model.stand(ticket, Standing::Resolved);
                done(ticket)
            }
            Deed::Reopen if standing == Some(Standing::Resolved) => {
                model.stand(ticket, Standing::Open);
                model.requeue(ticket, 0);
                requeued(ticket, QUEUES[0], RequeueReason::Reopened)
            }
            Deed::Requeue { queue } if standing != Some(Standing::Resolved) => {
                model.stand(ticket, Standing::Open);
                model.requeue(ticket, queue);
                requeued(ticket, QUEUES[queue], RequeueReason::Transferred)
            }
            Deed::Prioritise(priority) => {
                model.prioritise(ticket, priority);
                prioritised(ticket, priority)
            }
            Deed::Answer => {
                self.answers += 1;
                model.answer(ticket, self.answers);
                answered(ticket, self.answers)
            }
            Deed::Fail(which) => {
                let answer = model.answer_to_fail(ticket, which)?;
                model.fail(ticket, answer);
                failed(ticket, answer)
            }
            Deed::Close => {
                model.close(ticket);
                closed(ticket)
            }
            _ => return None,
        })
    }

    /// Both say the same: every breach, every rung, and what had elapsed whenever a clock stopped.
    fn compare(mut self) -> Vec<Told> {
        let end = self.days.minutes;
        self.model.advance(end);
        self.world.advance(self.days.at(end));
        let mut said = told(&self.world, &self.days);
        let mut expected = self.model.told.clone();
        said.sort_unstable();
        expected.sort_unstable();
        assert_eq!(said, expected);
        self.world.check();
        said
    }
}

/// What the core said, in minutes.
fn told(world: &World, days: &Days) -> Vec<Told> {
    let minutes = |elapsed: std::time::Duration| usize::try_from(elapsed.as_secs() / 60).unwrap();
    let minute = |at: Timestamp| minutes(at.since(days.start));
    let told = world.events.iter().filter_map(|event| match &event.body {
        EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, .. }) => {
            Some(Told::Breached(*clock, minute(*due_at)))
        }
        EscalationEvent::Clock(clock, ClockEvent::Met { met_at, elapsed, .. }) => {
            Some(Told::Met(*clock, minute(*met_at), minutes(*elapsed)))
        }
        EscalationEvent::Clock(clock, ClockEvent::Paused { paused_at, elapsed }) => {
            Some(Told::Paused(*clock, minute(*paused_at), minutes(*elapsed)))
        }
        EscalationEvent::Clock(clock, ClockEvent::Cancelled { cancelled_at, elapsed }) => {
            Some(Told::Cancelled(*clock, minute(*cancelled_at), minutes(*elapsed)))
        }
        EscalationEvent::RungReached {
            clock, step, due_at, ..
        } => Some(Told::Reached(*clock, step.clone(), minute(*due_at))),
        _ => None,
    });
    told.collect()
}

fn any_priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL.to_vec())
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let late = || prop_oneof![3 => Just(0_u64), 1 => 0..600_u64];
    prop_oneof![
        6 => (0..4_usize, any_priority(), late()).prop_map(|(queue, priority, late)| Deed::Open { queue, priority, late }),
        4 => late().prop_map(|late| Deed::Write { late }),
        3 => Just(Deed::Accept),
        3 => Just(Deed::Hold),
        3 => Just(Deed::Resume),
        2 => Just(Deed::Resolve),
        2 => Just(Deed::Reopen),
        2 => (0..4_usize).prop_map(|queue| Deed::Requeue { queue }),
        2 => any_priority().prop_map(Deed::Prioritise),
        4 => Just(Deed::Answer),
        2 => (0..3_usize).prop_map(Deed::Fail),
        1 => Just(Deed::Close),
        1 => (0..2_usize).prop_map(Deed::Activate),
        1 => (0..4_usize).prop_map(Deed::Acknowledge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn random_histories_are_what_the_model_says(
        week in select(WEEKS.to_vec()),
        story in prop::collection::vec((prop_oneof![1 => Just(0), 6 => 0..500_usize], 1..4_u64, any_deed()), 10..70),
    ) {
        let mut both = Both::new(week);
        let mut minute = 24 * 60;
        for (pause, ticket, deed) in story {
            minute = (minute + pause).min(both.days.minutes - 1);
            both.does(minute, ticket, deed);
        }
        both.compare();
    }
}

/// Every two hours a ticket comes; what becomes of it follows from its number.
fn busy_week(week: &str) -> Vec<Told> {
    let mut both = Both::new(week);
    let mut deeds = Vec::new();
    for ticket in 1..=80_u64 {
        let start = 24 * 60 + usize::try_from(ticket).unwrap() * 120;
        let wait = |share: u64| usize::try_from(ticket * 7919 % share).unwrap();
        let priority = Priority::ALL[wait(4)];
        let queue = wait(3);
        deeds.push((
            start,
            ticket,
            Deed::Open {
                queue,
                priority,
                late: ticket % 3,
            },
        ));
        let accepted = start + wait(240);
        deeds.push((accepted, ticket, Deed::Accept));
        let answered = accepted + wait(600);
        deeds.push((answered, ticket, Deed::Answer));
        match ticket % 5 {
            0 => deeds.push((answered + wait(300), ticket, Deed::Fail(0))),
            1 => deeds.push((answered + wait(900), ticket, Deed::Write { late: 0 })),
            2 => deeds.extend([
                (accepted + 5, ticket, Deed::Hold),
                (answered + 400, ticket, Deed::Resume),
            ]),
            3 => deeds.push((answered + wait(2000), ticket, Deed::Requeue { queue: wait(4) })),
            _ => deeds.push((answered + 1, ticket, Deed::Resolve)),
        }
    }
    deeds.push((5 * 24 * 60, 0, Deed::Activate(1)));
    deeds.sort_by_key(|(minute, ..)| *minute);
    for (minute, ticket, deed) in deeds {
        if minute < both.days.minutes {
            both.does(minute, ticket, deed);
        }
    }
    both.compare()
}

#[test]
fn a_busy_week_is_what_the_model_says_whatever_the_clocks_change() {
    for week in WEEKS {
        let said = busy_week(week);
        let breaches = said.iter().filter(|told| matches!(told, Told::Breached(..))).count();
        let rungs = said.iter().filter(|told| matches!(told, Told::Reached(..))).count();
        assert!(
            breaches > 50 && rungs > 150,
            "{week}: only {breaches} breaches and {rungs} rungs"
        );
    }
}
