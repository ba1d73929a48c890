//! `tandem simulate`

mod render;

use serde::Serialize;
use tandem_proto::v1;
use tandem_proto::v1::simulate_request::Other;

use super::desks::read;
use crate::cli::{Format, Simulate};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::show;
use crate::view::{on_the_wire, seconds, time};

#[derive(Serialize)]
struct Outcomes {
    from: String,
    to: String,
    events: u64,
    /// The same version: every event was decided anew, and is the same.
    exact: bool,
    /// The first event that is not.
    divergence: Option<String>,
    recorded: Side,
    /// None: the same version.
    simulated: Option<Side>,
    differences: Vec<Difference>,
    assumptions: Vec<String>,
    refused: u64,
}

#[derive(Serialize)]
struct Side {
    whole: Figures,
    groups: Vec<Group>,
    agents: Vec<AgentFigures>,
}

#[derive(Serialize)]
struct Group {
    queue: String,
    channel: String,
    language: String,
    figures: Figures,
}

#[derive(Serialize, Default)]
struct Figures {
    tickets: u64,
    accepted: u64,
    abandoned: u64,
    waiting: u64,
    wait_mean_seconds: f64,
    wait_p50_seconds: f64,
    wait_p90_seconds: f64,
    wait_p99_seconds: f64,
    level_due: u64,
    level_met: u64,
    accepts_missed: u64,
    answers_missed: u64,
    reassigned: u64,
}

#[derive(Serialize)]
struct AgentFigures {
    agent: String,
    accepted: u64,
    online_seconds: f64,
    busy_seconds: f64,
}

#[derive(Serialize)]
struct Difference {
    ticket: String,
    recorded_wait_seconds: f64,
    recorded_agent: String,
    simulated_wait_seconds: f64,
    simulated_agent: String,
}

/// Runs a stretch of a desk's history dry.
pub(crate) async fn run(client: &Client, args: &Simulate, output: Format) -> Result<(), Failure> {
    let text = args.file.as_deref().map(read).transpose()?;
    let desk = client.desk(&args.desk).await?;
    let request = v1::SimulateRequest {
        desk,
        from: args.from.map(on_the_wire),
        to: args.to.map(on_the_wire),
        other: text.map(Other::Text).or(args.version.map(Other::Version)),
        assumptions: Some(v1::SimulationAssumptions {
            other_agents_time_percent: args.others_take,
            nobody_declines: args.nobody_declines,
            newcomers_absent: args.newcomers_absent,
        }),
        max_events: args.max_events,
        max_differences: 0,
    };
    let response = client.desks().simulate(request).await?.into_inner();
    show(output, &simulated(response), render::text)
}

fn simulated(response: v1::SimulateResponse) -> Outcomes {
    Outcomes {
        from: time(response.from.as_ref()),
        to: time(response.to.as_ref()),
        events: response.events,
        exact: response.exact,
        divergence: response.divergence.as_ref().map(divergence),
        recorded: side(response.recorded.unwrap_or_default()),
        simulated: response.simulated.map(side),
        differences: response.differences.into_iter().map(difference).collect(),
        assumptions: response.assumptions,
        refused: response.refused,
    }
}

fn divergence(divergence: &v1::Divergence) -> String {
    let made = match divergence.made_kind.as_str() {
        "" => "nothing",
        kind => kind,
    };
    format!(
        "seq {}: {} is recorded, and {made} is made of the same input now",
        divergence.seq, divergence.recorded_kind
    )
}

fn side(outcome: v1::SimulatedOutcome) -> Side {
    Side {
        whole: figures(outcome.whole),
        groups: outcome.groups.into_iter().map(group).collect(),
        agents: outcome.agents.into_iter().map(agent).collect(),
    }
}

fn group(group: v1::SimulatedGroup) -> Group {
    Group {
        channel: group
            .channel()
            .as_str_name()
            .trim_start_matches("CHANNEL_")
            .to_lowercase(),
        queue: group.queue,
        language: group.language,
        figures: figures(group.figures),
    }
}

fn figures(figures: Option<v1::SimulatedFigures>) -> Figures {
    let figures = figures.unwrap_or_default();
    Figures {
        tickets: figures.tickets,
        accepted: figures.accepted,
        abandoned: figures.abandoned,
        waiting: figures.waiting,
        wait_mean_seconds: seconds(figures.wait_mean.as_ref()),
        wait_p50_seconds: seconds(figures.wait_p50.as_ref()),
        wait_p90_seconds: seconds(figures.wait_p90.as_ref()),
        wait_p99_seconds: seconds(figures.wait_p99.as_ref()),
        level_due: figures.level_due,
        level_met: figures.level_met,
        accepts_missed: figures.accepts_missed,
        answers_missed: figures.answers_missed,
        reassigned: figures.reassigned,
    }
}

fn agent(agent: v1::SimulatedAgent) -> AgentFigures {
    AgentFigures {
        agent: agent.agent,
        accepted: agent.accepted,
        online_seconds: seconds(agent.online.as_ref()),
        busy_seconds: seconds(agent.busy.as_ref()),
    }
}

fn difference(difference: v1::SimulatedDifference) -> Difference {
    Difference {
        ticket: format!("T{}", difference.ticket_id),
        recorded_wait_seconds: seconds(difference.recorded_wait.as_ref()),
        recorded_agent: difference.recorded_agent,
        simulated_wait_seconds: seconds(difference.simulated_wait.as_ref()),
        simulated_agent: difference.simulated_agent,
    }
}
