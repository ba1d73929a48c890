//! A desk file as plain facts that can be compared: subjects, and properties with values.

mod promises;
mod routing;

use std::collections::BTreeMap;
use std::fmt::Display;

use tandem_domain::Channel;

use crate::duration::show;
use crate::model::{Actions, Agent, ChannelSection, ChatAccount, Contact, DeskFile, Queue};
use crate::rules::Rule;
use crate::written::service_level;

/// A property and its value. What comes in sets is one fact each, the value empty or the level.
pub(super) type Fact = (String, String);

/// Something that has properties: the desk, an agent, a queue …
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) facts: Vec<Fact>,
}

/// Desk, skills, teams, regions, sites, attributes, channels, agents, tandems, queues, rules, calendars, contacts,
/// roles, ladders, policies.
pub(super) const SECTIONS: usize = 16;

pub(super) fn of(file: &DeskFile) -> [Vec<Subject>; SECTIONS] {
    let desk = Subject {
        name: "desk".to_owned(),
        facts: desk(file),
    };
    let channels = file.channels.iter();
    let channels = channels.flat_map(|(channel, section)| channel_subjects(*channel, section));
    [
        vec![desk],
        subjects("skill", &file.skills, |(id, it)| (id, vec![fact("description", it)])),
        subjects("team", &file.teams, |(id, it)| (id, vec![fact("name", it)])),
        subjects("region", &file.regions, |(id, it)| (id, vec![fact("name", it)])),
        subjects("site", &file.sites, |(id, it)| (id, routing::site(it))),
        subjects("attribute", &file.attributes, |(id, it)| (id, routing::attribute(it))),
        channels.collect(),
        subjects("agent", file.agents.iter(), |it| (&it.profile.id, agent(it))),
        subjects("tandem", file.tandems.iter(), |it| {
            (&it.id, members("agent", &it.agents))
        }),
        subjects("queue", file.queues.iter(), |it| (&it.policy.id, queue(it))),
        subjects("rule", file.rules.iter(), |it| (&it.name, rule(it))),
        subjects("calendar", file.sla.calendars.iter(), |it| {
            (&it.id, promises::calendar(it))
        }),
        subjects("contact", file.contacts.iter(), |it| (&it.id, contact(it))),
        subjects("role", &file.sla.roles, |(id, it)| (id, members("contact", it))),
        subjects("ladder", file.sla.ladders.iter(), |it| (&it.id, promises::ladder(it))),
        subjects("policy", file.sla.policies.iter(), |it| (&it.id, promises::policy(it))),
    ]
}

/// A section's subjects, of each the id and the facts.
fn subjects<T, Id: Display>(
    kind: &str,
    section: impl IntoIterator<Item = T>,
    told: impl Fn(T) -> (Id, Vec<Fact>),
) -> Vec<Subject> {
    let told = section.into_iter().map(told);
    told.map(|(id, facts)| subject(kind, id, facts)).collect()
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
    let levels = file.service_levels.iter();
    let levels = levels.map(|(channel, level)| (channel, service_level::show(*level)));
    [
        own,
        members("language", &file.languages),
        each("service_level", levels),
        routing::desk(file),
    ]
    .concat()
}

fn channel_subjects(channel: Channel, section: &ChannelSection) -> Vec<Subject> {
    let policy = &section.policy;
    let own = vec![
        fact("units", policy.units),
        fact("hold_units", policy.hold_units),
        fact("offer_ttl", show(policy.offer_ttl)),
        fact("wrap_up", show(policy.wrap_up)),
        optional("hold", policy.hold_percent.map(|percent| format!("{percent}%"))),
        fact("auto_accept", policy.auto_accept),
    ];
    let accounts = section.accounts.iter().map(|(id, account)| {
        let facts = [
            vec![fact("channel", channel), fact("queue", &account.queue)],
            members("address", &account.addresses),
            account.chat.as_ref().map(chat).unwrap_or_default(),
        ];
        subject("account", id, facts.concat())
    });
    std::iter::once(subject("channel", channel, own))
        .chain(accounts)
        .collect()
}

fn chat(chat: &ChatAccount) -> Vec<Fact> {
    let own = vec![
        fact("name", &chat.name),
        optional("contact_secret", chat.contact_secret.as_ref()),
    ];
    [own, members("origin", &chat.origins)].concat()
}

fn contact(contact: &Contact) -> Vec<Fact> {
    let webhook = contact.webhook.as_ref();
    vec![
        fact("name", &contact.name),
        optional("email", contact.email.as_ref()),
        optional("webhook", webhook.map(|webhook| &webhook.url)),
        optional("secret", webhook.map(|webhook| &webhook.secret)),
    ]
}

fn agent(agent: &Agent) -> Vec<Fact> {
    let profile = &agent.profile;
    let own = vec![
        fact("name", &agent.name),
        fact("capacity", profile.capacity),
        optional("contact", profile.contact.as_ref()),
    ];
    [
        own,
        members("team", &profile.teams),
        levels(&profile.skills),
        each("language", &profile.languages),
        each("channel_max", &profile.channel_max),
        routing::agent(profile),
    ]
    .concat()
}

fn queue(queue: &Queue) -> Vec<Fact> {
    let policy = &queue.policy;
    let own = vec![
        fact("name", &queue.name),
        fact("aging", policy.aging.map_or_else(|| "never".to_owned(), show)),
        fact("decline_pause", show(policy.decline_pause)),
        fact("max_missed", policy.max_missed),
        fact("tier", policy.tier),
        optional("next_tier", policy.next_tier.as_ref()),
    ];
    [
        own,
        members("team", &policy.teams),
        levels(&policy.skills),
        routing::queue(policy),
    ]
    .concat()
}

fn rule(rule: &Rule) -> Vec<Fact> {
    let Actions {
        queue,
        priority,
        skills,
        tags,
        tandem,
        language,
        unrouted,
    } = &rule.then;
    let own = vec![
        fact("when", rule.when.source()),
        fact("stop", rule.stop),
        optional("queue", queue.as_ref()),
        optional("priority", priority.as_ref()),
        optional("tandem", tandem.as_ref()),
        optional("language", language.as_ref()),
        optional("unrouted", unrouted.as_ref()),
    ];
    [own, levels(skills), members("tag", tags)].concat()
}
