//! For comparison: how an agent is chosen where nothing is kept in order. Each is looked at, with sets of words.

use std::collections::HashSet;
use std::hint::black_box;

use tandem_domain::{CompiledDesk, Timestamp};

use crate::clock::{Times, now};
use crate::desks::{Mails, Size, desk};

struct Plain {
    skills: HashSet<String>,
    languages: HashSet<String>,
    busy: bool,
    idle_since: u64,
}

fn plain(desk: &CompiledDesk) -> Vec<Plain> {
    let agents = desk.agents.iter().enumerate();
    agents
        .map(|(at, agent)| Plain {
            skills: agent.skills.keys().map(ToString::to_string).collect(),
            languages: agent.languages.keys().map(ToString::to_string).collect(),
            // One in twenty is free.
            busy: at % 20 != 0,
            idle_since: (at as u64).wrapping_mul(0x9e37_79b9) % 1_000_003,
        })
        .collect()
}

/// One choice of the agent who has been idle longest, and nothing else.
pub(crate) fn choices(size: Size, number: usize) -> Times {
    let agents = plain(&desk(size, 1));
    let mut mails = Mails::new(size, 2);
    let mut times = Times::new();
    for _ in 0..number {
        let mail = mails.next(Timestamp::EPOCH);
        let language = mail.language.expect("each mail has one").to_string();
        let skills: Vec<String> = mail.skills.keys().map(ToString::to_string).collect();
        let begun = now();
        let fit = agents.iter().filter(|agent| {
            agent.languages.contains(&language) && skills.iter().all(|skill| agent.skills.contains(skill))
        });
        let best = fit.filter(|agent| !agent.busy).min_by_key(|agent| agent.idle_since);
        black_box(best.map(|agent| agent.idle_since));
        times.add(begun.elapsed());
    }
    times
}
