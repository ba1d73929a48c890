//! What about a ticket changes by itself.

use tandem_domain::Timestamp;
use tandem_domain::explain::{Candidate, Change, Lack};

use crate::explain::is_ability;
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::timers::Timer;

/// So many are told of.
const TOLD: usize = 5;

impl State {
    /// What changes by itself, soonest first.
    pub(crate) fn changes(&self, ticket: &Ticket, candidates: &[Candidate]) -> Vec<Change> {
        let own = ticket.deadlines().map(|(at, timer)| Change {
            at,
            what: self.what_ends(ticket, timer),
        });
        let waits = ticket.phase == Phase::Queued;
        let fitting = candidates
            .iter()
            .filter(|candidate| waits && !candidate.lacks.iter().any(is_ability));
        let mut changes: Vec<_> = own.chain(fitting.flat_map(others_changes)).collect();
        changes.sort_by_key(|change| change.at);
        changes.truncate(TOLD);
        changes
    }

    fn what_ends(&self, ticket: &Ticket, timer: Timer) -> String {
        match timer {
            Timer::OfferExpires(offer) => {
                let open = ticket.care.offers.iter().find(|open| open.id == offer);
                let agent = open.map(|open| self.agents.get(open.agent).id.as_str());
                format!("the offer to {} expires", agent.unwrap_or("somebody"))
            }
            Timer::StepEnds => {
                let steps = self.desk().steps(&self.requirement(ticket).queue).len();
                let step = self.requirement(ticket).step + 1;
                format!("routing step {step} of {steps} ends, and the next one begins")
            }
            Timer::WrapUpEnds => "wrap-up ends".to_owned(),
            Timer::Closes => "it is closed for good".to_owned(),
            Timer::Due => "it is due, and enters its queue".to_owned(),
            Timer::OwnerAbsent => "its owner has been away for too long, and it is queued".to_owned(),
            Timer::PauseEnds(agent) => format!("{} is passed over for it no longer", self.agents.get(agent).id),
        }
    }
}

/// What makes a waiting ticket's agents free.
fn others_changes(candidate: &Candidate) -> impl Iterator<Item = Change> {
    let change = |at: Timestamp, what: &str| Change {
        at,
        what: format!("{} {what}", candidate.agent),
    };
    candidate.lacks.iter().filter_map(move |lack| match lack {
        Lack::PassedOver { until } => Some(change(*until, "is passed over for it no longer")),
        Lack::OutOfHours { until: Some(until) } => Some(change(*until, "can be offered work again")),
        _ => None,
    })
}
