//! Systems in which every agent can serve everybody.

use tandem_domain::Priority;

use super::Case;
use crate::crowd::{Kind, Measured, Served, Skills, System, count};
use crate::exact::birth_death::Chain;
use crate::exact::erlang::{ErlangC, priority_waits};

const TWENTY_SECONDS: f64 = 1.0 / 3.0;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        patient("12 agents, load 8.4", 4.2, 0.5, 12, TWENTY_SECONDS),
        patient("100 agents, load 90", 18.0, 0.2, 100, TWENTY_SECONDS),
        // The tenth that waits longest waits at least this: 58.139 s.
        patient("50 agents, load 48", 48.0, 1.0, 50, 58.139 / 60.0),
        impatient("50 agents, load 48, patience 2 min", 48.0, 1.0, 0.5, 50, 12.44 / 60.0),
        impatient("12 agents, load 8.4, patience 1 min", 4.2, 0.5, 1.0, 12, TWENTY_SECONDS),
        priorities(),
    ];
    cases.extend([77.4, 84.0, 90.0].map(few_lines));
    cases
}

fn everybody(kinds: Vec<Kind>, agents: u32, rate: f64) -> System {
    let all: Vec<_> = (0..kinds.len()).collect();
    let agent = Skills { kinds: all, rate };
    System::new(kinds, vec![agent; agents as usize])
}

fn wait(run: &Measured) -> f64 {
    Served::all(&run.kinds).wait()
}

fn delayed(run: &Measured) -> f64 {
    let all = Served::all(&run.kinds);
    all.share(all.delayed)
}

fn short(run: &Measured) -> f64 {
    let all = Served::all(&run.kinds);
    all.share(all.short)
}

fn queue(run: &Measured) -> f64 {
    Served::all(&run.kinds).queue
}

fn abandoned(run: &Measured) -> f64 {
    let all = Served::all(&run.kinds);
    all.share(all.left)
}

fn service_level(run: &Measured) -> f64 {
    let all = Served::all(&run.kinds);
    count(all.soon) / count(all.entered - all.left_soon)
}

fn utilisation(run: &Measured) -> f64 {
    let agents = u32::try_from(run.idle.len()).expect("a hundred agents");
    1.0 - run.idle.iter().sum::<f64>() / f64::from(agents)
}

fn blocked(run: &Measured) -> f64 {
    let entered = Served::all(&run.kinds).entered;
    count(run.blocked) / count(run.blocked + entered)
}

fn patient(name: &str, arrivals: f64, service: f64, agents: u32, soon: f64) -> Case {
    let theory = ErlangC {
        arrivals,
        service,
        agents,
    };
    let system = System {
        soon,
        ..everybody(vec![Kind::patient(arrivals)], agents, service)
    };
    Case {
        weight: 2,
        ..Case::new(name, system)
    }
    .expect("P(wait)", theory.delayed(), delayed)
    .expect("mean wait, min", theory.wait(), wait)
    .expect(format!("P(wait <= {:.2} s)", soon * 60.0), theory.within(soon), short)
    .expect("mean queue", theory.queue(), queue)
}

fn impatient(name: &str, arrivals: f64, service: f64, impatience: f64, agents: u32, soon: f64) -> Case {
    let theory = Chain {
        arrivals,
        service,
        impatience,
        agents,
        lines: None,
    };
    let kind = Kind {
        impatience,
        ..Kind::patient(arrivals)
    };
    let system = System {
        soon,
        ..everybody(vec![kind], agents, service)
    };
    let soon = format!("{:.2} s", soon * 60.0);
    let limit = system.soon;
    Case::new(name, system)
        .expect("P(wait)", theory.delayed(), delayed)
        .expect("P(abandon)", theory.abandoned(), abandoned)
        .expect("mean wait, min", theory.wait(), wait)
        .expect(format!("P(in queue <= {soon})"), 1.0 - theory.beyond(limit), short)
        .expect(
            format!("service level, {soon}"),
            theory.service_level(limit),
            service_level,
        )
        .expect("mean queue", theory.queue(), queue)
        .expect("utilisation", theory.utilisation(), utilisation)
}

/// The design of Wallace and Whitt with all skills: calls of ten minutes, ninety agents, thirty places to wait.
fn few_lines(load: f64) -> Case {
    let theory = Chain {
        arrivals: load / 10.0,
        service: 0.1,
        impatience: 0.0,
        agents: 90,
        lines: Some(120),
    };
    let system = System {
        lines: Some(120),
        soon: 0.5,
        ..everybody(vec![Kind::patient(theory.arrivals)], 90, theory.service)
    };
    Case::new(&format!("90 agents, 120 lines, load {load}"), system)
        .expect("P(no line)", theory.blocked(), blocked)
        .expect("P(wait)", theory.delayed(), delayed)
        .expect("mean wait, min", theory.wait(), wait)
        .expect("P(wait <= 30 s)", 1.0 - theory.beyond(0.5), short)
}

fn priorities() -> Case {
    let (urgent, others) = priority_waits(2.1, 2.1, 0.5, 12);
    let kind = |priority| Kind {
        priority,
        ..Kind::patient(2.1)
    };
    let system = everybody(vec![kind(Priority::High), kind(Priority::Low)], 12, 0.5);
    Case::new("12 agents, two priorities", system)
        .expect("mean wait of the urgent, min", urgent, |run| run.kinds[0].wait())
        .expect("mean wait of the others, min", others, |run| run.kinds[1].wait())
}
