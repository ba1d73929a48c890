//! Which step a ticket enters: the first that nothing speaks against.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tandem_domain::desk::{RoutingStep, SkipIf};
use tandem_domain::routing::{Intake, SkipReason, Skipped, StepPlace};
use tandem_domain::sla::PolicyFacts;
use tandem_domain::{Channel, CustomerId, Priority, QueueId, Requirement, Tag, TandemId, Timestamp};

use super::passed_over;
use crate::agents::AgentIx;
use crate::bits::Bits;
use crate::desk::{Asked, Desk};
use crate::state::State;
use crate::ticket::Ticket;

/// What of a ticket decides about its steps.
pub(super) struct Bearings<'a> {
    asked: &'a Asked,
    queue: &'a QueueId,
    channel: Channel,
    pub(super) priority: Priority,
    tags: &'a BTreeSet<Tag>,
    pub(super) opened_at: Timestamp,
    pub(super) customer: Option<CustomerId>,
    pub(super) tandem: Option<&'a TandemId>,
    pub(super) last_owner: Option<AgentIx>,
    /// Who is not offered it now, and so not waited for.
    pub(super) unwilling: Vec<AgentIx>,
}

impl<'a> Bearings<'a> {
    pub(super) fn of_intake(intake: &'a Intake, asked: &'a Asked, now: Timestamp) -> Self {
        Self {
            asked,
            queue: &intake.queue,
            channel: intake.channel,
            priority: intake.priority,
            tags: &intake.tags,
            opened_at: intake.received_at.min(now),
            customer: intake.customer,
            tandem: intake.tandem.as_ref(),
            last_owner: None,
            unwilling: Vec::new(),
        }
    }

    /// What chooses its SLA policy.
    pub(super) fn for_policy(&self, desk: &'a Desk) -> PolicyFacts<'a> {
        PolicyFacts {
            queue: self.queue,
            channel: self.channel,
            language: desk.language_of(self.asked),
            priority: self.priority,
            tags: self.tags,
        }
    }
}

impl State {
    pub(super) fn bearings<'a>(&self, ticket: &'a Ticket, queue: &'a QueueId, now: Timestamp) -> Bearings<'a> {
        Bearings {
            asked: &ticket.origin.asked,
            queue,
            channel: self.requirement(ticket).channel,
            priority: ticket.priority,
            tags: &ticket.origin.tags,
            opened_at: ticket.opened_at,
            customer: ticket.customer,
            tandem: ticket.rare.tandem.as_ref(),
            last_owner: ticket.care.last_owner,
            unwilling: passed_over(ticket, now),
        }
    }

    /// The first step from `from` on that is not passed over, and what it asks.
    pub(super) fn step_from(&self, ticket: &Bearings<'_>, from: u16, now: Timestamp) -> (Requirement, StepPlace) {
        let desk = self.desk();
        let queue = desk.queue_or_first(ticket.queue);
        let mut place = StepPlace::default();
        for (number, step) in (0..).zip(desk.steps(queue)).skip(from.into()) {
            place.step = number;
            if desk.is_last_step(queue, number) {
                break;
            }
            match self.begin(ticket, number, step, now) {
                Ok((requirement, until)) => {
                    place.until = Some(until);
                    return (requirement, place);
                }
                Err(why) => place.skipped.push(Skipped { step: number, why }),
            }
        }
        // Whoever the last step might prefer: nobody comes after it to whom the ticket could go.
        let last = desk.requirement(ticket.asked, queue, ticket.channel, (place.step, Vec::new()));
        (last, place)
    }

    /// What a step asks and when it ends, or why it is passed over.
    fn begin(
        &self,
        ticket: &Bearings<'_>,
        number: u16,
        step: &RoutingStep,
        now: Timestamp,
    ) -> Result<(Requirement, Timestamp), SkipReason> {
        let only = step
            .prefer
            .as_ref()
            .map(|preference| self.preferred(preference, ticket));
        let is_reserved = only.is_some();
        if only.as_ref().is_some_and(Vec::is_empty) {
            return Err(SkipReason::NobodyPreferred);
        }
        let of_step = (number, only.unwrap_or_default());
        let requirement = self
            .desk()
            .requirement(ticket.asked, ticket.queue, ticket.channel, of_step);
        let fit = self.fitting(&requirement);
        if is_reserved && !self.is_anybody_awaited(&fit, &ticket.unwilling) {
            return Err(SkipReason::NobodyPreferred);
        }
        if fit.count() == 0 {
            return Err(SkipReason::NobodyFits);
        }
        if let Some(why) = step
            .skip_if
            .iter()
            .find_map(|skip| self.skips(*skip, &requirement, &fit, now))
        {
            return Err(why);
        }
        let until = self.desk().step_end(step.lasts.as_ref(), ticket, now);
        let until = until.filter(|until| *until > now).ok_or(SkipReason::NoTime)?;
        Ok((requirement, until))
    }

    fn skips(&self, skip: SkipIf, asks: &Requirement, fit: &Bits, now: Timestamp) -> Option<SkipReason> {
        let (holds, why) = match skip {
            SkipIf::NobodyOnline => (fit.count_common(self.agents.there()) == 0, SkipReason::NobodyOnline),
            SkipIf::WaitOver(limit) => {
                let wait = self.expected_wait(asks, fit, now);
                (wait.is_some_and(|wait| wait > limit), SkipReason::LongWait)
            }
        };
        holds.then_some(why)
    }

    fn fitting(&self, requirement: &Requirement) -> Cow<'_, Bits> {
        match self.classes.find(requirement) {
            Some(class) => self.classes.get(class).fit.bits(),
            None => Cow::Owned(self.agents.fitting(requirement, self.desk())),
        }
    }

    /// Whether one of those who fit is there and may be offered it.
    pub(super) fn is_anybody_awaited(&self, fit: &Bits, unwilling: &[AgentIx]) -> bool {
        let mut there = fit.common(self.agents.there()).map(AgentIx::new);
        there.any(|agent| !unwilling.contains(&agent))
    }
}
