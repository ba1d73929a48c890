//! From what was counted to figures.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::calendar::Schedule;
use tandem_domain::sla::PolicyFacts;
use tandem_domain::{CalendarId, ClockKind, CompiledDesk, RoutingState, Timestamp};

use super::tally::{Tale, Tally};
use super::{Difference, Fate, Group, Outcome};
use crate::sim::TicketRecord;

/// Figures of some tickets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Tickets that waited for their first accept in the stretch.
    pub tickets: u64,
    /// Of these, accepted in it.
    pub accepted: u64,
    /// Of these, whose customers left before.
    pub abandoned: u64,
    /// Of these, those that still waited at its end.
    pub waiting: u64,
    /// How long the accepted ones had waited since they opened.
    pub waits: Waits,
    /// Tickets that count for the channels' service levels, as `docs/measures.md` says it.
    pub level_due: u64,
    /// Of these, accepted within the time.
    pub level_met: u64,
    /// Tickets accepted too late for their policy, or not accepted although it was time.
    pub accepts_missed: u64,
    /// Tickets first answered too late for their policy, or not answered although it was time.
    pub answers_missed: u64,
    /// How often tickets got another owner than the first.
    pub reassigned: u64,
}

/// How long tickets waited; all zero where none was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// On average.
    pub mean: Duration,
    /// Half of them at most so long.
    pub p50: Duration,
    /// Nine of ten at most so long.
    pub p90: Duration,
    /// Ninety-nine of a hundred at most so long.
    pub p99: Duration,
}

impl Waits {
    fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        let count = u32::try_from(waits.len()).unwrap_or(u32::MAX);
        Self {
            mean: waits.iter().sum::<Duration>().checked_div(count).unwrap_or_default(),
            p50: quantile(&waits, 50),
            p90: quantile(&waits, 90),
            p99: quantile(&waits, 99),
        }
    }
}

/// The smallest value that so many percent do not exceed; zero of nothing.
pub(super) fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

impl Tally {
    /// The figures at the end of the stretch, by the desk that is in force then.
    pub(super) fn outcome(&mut self, to: Timestamp) -> Outcome {
        let mut groups: BTreeMap<Group, Count> = BTreeMap::new();
        let mut whole = Count::default();
        if let Some(desk) = self.desk() {
            let promises = Promises::of(desk);
            for (record, tale) in self.waited() {
                whole.add(record, tale, &promises, to);
                groups
                    .entry(tale.group.clone())
                    .or_default()
                    .add(record, tale, &promises, to);
            }
        }
        Outcome {
            whole: whole.figures(),
            groups: groups
                .into_iter()
                .map(|(group, count)| (group, count.figures()))
                .collect(),
            agents: self.agents(to),
        }
    }
}

#[derive(Default)]
struct Count {
    figures: Figures,
    waits: Vec<Duration>,
}

impl Count {
    fn add(&mut self, record: &TicketRecord, tale: &Tale, promises: &Promises, to: Timestamp) {
        let figures = &mut self.figures;
        figures.tickets += 1;
        let abandoned = matches!(record.ended, Some((_, RoutingState::Abandoned)));
        match &record.accepted {
            Some((_, at)) => {
                figures.accepted += 1;
                self.waits.push(at.since(record.opened_at));
            }
            None if abandoned => figures.abandoned += 1,
            None if record.ended.is_none() => figures.waiting += 1,
            None => {}
        }
        figures.reassigned += u64::from(tale.owners.saturating_sub(1));
        if let Some(met) = promises.level(record, tale) {
            figures.level_due += 1;
            figures.level_met += u64::from(met);
        }
        let accepted = record.accepted.as_ref().map(|(_, at)| *at);
        let missed = |kind, kept| u64::from(promises.is_missed(kind, record, tale, kept, to));
        figures.accepts_missed += missed(ClockKind::Accept, accepted);
        figures.answers_missed += missed(ClockKind::FirstResponse, tale.answered_at);
    }

    fn figures(self) -> Figures {
        Figures {
            waits: Waits::of(self.waits),
            ..self.figures
        }
    }
}

/// What the desk promises.
struct Promises<'a> {
    desk: &'a CompiledDesk,
    schedules: BTreeMap<&'a CalendarId, Schedule>,
    always: Schedule,
}

impl<'a> Promises<'a> {
    fn of(desk: &'a CompiledDesk) -> Self {
        let calendars = desk.sla.calendars.iter();
        Self {
            desk,
            schedules: calendars
                .map(|calendar| (&calendar.id, Schedule::of(calendar)))
                .collect(),
            always: Schedule::round_the_clock(),
        }
    }

    /// Whether the service level was met; none: the ticket does not count for one.
    fn level(&self, record: &TicketRecord, tale: &Tale) -> Option<bool> {
        let within = self.desk.service_levels.get(&tale.group.channel)?.within;
        let waited = record.wait()?;
        match (&record.accepted, record.ended) {
            (Some(_), _) => Some(waited <= within),
            (None, Some((_, RoutingState::Abandoned))) if waited > within => Some(false),
            (None, _) => None,
        }
    }

    /// Whether a promise was broken by the stretch's end. Who ends a ticket before it is time breaks none.
    fn is_missed(
        &self,
        kind: ClockKind,
        record: &TicketRecord,
        tale: &Tale,
        kept: Option<Timestamp>,
        to: Timestamp,
    ) -> bool {
        let over = kept.or(record.ended.map(|(at, _)| at)).unwrap_or(to);
        self.deadline(kind, record, tale)
            .is_some_and(|deadline| over > deadline)
    }

    /// No pause is counted: a ticket has none before its first accept, and seldom one before its first answer.
    fn deadline(&self, kind: ClockKind, record: &TicketRecord, tale: &Tale) -> Option<Timestamp> {
        let facts = PolicyFacts {
            queue: &tale.group.queue,
            channel: tale.group.channel,
            language: tale.group.language.as_ref(),
            priority: record.intake.priority,
            tags: &record.intake.tags,
        };
        let policy = self.desk.sla.policy_of(facts)?;
        let target = policy.target(kind, record.intake.priority)?;
        let schedule = policy.calendar.as_ref().and_then(|id| self.schedules.get(id));
        schedule.unwrap_or(&self.always).after(record.opened_at, target)
    }
}

/// The tickets that fare most differently, the largest difference in waiting first.
pub(super) fn differences(recorded: &Tally, simulated: &Tally, to: Timestamp, named: usize) -> Vec<Difference> {
    let pairs = recorded
        .waited()
        .filter_map(|(record, _)| Some((record, simulated.counterpart(record)?)));
    let all = pairs.map(|(record, other)| Difference {
        ticket: record.ticket,
        recorded: fate(record, to),
        simulated: fate(other, to),
    });
    let mut different: Vec<_> = all
        .filter(|difference| difference.recorded != difference.simulated)
        .collect();
    different.sort_by_key(|difference| {
        let (one, other) = (difference.recorded.waited, difference.simulated.waited);
        (Reverse(one.abs_diff(other)), difference.ticket)
    });
    different.truncate(named);
    different
}

fn fate(record: &TicketRecord, to: Timestamp) -> Fate {
    Fate {
        waited: record.wait().unwrap_or_else(|| to.since(record.opened_at)),
        agent: record.accepted.as_ref().map(|(agent, _)| agent.clone()),
    }
}
