//! Facts on how tickets are routed.

use std::fmt::Display;

use tandem_domain::desk::{
    AgentProfile, BetweenQueues, LanguageAsk, Preference, QueueOrder, QueuePolicy, RoutingStep, SkipIf,
};
use tandem_domain::expression::AttributeValue;

use super::{Fact, each, fact, members, optional};
use crate::duration::show;
use crate::model::{AttributeKind, DeskFile, Site};
use crate::written::{percent, step_length};

pub(super) fn desk(file: &DeskFile) -> Vec<Fact> {
    let interruptible = file.interruptible_by.iter();
    let interruptible = interruptible.map(|(channel, by)| (channel, list(by)));
    let shares = match &file.between_queues {
        BetweenQueues::Ratio(shares) => each(
            "ratio",
            shares
                .iter()
                .map(|(queue, share)| (queue, percent::show_per_mille(*share))),
        ),
        BetweenQueues::LongestWait | BetweenQueues::Weights => Vec::new(),
    };
    let between = match &file.between_queues {
        BetweenQueues::LongestWait => "longest_wait",
        BetweenQueues::Weights => "weights",
        BetweenQueues::Ratio(_) => "ratio",
    };
    let own = vec![
        fact("between_queues", between),
        fact("matching window", show(file.matching.window)),
        fact("matching head", file.matching.head),
    ];
    [own, shares, each("interruptible", interruptible)].concat()
}

pub(super) fn site(site: &Site) -> Vec<Fact> {
    vec![fact("name", &site.name), optional("region", site.region.as_ref())]
}

pub(super) fn attribute(kind: &AttributeKind) -> Vec<Fact> {
    match kind {
        AttributeKind::Number => vec![fact("kind", "number")],
        AttributeKind::Keys(words) => [vec![fact("kind", "words")], members("word", words)].concat(),
    }
}

pub(super) fn agent(profile: &AgentProfile) -> Vec<Fact> {
    let own = vec![
        optional("site", profile.site.as_ref()),
        optional("tier", (profile.tier > 0).then_some(profile.tier)),
        optional("mentor", profile.mentor.as_ref()),
        fact("cost", profile.cost),
        fact("weight", profile.weight),
        optional("available", profile.available.as_ref()),
    ];
    let attributes = profile.attributes.iter().map(|(id, value)| match value {
        AttributeValue::Key(key) => (id, key.to_string()),
        AttributeValue::Number(number) => (id, number.to_string()),
    });
    let shares = profile.queues.iter().map(|(queue, share)| (queue, format!("{share}%")));
    [own, each("attribute", attributes), each("queue", shares)].concat()
}

pub(super) fn queue(policy: &QueuePolicy) -> Vec<Fact> {
    let own = vec![
        optional("require", policy.require.as_ref()),
        fact("order", order(policy.order)),
        optional("max_overtaken", policy.max_overtaken),
        fact("choice", policy.choice),
        fact("offers_at_once", policy.offers_at_once),
        fact("auto_accept", policy.auto_accept),
        optional("absence", policy.absence.map(show)),
        // Their order counts.
        fact("steps", list(policy.steps.iter().map(|step| &step.id))),
    ];
    let steps = policy.steps.iter().map(|it| (&it.id, step(it)));
    [own, each("units", &policy.units), each("step", steps)].concat()
}

fn order(order: QueueOrder) -> String {
    match order {
        QueueOrder::Deadline(clock) => format!("deadline of {clock}"),
        // Strict order is `aging never`, which is a fact of its own.
        QueueOrder::Aging => "aging".to_owned(),
    }
}

/// All of a step in one line.
fn step(step: &RoutingStep) -> String {
    let mut words = Vec::new();
    match &step.prefer {
        None => {}
        Some(Preference::LastAgent) => words.push("prefer last_agent".to_owned()),
        Some(Preference::Tandem) => words.push("prefer tandem".to_owned()),
        Some(Preference::Mentor) => words.push("prefer mentor".to_owned()),
        Some(Preference::Agents(agents)) => words.push(format!("prefer {}", list(agents))),
    }
    words.extend(step.require.iter().map(|asked| format!("require {asked}")));
    if !step.teams.is_empty() {
        words.push(format!("teams {}", list(&step.teams)));
    }
    if !step.asks.skills {
        words.push("drop skills".to_owned());
    }
    match step.asks.language {
        LanguageAsk::AsAsked => {}
        LanguageAsk::AtLeast(level) => words.push(format!("language {level}")),
        LanguageAsk::Any => words.push("language any".to_owned()),
    }
    words.extend(
        step.lasts
            .iter()
            .map(|length| format!("for {}", step_length::show(length))),
    );
    words.extend(step.skip_if.iter().map(|skip| match skip {
        SkipIf::NobodyOnline => "skip if nobody_online".to_owned(),
        SkipIf::WaitOver(wait) => format!("skip if wait over {}", show(*wait)),
    }));
    if words.is_empty() {
        "everybody".to_owned()
    } else {
        words.join("; ")
    }
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}
