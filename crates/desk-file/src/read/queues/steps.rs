//! `steps` of a queue: what is tried first, and what is settled for later.

use std::collections::BTreeSet;

use tandem_domain::StepId;
use tandem_domain::desk::{Asks, LanguageAsk, Preference, QueuePolicy, RoutingStep, SkipIf, StepLength};

use super::fit::Try;
use super::{Around, Queues};
use crate::duration;
use crate::place::{Place, Table, unknown};
use crate::read::{Known, PROFICIENCIES, asked, people, tandems};
use crate::rules::Rules;
use crate::written::step_length;

const KEYS: [&str; 7] = ["name", "prefer", "require", "teams", "asks", "for", "skip_if"];
const PREFERENCES: [&str; 3] = ["last_agent", "tandem", "mentor"];

/// Each holds a ticket back for its time; nobody waits through more.
const MOST_STEPS: usize = 16;

/// The steps, and for each of them what is tried; none where the queue has none of its own.
pub(super) fn read<'t>(
    table: &Table<'t>,
    queue: &QueuePolicy,
    around: &Around<'_, 't>,
) -> (Vec<RoutingStep>, Vec<Try<'t>>) {
    let Some(place) = table.get("steps") else {
        return (Vec::new(), Vec::new());
    };
    if place.is_empty_list() {
        place.fault("no step stands here: write one, or leave `steps` away");
    }
    let places = place.list();
    if places.len() > MOST_STEPS {
        place.fault(format!("{} steps: at most {MOST_STEPS} are allowed", places.len()));
        return (Vec::new(), Vec::new());
    }
    let (mut steps, mut tried): (Vec<RoutingStep>, Vec<Try<'t>>) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for (index, place) in places.iter().enumerate() {
        let table = place.table(&KEYS);
        let Some((step, next)) = step(&table, queue, around, &mut names) else {
            continue;
        };
        check_end(&table, index + 1 == places.len());
        if steps.last().is_some_and(|before| widens_nothing(before, &step)) {
            place.warn("this asks for what the step before asks for: nobody else is found by it");
        }
        steps.push(step);
        tried.push(next);
    }
    (steps, tried)
}

fn step<'t>(
    table: &Table<'t>,
    queue: &QueuePolicy,
    around: &Around<'_, 't>,
    names: &mut BTreeSet<StepId>,
) -> Option<(RoutingStep, Try<'t>)> {
    let known = around.known;
    let place = table.need("name", "experts");
    let id = place.as_ref().and_then(Place::parsed::<StepId>);
    if let (Some(place), Some(id)) = (&place, &id)
        && !names.insert(id.clone())
    {
        place.fault(format!("another step of this queue is called `{id}` already"));
    }
    let required = asked::read(table, known);
    let step = RoutingStep {
        prefer: table.get("prefer").and_then(|place| preference(&place, around)),
        require: required.as_ref().map(asked::Asked::expression),
        teams: table
            .get("teams")
            .map(|_| people::teams(table, known))
            .unwrap_or_default(),
        asks: table.get("asks").map(|place| asks(&place)).unwrap_or_default(),
        lasts: table.get("for").and_then(|place| length(&place, known)),
        skip_if: table.get("skip_if").map(|place| skips(&place)).unwrap_or_default(),
        ..RoutingStep::new(id?)
    };
    let tried = Try {
        place: table.place.clone(),
        prefer: table.get("prefer"),
        parts: required.map(|asked| asked.parts()).unwrap_or_default(),
        teams: if step.teams.is_empty() {
            queue.teams.clone()
        } else {
            step.teams.clone()
        },
        least: match step.asks.language {
            LanguageAsk::AsAsked => Some(known.least),
            LanguageAsk::AtLeast(level) => Some(level),
            LanguageAsk::Any => None,
        },
        only: match &step.prefer {
            Some(Preference::Agents(agents)) => agents.clone(),
            _ => Vec::new(),
        },
    };
    Some((step, tried))
}

/// Every step but the last ends, and the last one never does: what it asks for is the least that will do.
fn check_end(table: &Table<'_>, is_last: bool) {
    if !is_last && table.get("for").is_none() {
        let message = "this step never ends, so those after it are never reached: give it a time, such as `for: 5m`";
        table.place.fault(message);
    }
    if !is_last {
        return;
    }
    for (key, why) in [
        (
            "for",
            "the last step never ends: leave `for` away, or add a step for what comes then",
        ),
        ("skip_if", "the last step cannot be passed over: nothing comes after it"),
        (
            "prefer",
            "the last step is for everybody who can serve the ticket: put `prefer` into a step before it",
        ),
    ] {
        if let Some(place) = table.get(key) {
            place.fault(why);
        }
    }
}

fn widens_nothing(before: &RoutingStep, step: &RoutingStep) -> bool {
    before.prefer == step.prefer
        && before.require == step.require
        && before.teams == step.teams
        && before.asks == step.asks
}

fn preference(place: &Place<'_>, around: &Around<'_, '_>) -> Option<Preference> {
    let known = around.known;
    if place.says("last_agent") {
        return Some(Preference::LastAgent);
    }
    if place.says("tandem") {
        if known.tandems.is_empty() {
            place.fault("the desk has no `tandems`: name some, or prefer last_agent, mentor or agents");
        }
        return Some(Preference::Tandem);
    }
    if place.says("mentor") {
        let has_mentor = |crew: &[crate::model::Agent]| crew.iter().any(|agent| agent.profile.mentor.is_some());
        if around.crew.is_some_and(|crew| !has_mentor(crew)) {
            place.fault("no agent has a `mentor`: name some, or prefer last_agent, tandem or agents");
        }
        return Some(Preference::Mentor);
    }
    if place.is_empty_list() {
        place.fault("nobody is preferred: name agents, or leave `prefer` away");
        return None;
    }
    if !place.is_list() && !known.is_agent(place.text()?) {
        // A single word that is no agent was meant to be one of the three.
        let words = [&PREFERENCES[..], &known.agents[..]].concat();
        return place.word::<String>("preference", &words).and(None);
    }
    Some(Preference::Agents(tandems::distinct_agents(place, known)))
}

/// A step that waits for a tandem is of no use where no rule names one.
pub(in crate::read) fn check_tandems(queues: &Queues<'_>, rules: &Rules) {
    if rules.iter().any(|rule| rule.then.tandem.is_some()) {
        return;
    }
    for (queue, table) in queues.queues.iter().zip(&queues.tables) {
        let places = table.get("steps").map(|place| place.list()).unwrap_or_default();
        for (step, place) in queue.policy.steps.iter().zip(places) {
            if step.prefer == Some(Preference::Tandem) {
                place.warn("no rule names a `tandem`: this step is always passed over");
            }
        }
    }
}

fn asks(place: &Place<'_>) -> Asks {
    let table = place.table(&["skills", "language"]);
    let default = Asks::default();
    let skills = table
        .get("skills")
        .and_then(|place| place.word::<String>("word", &["keep", "drop"]));
    Asks {
        skills: skills.is_none_or(|word| word == "keep"),
        language: table
            .get("language")
            .and_then(|place| language(&place))
            .unwrap_or(default.language),
    }
}

fn language(place: &Place<'_>) -> Option<LanguageAsk> {
    if place.says("any") {
        return Some(LanguageAsk::Any);
    }
    let words = [&PROFICIENCIES[..], &["any"]].concat();
    place.word("proficiency", &words).map(LanguageAsk::AtLeast)
}

fn length(place: &Place<'_>, known: &Known<'_>) -> Option<StepLength> {
    let text = place.text()?;
    let Some(length) = step_length::parse(text) else {
        place.fault(
            "this must be a time such as 2m (1s to 30d), working time such as 30m of CALENDAR, or a share of what is left to a target such as 20% of first_response (or accept)",
        );
        return None;
    };
    if let StepLength::Working { calendar, .. } = &length
        && !known.calendars.contains(&calendar.as_str())
    {
        place.fault(unknown("calendar", calendar.as_str(), &known.calendars, place.report()));
    }
    Some(length)
}

fn skips(place: &Place<'_>) -> Vec<SkipIf> {
    place.one_or_list().iter().filter_map(skip).collect()
}

fn skip(place: &Place<'_>) -> Option<SkipIf> {
    let text = place.text()?;
    let waited = text.strip_prefix("wait over ").and_then(duration::parse);
    let found = match waited {
        Some(wait) => Some(SkipIf::WaitOver(wait)),
        None if text == "nobody_online" => Some(SkipIf::NobodyOnline),
        None => None,
    };
    if found.is_none() {
        place.fault("this must be nobody_online, or wait over 5m");
    }
    found
}
