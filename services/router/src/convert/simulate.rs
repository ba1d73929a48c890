//! Dry runs, on their way out.

use std::time::Duration;

use tandem_desk::Journaled;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, Event};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_routing::dry_run::{
    AgentShare, Assumptions, Comparison, Difference, Figures, Group, Outcome, Rerun, Simulated,
};
use tandem_service_kit::fields::duration;

use super::enums;

/// What came of a dry run; the stretch itself is filled in by whoever knows it. `diverged_at` is the `seq` of the first
/// difference.
pub(crate) fn comparison(
    comparison: &Comparison,
    assumptions: Assumptions,
    diverged_at: Option<u64>,
) -> v1::SimulateResponse {
    let response = v1::SimulateResponse {
        events: comparison.events,
        recorded: Some(outcome(&comparison.recorded)),
        ..v1::SimulateResponse::default()
    };
    match &comparison.rerun {
        Rerun::Exact => v1::SimulateResponse {
            exact: true,
            ..response
        },
        Rerun::Diverged(divergence) => v1::SimulateResponse {
            divergence: Some(v1::Divergence {
                seq: diverged_at.unwrap_or(0),
                recorded_kind: kind(&divergence.recorded),
                made_kind: divergence.made.as_deref().map(kind).unwrap_or_default(),
            }),
            ..response
        },
        Rerun::Other(simulated) => v1::SimulateResponse {
            simulated: Some(outcome(&simulated.outcome)),
            differences: simulated.differences.iter().map(difference).collect(),
            assumptions: sentences(simulated, assumptions),
            refused: simulated.refused,
            ..response
        },
    }
}

fn kind(event: &Event<RoutingEvent>) -> String {
    RoutingCore::encode(event).kind.to_owned()
}

fn outcome(outcome: &Outcome) -> v1::SimulatedOutcome {
    v1::SimulatedOutcome {
        whole: Some(figures(&outcome.whole)),
        groups: outcome.groups.iter().map(group).collect(),
        agents: outcome.agents.iter().map(agent).collect(),
    }
}

fn group((group, of_group): &(Group, Figures)) -> v1::SimulatedGroup {
    v1::SimulatedGroup {
        queue: group.queue.to_string(),
        channel: enums::channel(group.channel).into(),
        language: group.language.as_ref().map(ToString::to_string).unwrap_or_default(),
        figures: Some(figures(of_group)),
    }
}

fn figures(figures: &Figures) -> v1::SimulatedFigures {
    let waits = &figures.waits;
    v1::SimulatedFigures {
        tickets: figures.tickets,
        accepted: figures.accepted,
        abandoned: figures.abandoned,
        waiting: figures.waiting,
        wait_mean: Some(duration(waits.mean)),
        wait_p50: Some(duration(waits.p50)),
        wait_p90: Some(duration(waits.p90)),
        wait_p99: Some(duration(waits.p99)),
        level_due: figures.level_due,
        level_met: figures.level_met,
        accepts_missed: figures.accepts_missed,
        answers_missed: figures.answers_missed,
        reassigned: figures.reassigned,
    }
}

fn agent(share: &AgentShare) -> v1::SimulatedAgent {
    v1::SimulatedAgent {
        agent: share.agent.to_string(),
        accepted: share.accepted,
        online: Some(duration(share.online)),
        busy: Some(duration(share.busy)),
    }
}

fn difference(difference: &Difference) -> v1::SimulatedDifference {
    let agent = |agent: &Option<AgentId>| agent.as_ref().map(ToString::to_string).unwrap_or_default();
    v1::SimulatedDifference {
        ticket_id: difference.ticket.0,
        recorded_wait: Some(duration(difference.recorded.waited)),
        recorded_agent: agent(&difference.recorded.agent),
        simulated_wait: Some(duration(difference.simulated.waited)),
        simulated_agent: agent(&difference.simulated.agent),
    }
}

/// What the figures rest on, a sentence each.
fn sentences(simulated: &Simulated, assumptions: Assumptions) -> Vec<String> {
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let mut sentences = vec![
        "Customers came and wrote when they did; what ingest's rules made of a message is as recorded.".to_owned(),
        "Customers who left before anybody had their ticket leave then, if they still wait; all others wait as long as it takes."
            .to_owned(),
        "Agents came and went when they did, also those who came onto the recorded desk only in the stretch.".to_owned(),
        format!(
            "A ticket takes as long as it took; {} % of it with another agent than the recorded one.",
            assumptions.other_agents_time_percent
        ),
        format!(
            "An agent answers the offer of a ticket after the time that he or she took then, else after his or her own median; after {} (the median of all) where there is none.",
            seconds(simulated.answer_time)
        ),
        "What supervisors and escalations did happens when it did, where it can.".to_owned(),
        "Colleagues are asked for help when they were, and answer as they did; who is asked once more than that, or was never asked, helps.".to_owned(),
        "Promises: time to accept and to the first answer, in the policy's calendar, without pauses.".to_owned(),
    ];
    sentences.push(match simulated.handling_time {
        Some(time) => format!(
            "A ticket that nobody had in the stretch takes {} (the median of those that were resolved).",
            seconds(time)
        ),
        None => "A ticket that nobody had in the stretch is not finished: none was resolved in it.".to_owned(),
    });
    let declines = if assumptions.declines_as_recorded {
        "Agents decline and miss the tickets that they declined and missed."
    } else {
        "Nobody declines or misses an offer."
    };
    sentences.push(declines.to_owned());
    if !simulated.newcomers.is_empty() {
        let names: Vec<_> = simulated.newcomers.iter().map(AgentId::as_str).collect();
        let there = if assumptions.newcomers_online {
            "online throughout"
        } else {
            "never there"
        };
        sentences.push(format!(
            "New on the desk (no presence of theirs is recorded), and {there}: {}.",
            names.join(", ")
        ));
    }
    sentences
}
