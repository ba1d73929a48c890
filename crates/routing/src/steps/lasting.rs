//! How long a step lasts.

use std::time::Duration;

use tandem_domain::desk::StepLength;
use tandem_domain::{ClockKind, Timestamp};

use super::begin::Bearings;
use crate::desk::Desk;

impl Desk {
    /// When a step ends that begins now; none: it has no time.
    pub(super) fn step_end(
        &self,
        lasts: Option<&StepLength>,
        ticket: &Bearings<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match lasts? {
            StepLength::Wall(length) => Some(now.plus(*length)),
            StepLength::Working { length, calendar } => self.schedule(calendar)?.after(now, *length),
            StepLength::ShareLeft { percent, clock } => self.share_of_target(*percent, *clock, ticket, now),
        }
    }

    /// When this share of the working time has elapsed that is left to the ticket's target.
    fn share_of_target(
        &self,
        percent: u8,
        clock: ClockKind,
        ticket: &Bearings<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (target, schedule) = self.promised(clock, ticket.for_policy(self))?;
        let left = target.checked_sub(schedule.between(ticket.opened_at, now))?;
        schedule.after(now, share(left, percent))
    }
}

fn share(left: Duration, percent: u8) -> Duration {
    let micros = left.as_micros() * u128::from(percent) / 100;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}
