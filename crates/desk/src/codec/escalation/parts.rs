//! What several of the events hold: clocks, terms, rungs, facts, plans.

use tandem_domain::TicketId;
use tandem_domain::escalation::{ClockId, Plan, Step, Terms, TicketFacts, Tier};
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{damaged, duration, duration_to_proto, optional, parsed, parsed_all, required, text, texts};
use crate::codec::sla;
use crate::codec::words::Word;

pub(super) fn clock_to_proto(clock: ClockId) -> v1::ClockKey {
    v1::ClockKey {
        ticket_id: clock.ticket.0,
        kind: clock.kind.to_proto(),
        occurrence: clock.occurrence,
    }
}

pub(super) fn clock(clock: Option<v1::ClockKey>) -> Result<ClockId, DecodeError> {
    let clock = required("clock", clock)?;
    Ok(ClockId {
        ticket: TicketId(clock.ticket_id),
        kind: Word::from_proto("clock.kind", clock.kind)?,
        occurrence: clock.occurrence,
    })
}

pub(super) fn terms_to_proto(terms: &Terms) -> v1::ClockTerms {
    v1::ClockTerms {
        policy: text(terms.policy.as_ref()),
        calendar: text(terms.calendar.as_ref()),
        target: terms.target.map(duration_to_proto),
        ladder: text(terms.ladder.as_ref()),
    }
}

pub(super) fn terms(terms: Option<v1::ClockTerms>) -> Result<Terms, DecodeError> {
    let terms = required("terms", terms)?;
    let target = terms.target.map(|target| duration("terms.target", Some(target)));
    Ok(Terms {
        policy: optional("terms.policy", &terms.policy)?,
        calendar: optional("terms.calendar", &terms.calendar)?,
        target: target.transpose()?,
        ladder: optional("terms.ladder", &terms.ladder)?,
    })
}

pub(super) fn step_to_proto(step: &Step) -> v1::LadderStep {
    v1::LadderStep {
        ladder: step.ladder.to_string(),
        rung: step.rung,
        repeat: step.repeat,
    }
}

pub(super) fn step(step: Option<v1::LadderStep>) -> Result<Step, DecodeError> {
    let step = required("step", step)?;
    Ok(Step {
        ladder: parsed("step.ladder", &step.ladder)?,
        rung: step.rung,
        repeat: step.repeat,
    })
}

pub(super) fn facts_to_proto(facts: &TicketFacts) -> v1::TicketFacts {
    v1::TicketFacts {
        queue: facts.queue.to_string(),
        channel: facts.channel.to_proto(),
        language: text(facts.language.as_ref()),
        priority: facts.priority.to_proto(),
        tags: texts(&facts.tags),
    }
}

pub(super) fn facts(facts: Option<v1::TicketFacts>) -> Result<TicketFacts, DecodeError> {
    let facts = required("facts", facts)?;
    Ok(TicketFacts {
        queue: parsed("facts.queue", &facts.queue)?,
        channel: Word::from_proto("facts.channel", facts.channel)?,
        language: optional("facts.language", &facts.language)?,
        priority: Word::from_proto("facts.priority", facts.priority)?,
        tags: parsed_all("facts.tags", &facts.tags)?,
    })
}

pub(super) fn plan_to_proto(plan: &Plan) -> v1::PlanAdopted {
    let tiers = plan.tiers.iter().map(|tier| v1::QueueTier {
        queue: tier.queue.to_string(),
        tier: tier.tier.into(),
        next: text(tier.next.as_ref()),
    });
    let agents = plan.agents.iter().map(|(agent, contact)| v1::AgentContact {
        agent: agent.to_string(),
        contact: contact.to_string(),
    });
    v1::PlanAdopted {
        version: plan.version,
        sla: Some(sla::to_proto(&plan.sla)),
        tiers: tiers.collect(),
        agents: agents.collect(),
    }
}

pub(super) fn plan(plan: v1::PlanAdopted) -> Result<Plan, DecodeError> {
    let agent = |entry: &v1::AgentContact| {
        Ok((
            parsed("agents.agent", &entry.agent)?,
            parsed("agents.contact", &entry.contact)?,
        ))
    };
    Ok(Plan {
        version: plan.version,
        sla: sla::from_proto(plan.sla)?,
        tiers: plan.tiers.iter().map(tier).collect::<Result<_, _>>()?,
        agents: plan.agents.iter().map(agent).collect::<Result<_, DecodeError>>()?,
    })
}

fn tier(tier: &v1::QueueTier) -> Result<Tier, DecodeError> {
    Ok(Tier {
        queue: parsed("tiers.queue", &tier.queue)?,
        tier: u8::try_from(tier.tier).map_err(|_| damaged("tiers.tier"))?,
        next: optional("tiers.next", &tier.next)?,
    })
}
