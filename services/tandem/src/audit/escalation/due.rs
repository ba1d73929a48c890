//! When a clock's targets and rungs were due, from the stretches in which it ran.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{ClockId, Step};
use tandem_domain::sla::{Ladder, RungAt};
use tandem_domain::{LadderId, Timestamp};
use tandem_sla::Schedule;

/// What was due before the last moment that is known.
#[derive(Default)]
pub(super) struct Due {
    pub(super) known_until: Timestamp,
    pub(super) breaches: BTreeMap<ClockId, Timestamp>,
    pub(super) rungs: BTreeMap<(ClockId, Step), Timestamp>,
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
    reached: BTreeMap<(LadderId, u32), u32>,
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
            for (step, work) in ladder.into_iter().flat_map(|ladder| steps(ladder, target)) {
                let reached = self.reached.entry((step.ladder.clone(), step.rung)).or_default();
                if let Some(at) = at(work).filter(|_| *reached == step.repeat) {
                    *reached += 1;
                    due.rungs.insert((clock, step), at);
                }
            }
        }
        self.elapsed += schedule.between(from, until);
    }
}

/// Every rung and repetition, with the working time after which it is reached.
fn steps(ladder: &Ladder, target: Duration) -> impl Iterator<Item = (Step, Duration)> {
    (0..).zip(&ladder.rungs).flat_map(move |(rung, of)| {
        let first = match of.at {
            RungAt::Share(percent) => (target * u32::from(percent)).div_ceil_micros(100),
            RungAt::Breach => target,
            RungAt::After(later) => target + later,
        };
        let (every, times) = of
            .repeat
            .map_or((Duration::ZERO, 0), |repeat| (repeat.every, repeat.times));
        (0..=times).map(move |repeat| {
            let ladder = ladder.id.clone();
            (Step { ladder, rung, repeat }, first + every * repeat)
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
