//! Queues that go by the time left to a target that nobody promised.

use tandem_domain::desk::{QueueOrder, QueuePolicy, StepLength};
use tandem_domain::{ClockKind, SlaPlan};

use super::Queues;

pub(in crate::read) fn check(queues: &Queues<'_>, plan: &SlaPlan) {
    for (queue, table) in queues.queues.iter().zip(&queues.tables) {
        let policy = &queue.policy;
        if let QueueOrder::Deadline(clock) = policy.order
            && !is_promised(policy, plan, clock)
            && let Some(place) = table.get("order")
        {
            place.warn(format!(
                "no policy with a target for `{clock}` fits this queue's tickets: they would all go by age"
            ));
        }
        let places = table.get("steps").map(|place| place.list()).unwrap_or_default();
        for (step, place) in policy.steps.iter().zip(places) {
            if let Some(StepLength::ShareLeft { clock, .. }) = step.lasts
                && !is_promised(policy, plan, clock)
            {
                place.fault(format!(
                    "no policy with a target for `{clock}` fits this queue's tickets, so there is no time of which to take a share: add one, or write a time such as `for: 5m`"
                ));
            }
        }
    }
}

fn is_promised(queue: &QueuePolicy, plan: &SlaPlan, clock: ClockKind) -> bool {
    plan.policies.iter().any(|policy| {
        let is_its = policy.queues.is_empty() || policy.queues.contains(&queue.id);
        is_its && policy.targets.contains_key(&clock)
    })
}
