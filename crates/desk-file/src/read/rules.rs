//! `rules`: what is asked of each message, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::QueuePolicy;
use tandem_domain::{Priority, Tag, TeamId};

use super::queues;
use super::{Known, asked_levels, language};
use crate::model::{Actions, Agent, Queue};
use crate::place::{Place, Table};
use crate::rules::{Condition, Rule, Rules, locate};

const KEYS: [&str; 4] = ["name", "when", "then", "stop"];
const ACTIONS: [&str; 7] = ["queue", "priority", "skills", "tags", "tandem", "language", "unrouted"];
pub(super) const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];

/// Every message is asked all of them.
const MOST_RULES: usize = 200;
/// Each is kept in memory, compiled.
const MOST_PATTERNS: usize = 300;

/// What a rule is checked against.
pub(super) struct Around<'a, 't> {
    pub(super) known: &'a Known<'t>,
    /// None where not every agent could be read.
    pub(super) crew: Option<&'a [Agent]>,
    pub(super) queues: &'a [Queue],
}

pub(super) fn read(table: &Table<'_>, around: &Around<'_, '_>) -> Rules {
    let Some(place) = table.get("rules") else {
        return Rules::default();
    };
    let places = place.list();
    if places.len() > MOST_RULES {
        place.fault(format!(
            "{} rules: at most {MOST_RULES} are allowed, since every message is asked all of them",
            places.len()
        ));
        return Rules::default();
    }
    let mut names = BTreeSet::new();
    let rules = places.iter().enumerate();
    let rules: Vec<Rule> = rules
        .filter_map(|(index, place)| rule(index, place, around, &mut names))
        .collect();
    let patterns: usize = rules.iter().map(|rule| rule.when.patterns()).sum();
    if patterns > MOST_PATTERNS {
        place.fault(format!(
            "{patterns} patterns in `matches`: at most {MOST_PATTERNS} are allowed; join some with `|`"
        ));
    }
    Rules::new(rules)
}

fn rule(index: usize, place: &Place<'_>, around: &Around<'_, '_>, names: &mut BTreeSet<String>) -> Option<Rule> {
    let table = place.table(&KEYS);
    let name = name(index, &table, names);
    let stop = table.get("stop").and_then(|place| place.truth()).unwrap_or(false);
    let when = table
        .need("when", "message.subject.contains(\"invoice\")")
        .and_then(|place| condition(&place, around.known.text));
    let then = table.get("then").map(|place| actions(&place, around));
    if then.is_none() && table.get("stop").is_none() {
        place.fault("this rule does nothing: it needs `then`, such as `then: {queue: support}`, or `stop: true`");
    }
    Some(Rule {
        name,
        when: when?,
        then: then.unwrap_or_default(),
        stop,
    })
}

/// A rule without a name is called by its place, counted from 1.
fn name(index: usize, table: &Table<'_>, names: &mut BTreeSet<String>) -> String {
    let place = table.get("name");
    let given = place.as_ref().and_then(Place::parsed::<Tag>);
    let name = given.map_or_else(|| format!("rule-{}", index + 1), |name| name.to_string());
    if !names.insert(name.clone()) {
        place
            .as_ref()
            .unwrap_or(&table.place)
            .fault(format!("another rule is called `{name}` already"));
    }
    name
}

fn condition(place: &Place<'_>, text: &str) -> Option<Condition> {
    let source = place.text()?;
    let found = Condition::compile(source);
    found
        .map_err(|problems| {
            for problem in problems {
                place.fault_at(locate::in_file(text, place.node, problem.offset), problem.message);
            }
        })
        .ok()
}

fn actions(place: &Place<'_>, around: &Around<'_, '_>) -> Actions {
    let known = around.known;
    let table = place.table(&ACTIONS);
    if place.is_empty_table() {
        place.fault("nothing stands here: such as `{queue: support}`");
    }
    let then = Actions {
        queue: table.get("queue").and_then(|place| place.word("queue", &known.queues)),
        priority: table
            .get("priority")
            .and_then(|place| place.word::<Priority>("priority", &PRIORITIES)),
        skills: table
            .get("skills")
            .map(|place| asked_levels(&place, known))
            .unwrap_or_default(),
        tandem: table
            .get("tandem")
            .and_then(|place| place.word("tandem", &known.tandems)),
        tags: table.get("tags").map(|place| tags(&place)).unwrap_or_default(),
        language: table.get("language").and_then(|place| language(&place, known)),
        unrouted: table
            .get("unrouted")
            .and_then(|place| place.parsed::<Tag>())
            .map(|reason| reason.to_string()),
    };
    if let Some(crew) = around.crew {
        check_served(place, &then, crew, around.queues);
    }
    then
}

/// A warning where a rule asks for skills that nobody has, or nobody who serves the queue that it names.
fn check_served(place: &Place<'_>, then: &Actions, crew: &[Agent], queues: &[Queue]) {
    let named = then
        .queue
        .as_ref()
        .and_then(|id| queues.iter().find(|queue| queue.policy.id == *id));
    let is_served = match named {
        Some(queue) => is_served(&queue.policy, then, crew),
        None => crew.iter().any(|agent| queues::has_skills(agent, &then.skills)),
    };
    if !is_served {
        place.warn("nobody who could take such a ticket has these skills at these levels: it would wait for ever");
    }
}

/// In the queue's own step or one of its others, which may not ask for the rule's skills any more.
fn is_served(queue: &QueuePolicy, then: &Actions, crew: &[Agent]) -> bool {
    let nothing = BTreeMap::new();
    let is_able = |teams: &[TeamId], more| queues::able(crew, teams, &queue.skills, more).next().is_some();
    if queue.steps.is_empty() {
        return is_able(&queue.teams, &then.skills);
    }
    queue.steps.iter().any(|step| {
        let teams = if step.teams.is_empty() {
            &queue.teams
        } else {
            &step.teams
        };
        is_able(teams, if step.asks.skills { &then.skills } else { &nothing })
    })
}

fn tags(place: &Place<'_>) -> BTreeSet<Tag> {
    place.one_or_list().iter().filter_map(Place::parsed).collect()
}
