//! Clocks and escalations of tickets that were closed just now.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tandem_domain::escalation::{ClockId, ClockView, EscalationView};
use tandem_domain::{EscalationId, Timestamp};

/// What was forgotten lately, as it was at the end: the last read-model rows are written after it has
/// been forgotten.
#[derive(Debug, Default)]
pub(crate) struct JustClosed {
    order: VecDeque<(Timestamp, Gone)>,
    /// With their escalations.
    pub(crate) clocks: BTreeMap<ClockId, (ClockView, Option<EscalationId>)>,
    pub(crate) escalations: BTreeMap<EscalationId, EscalationView>,
}

#[derive(Debug)]
enum Gone {
    Clock(ClockId),
    Escalation(EscalationId),
}

/// Far longer than a batch of commands takes to be committed.
const KEPT: Duration = Duration::from_mins(10);

impl JustClosed {
    pub(crate) fn add_clock(&mut self, at: Timestamp, view: ClockView, escalation: Option<EscalationId>) {
        self.order.push_back((at, Gone::Clock(view.id)));
        self.clocks.insert(view.id, (view, escalation));
    }

    pub(crate) fn add_escalation(&mut self, at: Timestamp, view: EscalationView) {
        self.order.push_back((at, Gone::Escalation(view.id)));
        self.escalations.insert(view.id, view);
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((_, gone)) = self.order.pop_front_if(|(at, _)| at.plus(KEPT) < now) {
            match gone {
                Gone::Clock(id) => drop(self.clocks.remove(&id)),
                Gone::Escalation(id) => drop(self.escalations.remove(&id)),
            }
        }
    }
}
