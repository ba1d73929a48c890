//! Desks in which all policies meet, each with other neighbours.

use std::time::Duration;

use tandem_domain::desk::{
    AgentProfile, Asks, BatchPolicy, BetweenQueues, Choice, LanguageAsk, Preference, QueueOrder, RoutingStep, SkipIf,
    StepLength, Tandem,
};
use tandem_domain::sla::{Calendar, Policy, Window};
use tandem_domain::{Channel, ClockKind, CompiledDesk, Priority, Proficiency, SlaPlan};

use crate::steps::{StepBuilder, last, step};
use crate::support::{AgentBuilder, agent, desk, key, queue, seconds};

pub(super) const VERSIONS: usize = 6;
pub(super) const AGENTS: [&str; 5] = ["ann", "bob", "cid", "dan", "eve"];
pub(super) const QUEUES: [&str; 3] = ["support", "billing", "third"];

/// The world begins on Friday at 8:00 UTC: windows of ten minutes in every quarter of an hour.
fn calendar(id: &str) -> Calendar {
    let windows = (8 * 4..10 * 4).map(|quarter: u16| Window {
        from_minute: quarter * 15,
        to_minute: quarter * 15 + 10,
    });
    let windows: Vec<_> = windows.collect();
    Calendar {
        id: key(id),
        timezone: "UTC".to_owned(),
        hours: (1..=7).map(|day| (day, windows.clone())).collect(),
        holidays: Vec::new(),
    }
}

fn promises(calendars: &[&str]) -> SlaPlan {
    let target = |minutes: u64| {
        [
            (Priority::Normal, seconds(60 * minutes)),
            (Priority::Urgent, seconds(60)),
        ]
    };
    let policy = Policy {
        id: key("mail"),
        queues: [].into(),
        channels: [Channel::Email, Channel::Chat].into(),
        languages: [].into(),
        priorities: [].into(),
        tags: [].into(),
        calendar: calendars.first().map(|calendar| key(calendar)),
        targets: [(ClockKind::Accept, target(20).into())].into(),
        ladders: [].into(),
    };
    SlaPlan {
        calendars: calendars.iter().map(|calendar| self::calendar(calendar)).collect(),
        policies: vec![policy],
        ..SlaPlan::default()
    }
}

fn staff() -> Vec<AgentProfile> {
    let mut ann = agent("ann").capacity(6).at_most(2, Channel::Chat).skill("vip", 2);
    ann.teams.push(key("back"));
    ann.queues = [(key("support"), 70), (key("billing"), 30)].into();
    let mut bob = agent("bob").capacity(4).skill("vip", 3).skill("billing", 2);
    bob.teams.push(key("back"));
    bob.mentor = Some(key("dan"));
    bob.queues = [(key("support"), 20), (key("third"), 80)].into();
    let mut cid = agent("cid").speaks("de", Proficiency::C1).capacity(4);
    cid.available = Some(key("shift"));
    let mut dan = agent("dan")
        .speaks("de", Proficiency::B2)
        .skill("billing", 3)
        .capacity(3);
    dan.teams.push(key("back"));
    dan.cost = 3;
    dan.weight = 4;
    let eve = agent("eve").team("back").skill("billing", 4).capacity(5);
    vec![ann, bob, cid, dan, eve]
}

fn ladder() -> Vec<RoutingStep> {
    let mut some = last("some");
    some.asks = Asks {
        skills: false,
        language: LanguageAsk::Any,
    };
    vec![
        step("last-agent")
            .prefers(Preference::LastAgent)
            .lasts(StepLength::Wall(seconds(30))),
        step("tandem")
            .prefers(Preference::Tandem)
            .lasts(StepLength::Wall(seconds(20))),
        step("experts")
            .requires("vip >= 2")
            .skipped_if(SkipIf::NobodyOnline)
            .lasts(StepLength::Working {
                length: seconds(60),
                calendar: key("shift"),
            }),
        step("soon")
            .skipped_if(SkipIf::WaitOver(seconds(40)))
            .lasts(StepLength::ShareLeft {
                percent: 50,
                clock: ClockKind::Accept,
            }),
        some,
    ]
}

/// Everything at once, before each version takes its own way.
fn rich() -> CompiledDesk {
    let mut desk = desk(staff());
    desk.queues.push(queue("third"));
    desk.queues[0].steps = ladder();
    desk.queues[0].offers_at_once = 3;
    desk.queues[0].max_overtaken = Some(1);
    desk.queues[0].choice = Choice::LeastOverSkilled;
    desk.queues[0].absence = Some(seconds(120));
    desk.queues[1].teams.push(key("front"));
    desk.queues[1].skills.clear();
    desk.queues[1].choice = Choice::RoundRobin;
    desk.queues[1].units = [(Channel::Email, 2)].into();
    desk.queues[1].max_overtaken = Some(2);
    desk.queues[2].order = QueueOrder::Deadline(ClockKind::Accept);
    desk.queues[2].offers_at_once = 2;
    desk.queues[2].choice = Choice::Weighted;
    desk.interruptible_by = [(Channel::Email, [Channel::Chat, Channel::Phone].into())].into();
    desk.tandems = vec![Tandem {
        id: key("north"),
        agents: vec![key("ann"), key("cid")],
    }];
    desk.sla = promises(&["shift"]);
    if let Some(chat) = desk.channels.get_mut(&Channel::Chat) {
        chat.hold_percent = Some(25);
    }
    desk
}

/// One of the versions.
pub(super) fn version(number: usize) -> CompiledDesk {
    let mut desk = rich();
    let gathers = BatchPolicy {
        window: seconds(2),
        head: 200,
    };
    match number {
        0 => {}
        1 => {
            desk.between_queues = BetweenQueues::Weights;
            desk.queues[1].auto_accept = true;
            desk.queues[0].choice = Choice::BestSkilled;
            desk.queues[0].steps.remove(1);
        }
        2 => {
            desk.matching = gathers;
            let shares = [(key("support"), 600), (key("third"), 400)];
            desk.between_queues = BetweenQueues::Ratio(shares.into());
            desk.queues[0].max_overtaken = None;
            desk.queues[2].steps = vec![
                step("mentor")
                    .prefers(Preference::Mentor)
                    .lasts(StepLength::Wall(seconds(15))),
                last("all"),
            ];
        }
        3 => {
            desk.matching = gathers;
            desk.between_queues = BetweenQueues::Weights;
            desk.agents.rotate_left(2);
            desk.agents.pop();
            desk.queues[0].steps = Vec::new();
        }
        4 => {
            // Who was preferred, and the calendar, are gone; a queue is dropped; what is asked at once is less.
            desk.agents
                .retain(|agent| agent.id != key("cid") && agent.id != key("eve"));
            desk.tandems.clear();
            desk.queues.pop();
            desk.queues[0].steps.remove(2);
            desk.queues[0].offers_at_once = 1;
            desk.queues[0].choice = Choice::Cheapest;
            desk.interruptible_by.clear();
            desk.sla = promises(&[]);
            desk.matching.head = 1;
            desk.agents.iter_mut().for_each(|agent| agent.capacity = 2);
        }
        _ => {
            desk.queues[0].order = QueueOrder::Deadline(ClockKind::Accept);
            desk.queues[0].steps.rotate_left(1);
            let end = desk.queues[0].steps.len() - 1;
            for (number, step) in desk.queues[0].steps.iter_mut().enumerate() {
                step.lasts = (number < end).then_some(StepLength::Wall(Duration::from_secs(25)));
                step.prefer = step.prefer.take().filter(|_| number < end);
                step.skip_if.retain(|_| number < end);
            }
            desk.queues[0].absence = Some(seconds(30));
            desk.queues[2].absence = Some(seconds(10));
            desk.queues[2].max_overtaken = Some(0);
            desk.agents
                .iter_mut()
                .for_each(|agent| agent.available = Some(key("shift")));
            desk.queues[0].decline_pause = Duration::ZERO;
            desk.queues[1].max_missed = 1;
        }
    }
    desk
}
