//! One sentence on where a ticket is and why.

use tandem_domain::explain::{Candidate, Lack, Rank, Ranking};
use tandem_domain::routing::TicketView;
use tandem_domain::{AgentId, Presence, RoutingState, TeamId, Timestamp};

use crate::explain::is_ability;
use crate::state::State;

/// More names than these are counted, not listed.
const NAMED: usize = 3;

pub(crate) fn of(
    ticket: &TicketView,
    chosen: Option<&Ranking>,
    candidates: &[Candidate],
    until: Option<Timestamp>,
    state: &State,
) -> String {
    let until = until.map(|at| at.whole_second().to_string()).unwrap_or_default();
    let owner = ticket.owner.as_ref().map_or("nobody", AgentId::as_str);
    let why = chosen.map(why_chosen).unwrap_or_default();
    match ticket.state {
        RoutingState::Queued => format!("waits: {}", why_waiting(candidates, state)),
        RoutingState::Offered => {
            let agent = ticket.offer.as_ref().map_or("nobody", |offer| offer.agent.as_str());
            format!("offered to {agent} until {until}{why}")
        }
        RoutingState::Assigned => format!("{owner} has it{why}"),
        RoutingState::OnHold => format!("{owner} set it aside, waiting for the customer"),
        RoutingState::WrappingUp => format!("served; {owner} wraps up until {until} at the latest"),
        RoutingState::Done => format!("resolved; a new message reopens it until {until}"),
        RoutingState::Cancelled => "cancelled".to_owned(),
        RoutingState::Scheduled => "waits until the time for which it is scheduled".to_owned(),
        RoutingState::Merged => "went into another ticket".to_owned(),
        RoutingState::Abandoned => "abandoned: the customer left before anybody had it".to_owned(),
    }
}

fn why_chosen(ranking: &Ranking) -> String {
    let Ranking {
        free,
        winner,
        runners_up,
        ..
    } = ranking;
    let load = format!("{} of {} units taken", winner.used, winner.capacity);
    match runners_up.first() {
        _ if ranking.direct => ", transferred by hand".to_owned(),
        None => format!(", the only one of {} who fit that was free ({load})", ranking.fit),
        Some(second) if same_load(winner, second) => {
            format!(", first of {free} who were free: as little taken as others ({load}), and idle the longest")
        }
        Some(_) => format!(", first of {free} who were free: the smallest share of capacity taken ({load})"),
    }
}

fn same_load(one: &Rank, other: &Rank) -> bool {
    u64::from(one.used) * u64::from(other.capacity) == u64::from(other.used) * u64::from(one.capacity)
}

fn why_waiting(candidates: &[Candidate], state: &State) -> String {
    let fitting: Vec<_> = candidates
        .iter()
        .filter(|candidate| !candidate.lacks.iter().any(is_ability))
        .collect();
    if candidates.is_empty() {
        return "the desk has no agents".to_owned();
    }
    if fitting.is_empty() {
        let reasons = named(candidates, |candidate| ability_reasons(&candidate.lacks));
        return format!("none of {} fits: {reasons}", count(candidates.len(), "agent"));
    }
    let verb = if fitting.len() == 1 {
        "fits and is not"
    } else {
        "fit, none is"
    };
    let reasons = named(&fitting, |candidate| moment_reasons(candidate, state));
    format!("{} {verb} free: {reasons}", count(fitting.len(), "agent"))
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn named<C: std::borrow::Borrow<Candidate>>(candidates: &[C], reasons: impl Fn(&Candidate) -> Vec<String>) -> String {
    let reason = |candidate: &C| {
        let candidate = candidate.borrow();
        format!("{} {}", candidate.agent, reasons(candidate).join(" and "))
    };
    let mut parts: Vec<_> = candidates.iter().take(NAMED).map(reason).collect();
    if candidates.len() > NAMED {
        parts.push(format!("and {} more", candidates.len() - NAMED));
    }
    parts.join(", ")
}

fn ability_reasons(lacks: &[Lack]) -> Vec<String> {
    let reason = |lack: &Lack| match lack {
        Lack::Team { needs } => format!("is not in team {}", list(needs)),
        Lack::Skill {
            skill,
            needs,
            has: None,
        } => format!("lacks skill {skill} (needs {})", needs.get()),
        Lack::Skill {
            skill,
            needs,
            has: Some(has),
        } => {
            format!("has skill {skill} at {} (needs {})", has.get(), needs.get())
        }
        Lack::Language {
            language,
            needs,
            has: None,
        } => format!("does not speak {language} (needs {needs})"),
        Lack::Language {
            language,
            needs,
            has: Some(has),
        } => format!("speaks {language} at {has} (needs {needs})"),
        Lack::Presence { .. }
        | Lack::OutOfHours { .. }
        | Lack::Capacity { .. }
        | Lack::ChannelMaximum { .. }
        | Lack::PassedOver { .. } => String::new(),
    };
    lacks.iter().filter(|lack| is_ability(lack)).map(reason).collect()
}

fn moment_reasons(candidate: &Candidate, state: &State) -> Vec<String> {
    let reason = |lack: &Lack| match lack {
        Lack::Presence {
            is: Presence::NotResponding,
        } => "is not responding".to_owned(),
        Lack::Presence { is } => format!("is {is}"),
        Lack::OutOfHours { until: Some(until) } => {
            format!("is outside his or her hours until {}", until.whole_second())
        }
        Lack::OutOfHours { until: None } => "has no hours any more".to_owned(),
        Lack::Capacity { needs, .. } => no_room(&candidate.agent, *needs, state),
        Lack::ChannelMaximum { has, maximum } => format!("has the most tickets of this channel ({has} of {maximum})"),
        Lack::PassedOver { until } => {
            let until = until.whole_second();
            format!("declined or missed it and is passed over until {until}")
        }
        Lack::Team { .. } | Lack::Skill { .. } | Lack::Language { .. } => String::new(),
    };
    let reasons: Vec<_> = candidate.lacks.iter().map(reason).collect();
    if reasons.is_empty() {
        vec!["is free".to_owned()]
    } else {
        reasons
    }
}

fn no_room(agent: &AgentId, needs: u32, state: &State) -> String {
    let (used, capacity) = state.agents.find(agent).map_or((0, 0), |agent| {
        let slot = state.agents.get(agent);
        (slot.load.used(), slot.capacity())
    });
    if needs > 1 {
        format!("has no room ({used} of {capacity} units, needs {needs})")
    } else {
        format!("has no room ({used} of {capacity} units)")
    }
}

fn list(teams: &[TeamId]) -> String {
    let names: Vec<_> = teams.iter().map(TeamId::as_str).collect();
    names.join(" or ")
}
