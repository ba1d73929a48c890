//! `tandem preview`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Format, Preview};
use crate::client::{Client, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{channel_to_proto, clock_kind, on_the_wire, priority_to_proto, seconds, time, whole_span};

#[derive(Serialize)]
struct Previewed {
    /// Empty: nothing is promised.
    policy: String,
    clocks: Vec<ClockAhead>,
}

#[derive(Serialize)]
struct ClockAhead {
    clock: String,
    target_seconds: f64,
    deadline: String,
    ladder: String,
    rungs: Vec<RungAhead>,
}

#[derive(Serialize)]
struct RungAhead {
    rung: u32,
    /// 0: the first time.
    repeat: u32,
    due_at: String,
}

/// Says what is promised to a ticket, and what would happen when if nobody did anything.
pub(crate) async fn run(client: &Client, args: &Preview, output: Format) -> Result<(), Failure> {
    let ticket = args.ticket.as_deref().map(ticket_id).transpose()?;
    let desk = client.desk(&args.desk).await?;
    let request = match ticket {
        Some(ticket) => like(client, desk, ticket).await?,
        None => described(desk, args),
    };
    let response = client.escalations().preview_escalation(request).await?.into_inner();
    let previewed = Previewed {
        policy: response.policy,
        clocks: response.clocks.into_iter().map(clock).collect(),
    };
    show(output, &previewed, render)
}

/// A ticket like one that there is, opened when that one was.
async fn like(client: &Client, desk: String, ticket_id: u64) -> Result<v1::PreviewEscalationRequest, Failure> {
    let request = v1::GetTicketRequest {
        desk: desk.clone(),
        ticket_id,
    };
    let ticket = client
        .tickets()
        .get_ticket(request)
        .await?
        .into_inner()
        .ticket
        .unwrap_or_default();
    let priority = ticket.priority;
    let needs = ticket.requirement.unwrap_or_default();
    Ok(v1::PreviewEscalationRequest {
        desk,
        channel: needs.channel,
        queue: needs.queue,
        language: needs.language.map(|level| level.language).unwrap_or_default(),
        priority,
        tags: ticket.tags,
        opened_at: ticket.opened_at,
    })
}

fn described(desk: String, args: &Preview) -> v1::PreviewEscalationRequest {
    v1::PreviewEscalationRequest {
        desk,
        queue: args.queue.clone().unwrap_or_default(),
        channel: channel_to_proto(args.channel).into(),
        language: args.language.clone().unwrap_or_default(),
        priority: priority_to_proto(args.priority).into(),
        tags: args.tag.clone(),
        opened_at: args.opened_at.map(on_the_wire),
    }
}

fn clock(clock: v1::PreviewedClock) -> ClockAhead {
    ClockAhead {
        clock: clock_kind(clock.kind()),
        target_seconds: seconds(clock.target.as_ref()),
        deadline: time(clock.deadline.as_ref()),
        ladder: clock.ladder,
        rungs: clock.rungs.into_iter().map(rung).collect(),
    }
}

fn rung(rung: v1::PreviewedRung) -> RungAhead {
    RungAhead {
        rung: rung.rung,
        repeat: rung.repeat,
        due_at: time(rung.due_at.as_ref()),
    }
}

fn render(previewed: &Previewed) -> String {
    if previewed.policy.is_empty() {
        return "nothing is promised to such a ticket".to_owned();
    }
    let cells = previewed.clocks.iter().flat_map(lines);
    let lines = table(["WHEN", "WHAT"], cells, "no clock runs for it (any more)");
    format!("policy {}\n{lines}", previewed.policy)
}

/// A clock's deadline and rungs, in the order of time.
fn lines(clock: &ClockAhead) -> Vec<[String; 2]> {
    let ClockAhead {
        clock: kind, ladder, ..
    } = clock;
    let target = whole_span(clock.target_seconds);
    let deadline = [clock.deadline.clone(), format!("{kind}: {target} are over")];
    let rungs = clock.rungs.iter().map(|rung| {
        let again = if rung.repeat > 0 { ", again" } else { "" };
        [
            rung.due_at.clone(),
            format!("{kind}: rung {} of {ladder}{again}", rung.rung),
        ]
    });
    let mut lines: Vec<_> = std::iter::once(deadline).chain(rungs).collect();
    lines.sort_by(|[one, _], [other, _]| one.cmp(other));
    lines
}
