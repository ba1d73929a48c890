//! One sentence on where a ticket is and why.

use tandem_domain::desk::Choice;
use tandem_domain::explain::{Candidate, Deciding, Lack, Rank, Ranking};
use tandem_domain::routing::TicketView;
use tandem_domain::{AgentId, Presence, RoutingState, Timestamp};

use crate::explain::{Crowd, is_ability};
use crate::state::State;

/// More names than these are counted, not listed.
const NAMED: usize = 3;

pub(crate) fn of(
    ticket: &TicketView,
    chosen: Option<&Ranking>,
    among: (&[Candidate], Crowd),
    until: Option<Timestamp>,
    state: &State,
) -> String {
    let until = until.map(|at| at.whole_second().to_string()).unwrap_or_default();
    let owner = ticket.owner.as_ref().map_or("nobody", AgentId::as_str);
    let why = chosen.map(why_chosen).unwrap_or_default();
    match ticket.state {
        RoutingState::Queued => format!("waits: {}", why_waiting(among, state)),
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

/// By what was kept with the offer, whatever is so now.
pub(crate) fn why_chosen(ranking: &Ranking) -> String {
    let Ranking { free, winner, .. } = ranking;
    let load = format!("{} of {} units taken", winner.used, winner.capacity);
    if ranking.direct {
        return ", transferred by hand".to_owned();
    }
    if ranking.runners_up.is_empty() {
        return format!(", the only one of {} who fit that was free ({load})", ranking.fit);
    }
    let why = match ranking.deciding {
        Some(Deciding::Turn) => "it was the queue's turn with this agent".to_owned(),
        Some(Deciding::Batch) => "several agents and tickets met, and most are served so".to_owned(),
        Some(Deciding::Score) => format!("{} ({load})", best_by(ranking.choice)),
        Some(Deciding::LongerIdle) => format!("{}, and idle the longest", equal_by(ranking.choice, &load)),
        Some(Deciding::FileOrder) => format!("{}, and first in the desk file", equal_by(ranking.choice, &load)),
        None => decided_by_load(ranking, &load),
    };
    format!(", first of {free} who were free: {why}")
}

/// Offers of older programs say no more than these figures.
fn decided_by_load(ranking: &Ranking, load: &str) -> String {
    match ranking.runners_up.first() {
        Some(second) if same_load(&ranking.winner, second) => {
            format!("{}, and idle the longest", equal_by(Choice::LeastLoaded, load))
        }
        _ => format!("{} ({load})", best_by(Choice::LeastLoaded)),
    }
}

const fn best_by(choice: Choice) -> &'static str {
    match choice {
        Choice::LeastLoaded => "the smallest share of capacity taken",
        Choice::LongestIdle => "idle the longest",
        Choice::BestSkilled => "the most skilled in what is asked",
        Choice::LeastOverSkilled => "the fewest skills beyond what is asked",
        Choice::RoundRobin => "the longest without an offer",
        Choice::Cheapest => "the cheapest",
        Choice::Weighted => "drawn by weight",
    }
}

fn equal_by(choice: Choice, load: &str) -> String {
    match choice {
        Choice::LeastLoaded => format!("as little taken as others ({load})"),
        Choice::LongestIdle => "idle as long as others".to_owned(),
        Choice::BestSkilled => "as skilled as others in what is asked".to_owned(),
        Choice::LeastOverSkilled => "as few skills beyond what is asked as others".to_owned(),
        Choice::RoundRobin => "as long without an offer as others".to_owned(),
        Choice::Cheapest => "as cheap as others".to_owned(),
        Choice::Weighted => "drawn like others".to_owned(),
    }
}

fn same_load(one: &Rank, other: &Rank) -> bool {
    u64::from(one.used) * u64::from(other.capacity) == u64::from(other.used) * u64::from(one.capacity)
}

fn why_waiting((candidates, crowd): (&[Candidate], Crowd), state: &State) -> String {
    if crowd.agents == 0 {
        return "the desk has no agents".to_owned();
    }
    let fitting = candidates
        .iter()
        .filter(|candidate| !candidate.lacks.iter().any(is_ability));
    let fitting: Vec<_> = fitting.collect();
    if fitting.is_empty() {
        let reasons = named(candidates, crowd.agents, |candidate| ability_reasons(&candidate.lacks));
        return format!("none of {} fits: {reasons}", count(crowd.agents, "agent"));
    }
    let fit = crowd.fit.max(fitting.len());
    let free: Vec<_> = fitting.iter().filter(|candidate| candidate.lacks.is_empty()).collect();
    if let Some(first) = free.first() {
        return about_to_be_offered(fit, free.len(), first);
    }
    let verb = if fit == 1 { "fits and is not" } else { "fit, none is" };
    let reasons = named(&fitting, fit, |candidate| moment_reasons(candidate, state));
    format!("{} {verb} free: {reasons}", count(fit, "agent"))
}

/// In the middle of a turn, as only the journal shows it, or while the desk gathers.
fn about_to_be_offered(fit: usize, free: usize, first: &Candidate) -> String {
    let fit = count(fit, "agent");
    let others = match free - 1 {
        0 => "is".to_owned(),
        others => format!("and {others} more are"),
    };
    format!(
        "of {fit} who fit, {} {others} free: the next offers are just being made",
        first.agent
    )
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn named<C: std::borrow::Borrow<Candidate>>(
    candidates: &[C],
    of: usize,
    reasons: impl Fn(&Candidate) -> Vec<String>,
) -> String {
    let reason = |candidate: &C| {
        let candidate = candidate.borrow();
        format!("{} {}", candidate.agent, reasons(candidate).join(" and "))
    };
    let mut parts: Vec<_> = candidates.iter().take(NAMED).map(reason).collect();
    if of > NAMED {
        parts.push(format!("and {} more", of - NAMED));
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
        Lack::Term { needs } => format!("does not meet {needs}"),
        Lack::Reserved { only } => format!("is not {}, for whom it is kept in this step", list(only)),
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
        Lack::Team { .. } | Lack::Skill { .. } | Lack::Language { .. } | Lack::Term { .. } | Lack::Reserved { .. } => {
            String::new()
        }
    };
    candidate.lacks.iter().map(reason).collect()
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

pub(crate) fn list<K: std::fmt::Display>(keys: &[K]) -> String {
    let names: Vec<_> = keys.iter().map(K::to_string).collect();
    names.join(" or ")
}
