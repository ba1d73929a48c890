//! Systems in which agents serve some kinds only. The kinds differ by skill, by queue or by language, so that each way
//! through the router is held against the same theory.

use super::Case;
use crate::crowd::{Kind, Skills, System};
use crate::desk::Asks;
use crate::exact::product_form::{Server, solve};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "N system, by skill",
            &[0.6, 0.9],
            &[(&[0], 1.0), (&[0, 1], 1.2)],
            Asks::Skill,
        ),
        case(
            "W system, by queue",
            &[0.8, 0.8],
            &[(&[0], 1.0), (&[1], 1.0), (&[0, 1], 1.0)],
            Asks::Queue,
        ),
        case(
            "four unlike agents, by skill",
            &[0.7, 0.9, 0.5],
            &[(&[0], 0.8), (&[1], 0.7), (&[0, 1], 0.6), (&[1, 2], 0.9)],
            Asks::Skill,
        ),
        case(
            "three languages",
            &[1.3, 0.9, 0.6],
            &[
                (&[0], 1.0),
                (&[0], 1.0),
                (&[1], 1.0),
                (&[1], 1.0),
                (&[2], 1.0),
                (&[0, 1, 2], 1.0),
            ],
            Asks::Language,
        ),
        case(
            "three agents for two queues",
            &[1.2, 1.2],
            &[(&[0, 1][..], 1.0); 3],
            Asks::Queue,
        ),
    ]
}

/// Agents as the kinds that they serve and the rate at which they do.
fn case(name: &str, arrivals: &[f64], agents: &[(&[usize], f64)], asks: Asks) -> Case {
    let servers = agents.iter().map(|(classes, rate)| Server {
        classes: classes.to_vec(),
        rate: *rate,
    });
    let theory = solve(arrivals, &servers.collect::<Vec<_>>());
    let skills = agents.iter().map(|(kinds, rate)| Skills {
        kinds: kinds.to_vec(),
        rate: *rate,
    });
    let kinds = arrivals.iter().map(|rate| Kind::patient(*rate));
    let system = System {
        asks,
        ..System::new(kinds.collect(), skills.collect())
    };
    let mut case = Case {
        weight: 2,
        ..Case::new(name, system)
    };
    for (kind, (wait, delayed)) in theory.waits.into_iter().zip(theory.delayed).enumerate() {
        case = case
            .expect(format!("mean wait, kind {kind}"), wait, move |run| {
                run.kinds[kind].wait()
            })
            .expect(format!("P(wait), kind {kind}"), delayed, move |run| {
                run.kinds[kind].share(run.kinds[kind].delayed)
            });
    }
    for (agent, idle) in theory.idle.into_iter().enumerate() {
        case = case.expect(format!("idle share, agent {agent}"), idle, move |run| run.idle[agent]);
    }
    case
}
