//! How long a ticket may have to wait yet.
//!
//! The estimate is the mean time between the last accepts in its queue (see [`pace`](crate::pace)) times what is before it:
//!
//! ```text
//! wait = gap × (1 + Σ ahead(c) × shared(c)) × serving / fitting
//! ```
//!
//! where the sum goes over the queue's classes, `ahead(c)` is how many of one wait before the ticket, `shared(c)` the part of
//! the agents for those who could take this one too, `serving` how many serve the queue, and `fitting` how many of them fit
//! the ticket. Of agents, those count who take offers now (all, where none of these fits).
//!
//! Where everybody fits everything that is the gap times the place in the queue. A ticket that but two of ten fit waits for
//! these two: five times the gap, but only for what is theirs as well.

use std::time::Duration;

use tandem_domain::{Requirement, Timestamp};

use crate::bits::Bits;
use crate::classes::Class;
use crate::order::WaitKey;
use crate::state::State;
use crate::ticket::{Phase, Ticket};

/// Tickets ahead are counted in thousandths.
const WHOLE: u128 = 1000;

impl State {
    /// The wait of a ticket that waits, or is being offered and so next. None: too little was accepted lately, or nobody fits.
    pub(crate) fn estimated_wait(&self, ticket: &Ticket, now: Timestamp) -> Option<Duration> {
        let class = self.classes.get(ticket.class);
        match ticket.phase {
            Phase::Queued => self.wait_of(&class.requirement, &class.fit.bits(), Some(self.wait_key(ticket)), now),
            Phase::Offered => self.pace.gap(&class.requirement.queue, now),
            _ => None,
        }
    }

    /// The wait of a ticket that would come to the end of its queue now, asking for what these fit.
    pub(crate) fn expected_wait(&self, asks: &Requirement, fit: &Bits, now: Timestamp) -> Option<Duration> {
        self.wait_of(asks, fit, None, now)
    }

    fn wait_of(&self, asks: &Requirement, fit: &Bits, key: Option<WaitKey>, now: Timestamp) -> Option<Duration> {
        let gap = self.pace.gap(&asks.queue, now)?.as_nanos();
        let anybody = Requirement::new(asks.queue.clone(), asks.channel);
        let team = self.agents.fitting(&anybody, self.desk());
        // Where nobody is there who fits, somebody who does is expected back: all count.
        let there = Some(self.agents.there()).filter(|there| fit.count_common(there) > 0);
        let there = there.unwrap_or(&team);
        let (serving, fitting) = (team.count_common(there), fit.count_common(there));
        let ahead = WHOLE + self.ahead_of(asks, &common(fit, there), there, key);
        let wait = (gap * ahead * u128::from(serving)).checked_div(WHOLE * u128::from(fitting))?;
        Some(Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX)))
    }

    /// What waits before this place, as far as it is for the same agents; in thousandths.
    fn ahead_of(&self, asks: &Requirement, fit: &Bits, there: &Bits, key: Option<WaitKey>) -> u128 {
        let Some(queue) = self.classes.find_queue(&asks.queue) else {
            return 0;
        };
        let ahead = |class: &Class| key.map_or(class.waiting.len(), |key| class.waiting.count_before(key));
        let classes = self.classes.waiting_in(queue).map(|class| {
            let (shared, all) = (class.fit.count_common(fit), class.fit.count_common(there));
            let part = (WHOLE * u128::from(shared)).checked_div(u128::from(all)).unwrap_or(0);
            part * ahead(class) as u128
        });
        classes.sum()
    }
}

fn common(one: &Bits, other: &Bits) -> Bits {
    one.common(other).collect()
}
