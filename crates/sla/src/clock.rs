//! One occurrence of one clock: what has elapsed, and what it comes to next.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{ClockState, Step, Terms};
use tandem_domain::sla::RungAt;
use tandem_domain::{EscalationId, LadderId, MessageId, Timestamp};

use crate::rules::{Rules, threshold};

/// A clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    pub(crate) terms: Terms,
    pub(crate) started_at: Timestamp,
    pub(crate) run: Run,
    pub(crate) breached_at: Option<Timestamp>,
    /// Nothing of the present terms is due before.
    pub(crate) floor: Timestamp,
    /// How often each rung was reached, by ladder and moment: its place may be another rung's once the ladder is edited.
    pub(crate) reached: BTreeMap<(LadderId, RungAt), u32>,
    /// Since its first rung.
    pub(crate) escalation: Option<EscalationId>,
    /// What comes next if nothing happens; worked out whenever the clock changes.
    pub(crate) next: Option<(Timestamp, Next)>,
}

/// Whether it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Running(Running),
    Paused {
        elapsed: Duration,
    },
    Met {
        at: Timestamp,
        elapsed: Duration,
        answer: Option<MessageId>,
        /// Whether it ran until then.
        ran: bool,
    },
    Cancelled {
        at: Timestamp,
        elapsed: Duration,
    },
}

/// `elapsed` until `since`, and running on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) since: Timestamp,
    pub(crate) elapsed: Duration,
}

/// What a running clock comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Breach,
    Rung(Step),
}

impl Clock {
    pub(crate) fn started(since: Timestamp, terms: Terms) -> Self {
        Self {
            terms,
            started_at: since,
            run: Run::Running(Running {
                since,
                elapsed: Duration::ZERO,
            }),
            breached_at: None,
            floor: since,
            reached: BTreeMap::new(),
            escalation: None,
            next: None,
        }
    }

    /// Whether what it waits for can still happen.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.run, Run::Running(_) | Run::Paused { .. })
    }

    pub(crate) const fn is_running(&self) -> bool {
        matches!(self.run, Run::Running(_))
    }

    pub(crate) const fn ended_at(&self) -> Option<Timestamp> {
        match self.run {
            Run::Met { at, .. } | Run::Cancelled { at, .. } => Some(at),
            Run::Running(_) | Run::Paused { .. } => None,
        }
    }

    pub(crate) const fn state(&self) -> ClockState {
        match (self.breached_at, self.run) {
            (Some(_), _) => ClockState::Breached,
            (None, Run::Running(_)) => ClockState::Running,
            (None, Run::Paused { .. }) => ClockState::Paused,
            (None, Run::Met { .. }) => ClockState::Met,
            (None, Run::Cancelled { .. }) => ClockState::Cancelled,
        }
    }

    /// Working time until `at`.
    pub(crate) fn elapsed(&self, at: Timestamp, rules: &Rules) -> Duration {
        match self.run {
            Run::Running(running) => running.until(at, &self.terms, rules),
            Run::Paused { elapsed } | Run::Met { elapsed, .. } | Run::Cancelled { elapsed, .. } => elapsed,
        }
    }

    /// How it would run if what met it had not happened; none: it stood still then.
    pub(crate) const fn if_never_met(&self) -> Option<Running> {
        match self.run {
            Run::Met {
                at, elapsed, ran: true, ..
            } => Some(Running { since: at, elapsed }),
            _ => None,
        }
    }

    /// When its target has elapsed, if it runs.
    pub(crate) fn deadline(&self, rules: &Rules) -> Option<Timestamp> {
        let Run::Running(running) = self.run else {
            return None;
        };
        running.reaches(self.terms.target?, &self.terms, rules)
    }

    /// Works out what comes next.
    pub(crate) fn look_ahead(&mut self, rules: &Rules, acknowledged: bool) {
        self.next = self.next(rules, acknowledged);
    }

    fn next(&self, rules: &Rules, acknowledged: bool) -> Option<(Timestamp, Next)> {
        let (Run::Running(running), Some(target)) = (self.run, self.terms.target) else {
            return None;
        };
        let breach = self.breached_at.is_none().then_some((target, Next::Breach));
        let rung = self.next_rung(rules, target).filter(|_| !acknowledged);
        // Both at once: the breach is what the rung is reached for.
        let (at, next) = breach.into_iter().chain(rung).min_by_key(|(at, _)| *at)?;
        let due = running.reaches(at, &self.terms, rules)?;
        Some((due.max(self.floor), next))
    }

    fn next_rung(&self, rules: &Rules, target: Duration) -> Option<(Duration, Next)> {
        let ladder = self.terms.ladder.as_ref()?;
        let rungs = rules.rungs(Some(ladder)).iter().zip(0..);
        let to_come = rungs.filter_map(|(rung, place)| {
            let repeat = self.reached.get(&(ladder.clone(), rung.at)).copied().unwrap_or(0);
            let times = rung.repeat.map_or(0, |repeat| repeat.times);
            (repeat <= times).then(|| (threshold(rung, repeat, target), place, repeat))
        });
        let (at, rung, repeat) = to_come.min_by_key(|(at, place, _)| (*at, *place))?;
        let ladder = ladder.clone();
        Some((at, Next::Rung(Step { ladder, rung, repeat })))
    }
}

impl Running {
    pub(crate) fn until(self, at: Timestamp, terms: &Terms, rules: &Rules) -> Duration {
        self.elapsed
            .saturating_add(rules.schedule(terms).between(self.since, at))
    }

    /// When `elapsed` will be, or was, this much; not before `since`.
    pub(crate) fn reaches(self, elapsed: Duration, terms: &Terms, rules: &Rules) -> Option<Timestamp> {
        let missing = elapsed.saturating_sub(self.elapsed);
        rules.schedule(terms).after(self.since, missing)
    }
}
