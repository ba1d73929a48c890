//! Calendars, ladders and policies as facts.

use tandem_domain::sla::{Action, Calendar, Ladder, Policy, Recipient, Rung, Window};

use super::{Fact, each, fact, members, optional};
use crate::duration::show;
use crate::written::days::weekday;
use crate::written::{hours, moment};

pub(super) fn calendar(calendar: &Calendar) -> Vec<Fact> {
    let week = calendar.hours.iter();
    let week = week.map(|(day, windows)| (weekday(*day), open(windows)));
    let holidays = calendar.holidays.iter();
    let holidays = holidays.map(|holiday| (holiday.day, open(&holiday.hours)));
    [
        vec![fact("timezone", &calendar.timezone)],
        each("hours", week),
        each("holiday", holidays),
    ]
    .concat()
}

fn open(windows: &[Window]) -> String {
    if windows.is_empty() {
        return "closed".to_owned();
    }
    windows
        .iter()
        .map(|window| hours::show(*window))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Rungs go by their place, which is what the clocks remember of them.
pub(super) fn ladder(ladder: &Ladder) -> Vec<Fact> {
    let rungs = (1..).zip(&ladder.rungs);
    let rungs: Vec<(u32, &Rung)> = rungs.collect();
    each("rung", rungs.into_iter().map(|(number, it)| (number, rung(it))))
}

fn rung(rung: &Rung) -> String {
    let mut words = vec![format!("at {}", moment::show(rung.at))];
    words.extend(rung.actions.iter().map(action));
    if let Some(repeat) = rung.repeat {
        words.push(format!("again every {} ({} times)", show(repeat.every), repeat.times));
    }
    words.join(", ")
}

fn action(action: &Action) -> String {
    match action {
        Action::RaisePriority(priority) => format!("raise to {priority}"),
        Action::MoveToQueue(queue) => format!("move to {queue}"),
        Action::MoveToTier(tier) => format!("move to tier {tier}"),
        Action::Tell(recipients) => {
            let names: Vec<&str> = recipients.iter().map(recipient).collect();
            format!("tell {}", names.join(" and "))
        }
    }
}

fn recipient(recipient: &Recipient) -> &str {
    match recipient {
        Recipient::Role(role) => role.as_str(),
        Recipient::Contact(contact) => contact.as_str(),
        Recipient::Owner => "owner",
    }
}

pub(super) fn policy(policy: &Policy) -> Vec<Fact> {
    let targets = policy.targets.iter().flat_map(|(clock, targets)| {
        let clock = *clock;
        targets
            .iter()
            .map(move |(priority, time)| (format!("{clock} {priority}"), show(*time)))
    });
    [
        vec![optional("calendar", policy.calendar.as_ref())],
        members("queue", &policy.queues),
        members("channel", &policy.channels),
        members("language", &policy.languages),
        members("priority", &policy.priorities),
        members("tag", &policy.tags),
        each("target", targets),
        each("ladder", &policy.ladders),
    ]
    .concat()
}
