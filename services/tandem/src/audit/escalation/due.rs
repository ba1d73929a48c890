//! When a clock's targets and rungs were due, from the stretches in which it ran.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::ClockId;
use tandem_domain::sla::{Ladder, RungAt};
use tandem_domain::{LadderId, Schedule, Timestamp};

/// What was due before the last moment that is known.
#[derive(Default)]
pub(super) struct Due {
    pub(super) known_until: Timestamp,
    pub(super) breaches: BTreeMap<ClockId, Timestamp>,
    pub(super) rungs: BTreeMap<(ClockId, Reach), Timestamp>,
}

/// A rung or its repetition, known by its moment: its place may be another rung's once the ladder is edited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reach {
    pub(super) ladder: LadderId,
    pub(super) at: RungAt,
    pub(super) repeat: u32,
}

/// What applies to a clock.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Terms {
    pub(super) target: Option<Duration>,
    pub(super) calendar: Option<tandem_domain::sla::Calendar>,
    pub(super) ladder: Option<Ladder>,
}

/// What a stretch of time is to a clock.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stretch {
    /// Whatever is due in it happens.
    Running,
    /// It counts, but only a missed target counts in it: an answer came after all.
    Answered,
    /// It counts, and nothing was due in it: nobody knew.
    Unknown,
}

/// How far a clock is.
#[derive(Default)]
pub(super) struct Progress {
    elapsed: Duration,
    reached: BTreeMap<(LadderId, RungAt), u32>,
}

impl Progress {
    /// Runs from `from` until `until`; nothing is due before `floor`.
    pub(super) fn run(
        &mut self,
        clock: ClockId,
        terms: &Terms,
        (from, until, floor): (Timestamp, Timestamp, Timestamp),
        stretch: Stretch,
        due: &mut Due,
    ) {
        let schedule = terms
            .calendar
            .as_ref()
            .map_or(Schedule::round_the_clock(), Schedule::of);
        let at = |work: Duration| {
            let at = schedule.after(from, work.saturating_sub(self.elapsed))?.max(floor);
            (at < until).then_some(at)
        };
        if let (Some(target), true) = (terms.target, stretch != Stretch::Unknown) {
            if let Some(at) = at(target).filter(|_| !due.breaches.contains_key(&clock)) {
                due.breaches.insert(clock, at);
            }
            let ladder = terms.ladder.as_ref().filter(|_| stretch == Stretch::Running);
            for (reach, work) in ladder.into_iter().flat_map(|ladder| reaches(ladder, target)) {
                let reached = self.reached.entry((reach.ladder.clone(), reach.at)).or_default();
                if let Some(at) = at(work).filter(|_| *reached == reach.repeat) {
                    *reached += 1;
                    due.rungs.insert((clock, reach), at);
                }
            }
        }
        self.elapsed += schedule.between(from, until);
    }
}

/// Every rung and repetition, with the working time after which it is reached.
fn reaches(ladder: &Ladder, target: Duration) -> impl Iterator<Item = (Reach, Duration)> {
    ladder.rungs.iter().flat_map(move |of| {
        let first = match of.at {
            RungAt::Share(percent) => (target * u32::from(percent)).div_ceil_micros(100),
            RungAt::Breach => target,
            RungAt::After(later) => target + later,
        };
        let (every, times) = of
            .repeat
            .map_or((Duration::ZERO, 0), |repeat| (repeat.every, repeat.times));
        (0..=times).map(move |repeat| {
            let (ladder, at) = (ladder.id.clone(), of.at);
            (Reach { ladder, at, repeat }, first + every * repeat)
        })
    })
}

trait DivCeil {
    fn div_ceil_micros(self, by: u128) -> Duration;
}

impl DivCeil for Duration {
    fn div_ceil_micros(self, by: u128) -> Duration {
        Duration::from_micros(u64::try_from(self.as_micros().div_ceil(by)).unwrap_or(u64::MAX))
    }
}
