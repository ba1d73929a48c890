//! `tandem tickets`, `tandem explain`, `tandem ticket`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Action, Explain, Format, TicketAction, Tickets};
use crate::client::{Client, collect, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{TicketRow, short, time};

/// Lists tickets.
pub async fn list(client: &Client, args: &Tickets, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let states = args
        .state
        .iter()
        .map(|name| state(name))
        .collect::<Result<Vec<_>, _>>()?;
    let tickets = collect(args.limit, |page_size, page_token| {
        let request = v1::ListTicketsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            states: states.clone(),
            queue: args.queue.clone(),
            agent: args.agent.clone(),
        };
        let mut tickets = client.tickets();
        async move {
            tickets
                .list_tickets(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.tickets, r.next_page_token))
        }
    });
    let rows: Vec<_> = tickets.await?.iter().map(TicketRow::from).collect();
    show(output, &rows, |rows| tickets_table(rows))
}

fn state(name: &str) -> Result<i32, Failure> {
    let known = tandem_domain::RoutingState::ALL
        .iter()
        .map(|state| state.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    v1::RoutingState::from_str_name(&format!("ROUTING_STATE_{}", name.to_uppercase().replace('-', "_")))
        .map(i32::from)
        .ok_or_else(|| Failure::Input(format!("`{name}` is not a state: use {known}")))
}

fn tickets_table(rows: &[TicketRow]) -> String {
    let cells = rows.iter().map(|row| {
        let who = if row.owner.is_empty() {
            &row.offered_to
        } else {
            &row.owner
        };
        [
            row.ticket.clone(),
            row.state.clone(),
            row.status.clone(),
            row.priority.clone(),
            row.queue.clone(),
            row.language.clone(),
            row.skills.join(" "),
            who.clone(),
            row.opened_at.clone(),
        ]
    });
    let header = [
        "TICKET", "STATE", "STATUS", "PRIORITY", "QUEUE", "LANGUAGE", "SKILLS", "AGENT", "OPENED",
    ];
    table(header, cells, "no tickets")
}

#[derive(Serialize)]
struct Explained {
    ticket: TicketRow,
    summary: String,
    position: u32,
    chosen: Option<String>,
    candidates: Vec<CandidateRow>,
    next_change_at: String,
}

#[derive(Serialize)]
struct CandidateRow {
    agent: String,
    rank: u32,
    lacks: Vec<String>,
}

/// Says why a ticket is where it is.
pub async fn explain(client: &Client, args: &Explain, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let request = v1::ExplainTicketRequest {
        desk,
        ticket_id: ticket_id(&args.ticket)?,
    };
    let response = client.tickets().explain_ticket(request).await?.into_inner();
    let explained = Explained {
        ticket: TicketRow::from(&response.ticket.unwrap_or_default()),
        summary: response.summary,
        position: response.position,
        chosen: response.chosen.as_ref().map(ranking),
        candidates: response.candidates.iter().map(candidate).collect(),
        next_change_at: time(response.next_change_at.as_ref()),
    };
    show(output, &explained, render_explained)
}

/// The facts that chose an agent, in a sentence.
pub fn ranking(ranking: &v1::Ranking) -> String {
    let winner = ranking.winner.clone().unwrap_or_default();
    if ranking.direct {
        return format!("{} was named by hand", winner.agent);
    }
    let others = ranking
        .runners_up
        .iter()
        .map(|rank| format!("{} {}/{}", rank.agent, rank.used_units, rank.capacity_units));
    let others = others.collect::<Vec<_>>().join(", ");
    let behind = if others.is_empty() {
        String::new()
    } else {
        format!("; behind: {others}")
    };
    format!(
        "{} of {} agents fit, {} free; {} had {} of {} units taken{behind}",
        ranking.fit, ranking.considered, ranking.free, winner.agent, winner.used_units, winner.capacity_units
    )
}

fn candidate(candidate: &v1::Candidate) -> CandidateRow {
    let lacks = candidate.lacks.iter().map(|lack| {
        let kind = short(lack.kind().as_str_name(), "KIND_").replace('_', " ");
        let what = if lack.what.is_empty() {
            kind
        } else {
            format!("{kind} {}", lack.what)
        };
        let has = if lack.has.is_empty() { "none" } else { &lack.has };
        match lack.until.as_ref() {
            Some(until) => format!("{what} until {}", time(Some(until))),
            None => format!("{what}: needs {}, has {has}", lack.needs),
        }
    });
    CandidateRow {
        agent: candidate.agent.clone(),
        rank: candidate.rank,
        lacks: lacks.collect(),
    }
}

fn render_explained(explained: &Explained) -> String {
    let ticket = &explained.ticket;
    let needs = [&ticket.queue, &ticket.channel, &ticket.language]
        .map(String::as_str)
        .join(" · ");
    let mut lines = vec![
        format!(
            "{} is {} ({}), {} priority",
            ticket.ticket, ticket.state, ticket.status, ticket.priority
        ),
        format!("needs: {needs} {}", ticket.skills.join(" "))
            .trim_end()
            .to_owned(),
        explained.summary.clone(),
    ];
    lines.extend(explained.chosen.as_ref().map(|chosen| format!("chosen: {chosen}")));
    if explained.position > 0 {
        lines.push(format!("position: {} among equal tickets", explained.position));
    }
    if !explained.next_change_at.is_empty() {
        lines.push(format!("next change by itself: {}", explained.next_change_at));
    }
    let rows = explained.candidates.iter().map(|row| {
        let rank = if row.rank == 0 {
            "-".to_owned()
        } else {
            row.rank.to_string()
        };
        let lacks = if row.lacks.is_empty() {
            "nothing".to_owned()
        } else {
            row.lacks.join("; ")
        };
        [rank, row.agent.clone(), lacks]
    });
    lines.push(table(["RANK", "AGENT", "LACKS"], rows, "no agents"));
    lines.join("\n")
}

/// Moves a ticket on.
pub async fn act(client: &Client, args: &TicketAction, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let ticket = step(client, desk, args).await?.unwrap_or_default();
    show(output, &TicketRow::from(&ticket), |row| {
        let who = if row.owner.is_empty() {
            &row.offered_to
        } else {
            &row.owner
        };
        let who = if who.is_empty() {
            String::new()
        } else {
            format!(", {who}")
        };
        format!("{} is {} ({}){who}", row.ticket, row.state, row.status)
    })
}

/// The requests differ only in their type, which is what the macro writes.
macro_rules! simple {
    ($client:ident.$method:ident($request:ident), $desk:ident, $ticket:ident) => {
        $client
            .$method(v1::$request {
                desk: $desk,
                request_id: request_id(),
                ticket_id: $ticket,
            })
            .await?
            .into_inner()
            .ticket
    };
}

async fn step(client: &Client, desk: String, args: &TicketAction) -> Result<Option<v1::Ticket>, Failure> {
    let ticket_id = ticket_id(&args.ticket)?;
    let mut tickets = client.tickets();
    Ok(match args.action {
        Action::Hold => simple!(tickets.hold_ticket(HoldTicketRequest), desk, ticket_id),
        Action::Resume => simple!(tickets.resume_ticket(ResumeTicketRequest), desk, ticket_id),
        Action::Requeue => simple!(tickets.requeue_ticket(RequeueTicketRequest), desk, ticket_id),
        Action::Resolve => simple!(tickets.resolve_ticket(ResolveTicketRequest), desk, ticket_id),
        Action::Finish => simple!(tickets.finish_wrap_up(FinishWrapUpRequest), desk, ticket_id),
        Action::Reopen => simple!(tickets.reopen_ticket(ReopenTicketRequest), desk, ticket_id),
        Action::Cancel => simple!(tickets.cancel_ticket(CancelTicketRequest), desk, ticket_id),
        Action::Transfer => {
            let target = Some(transfer_target(args)?);
            let request = v1::TransferTicketRequest {
                desk,
                request_id: request_id(),
                ticket_id,
                target,
            };
            tickets.transfer_ticket(request).await?.into_inner().ticket
        }
    })
}

fn transfer_target(args: &TicketAction) -> Result<v1::transfer_ticket_request::Target, Failure> {
    use v1::transfer_ticket_request::Target;
    match (&args.to_queue, &args.to_agent) {
        (Some(queue), _) => Ok(Target::Queue(queue.clone())),
        (None, Some(agent)) => Ok(Target::Agent(agent.clone())),
        (None, None) => Err(Failure::Input(
            "say where to with --to-queue QUEUE or --to-agent AGENT".into(),
        )),
    }
}
