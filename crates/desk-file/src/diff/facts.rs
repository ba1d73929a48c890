//! A desk file as plain facts that can be compared: subjects, and properties with values.

use std::collections::BTreeMap;
use std::fmt::Display;

use tandem_domain::Channel;

use crate::duration::show;
use crate::model::{Actions, Agent, ChannelSection, DeskFile, Queue};
use crate::rules::Rule;

/// A property and its value. What comes in sets is one fact each, the value empty or the level.
pub(super) type Fact = (String, String);

/// Something that has properties: the desk, an agent, a queue …
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) facts: Vec<Fact>,
}

/// Desk, skills, teams, channels, agents, queues, rules.
pub(super) const SECTIONS: usize = 7;

pub(super) fn of(file: &DeskFile) -> [Vec<Subject>; SECTIONS] {
    let skills = file
        .skills
        .iter()
        .map(|(id, text)| subject("skill", id, vec![fact("description", text)]));
    let teams = file
        .teams
        .iter()
        .map(|(id, name)| subject("team", id, vec![fact("name", name)]));
    [
        vec![Subject {
            name: "desk".to_owned(),
            facts: desk(file),
        }],
        skills.collect(),
        teams.collect(),
        file.channels
            .iter()
            .flat_map(|(channel, section)| channel_subjects(*channel, section))
            .collect(),
        file.agents
            .iter()
            .map(|it| subject("agent", &it.id, agent(it)))
            .collect(),
        file.queues
            .iter()
            .map(|it| subject("queue", &it.id, queue(it)))
            .collect(),
        file.rules
            .iter()
            .map(|it| subject("rule", &it.name, rule(it)))
            .collect(),
    ]
}

fn subject(kind: &str, id: impl Display, facts: Vec<Fact>) -> Subject {
    Subject {
        name: format!("{kind} {id}"),
        facts,
    }
}

fn fact(property: impl Display, value: impl Display) -> Fact {
    (property.to_string(), value.to_string())
}

fn optional(property: &str, value: Option<impl Display>) -> Fact {
    fact(property, value.map(|value| value.to_string()).unwrap_or_default())
}

fn each<K: Display, V: Display>(property: &str, entries: impl IntoIterator<Item = (K, V)>) -> Vec<Fact> {
    entries
        .into_iter()
        .map(|(key, value)| fact(format!("{property} {key}"), value))
        .collect()
}

fn members<K: Display>(property: &str, members: impl IntoIterator<Item = K>) -> Vec<Fact> {
    each(property, members.into_iter().map(|member| (member, "")))
}

fn levels<K: Display>(levels: &BTreeMap<K, tandem_domain::SkillLevel>) -> Vec<Fact> {
    each("skill", levels.iter().map(|(skill, level)| (skill, level.get())))
}

fn desk(file: &DeskFile) -> Vec<Fact> {
    let own = vec![
        fact("key", &file.desk),
        fact("name", &file.name),
        fact("timezone", &file.timezone),
        optional("default_language", file.default_language.as_ref()),
        fact("min_proficiency", file.min_proficiency),
        fact("language_threshold", file.language_threshold),
        fact("close_after", show(file.close_after)),
    ];
    [own, members("language", &file.languages)].concat()
}

fn channel_subjects(channel: Channel, section: &ChannelSection) -> Vec<Subject> {
    let policy = &section.policy;
    let own = vec![
        fact("units", policy.units),
        fact("hold_units", policy.hold_units),
        fact("offer_ttl", show(policy.offer_ttl)),
        fact("wrap_up", show(policy.wrap_up)),
    ];
    let accounts = section.accounts.iter().map(|(id, account)| {
        let facts = [
            vec![fact("channel", channel), fact("queue", &account.queue)],
            members("address", &account.addresses),
        ];
        subject("account", id, facts.concat())
    });
    std::iter::once(subject("channel", channel, own))
        .chain(accounts)
        .collect()
}

fn agent(agent: &Agent) -> Vec<Fact> {
    let own = vec![fact("name", &agent.name), fact("capacity", agent.capacity)];
    [
        own,
        members("team", &agent.teams),
        levels(&agent.skills),
        each("language", &agent.languages),
        each("channel_max", &agent.channel_max),
    ]
    .concat()
}

fn queue(queue: &Queue) -> Vec<Fact> {
    let own = vec![
        fact("name", &queue.name),
        fact("aging", queue.aging.map_or_else(|| "never".to_owned(), show)),
        fact("decline_pause", show(queue.decline_pause)),
        fact("max_missed", queue.max_missed),
    ];
    [own, members("team", &queue.teams), levels(&queue.skills)].concat()
}

fn rule(rule: &Rule) -> Vec<Fact> {
    let Actions {
        queue,
        priority,
        skills,
        tags,
        language,
        unrouted,
    } = &rule.then;
    let own = vec![
        fact("when", rule.when.source()),
        fact("stop", rule.stop),
        optional("queue", queue.as_ref()),
        optional("priority", priority.as_ref()),
        optional("language", language.as_ref()),
        optional("unrouted", unrouted.as_ref()),
    ];
    [own, levels(skills), members("tag", tags)].concat()
}
