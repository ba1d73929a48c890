//! `tandem tickets`, `tandem ticket`

use tandem_domain::RoutingState;
use tandem_proto::v1;
use tandem_proto::v1::transfer_ticket_request::Target;

use super::step::{self, Step};
use crate::cli::{Action, Format, TicketAction, Tickets};
use crate::client::{Client, collect, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{TicketRow, priority_to_proto};

/// Lists tickets.
pub(crate) async fn list(client: &Client, args: &Tickets, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let states: Vec<_> = args.state.iter().map(|state| state_to_proto(*state).into()).collect();
    let tickets = collect(args.limit, async |page_size, page_token| {
        let request = v1::ListTicketsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            states: states.clone(),
            queue: args.queue.clone().unwrap_or_default(),
            agent: args.agent.clone().unwrap_or_default(),
        };
        let page = client.tickets().list_tickets(request).await?.into_inner();
        Ok((page.tickets, page.next_page_token))
    });
    let rows: Vec<_> = tickets.await?.iter().map(TicketRow::from).collect();
    show(output, &rows, |rows| tickets_table(rows))
}

pub(super) fn state_to_proto(state: RoutingState) -> v1::RoutingState {
    match state {
        RoutingState::Queued => v1::RoutingState::Queued,
        RoutingState::Offered => v1::RoutingState::Offered,
        RoutingState::Assigned => v1::RoutingState::Assigned,
        RoutingState::OnHold => v1::RoutingState::OnHold,
        RoutingState::WrappingUp => v1::RoutingState::WrappingUp,
        RoutingState::Done => v1::RoutingState::Done,
        RoutingState::Cancelled => v1::RoutingState::Cancelled,
        RoutingState::Abandoned => v1::RoutingState::Abandoned,
        RoutingState::Scheduled => v1::RoutingState::Scheduled,
        RoutingState::Merged => v1::RoutingState::Merged,
    }
}

fn tickets_table(rows: &[TicketRow]) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.ticket.clone(),
            row.state.clone(),
            row.status.clone(),
            row.priority.clone(),
            row.queue.clone(),
            row.language.clone(),
            row.skills.join(" "),
            if row.unservable { "nobody fits" } else { row.agent() }.to_owned(),
            row.opened_at.clone(),
        ]
    });
    let header = [
        "TICKET", "STATE", "STATUS", "PRIORITY", "QUEUE", "LANGUAGE", "SKILLS", "AGENT", "OPENED",
    ];
    table(header, cells, "no tickets")
}

/// Moves a ticket on.
pub(crate) async fn act(client: &Client, args: &TicketAction, output: Format) -> Result<(), Failure> {
    let (ticket, step) = (ticket_id(&args.ticket)?, step_of(args)?);
    let desk = client.desk(&args.desk).await?;
    let ticket = step::take(client, desk, ticket, step).await?;
    show_one(output, &ticket)
}

/// Shows where a ticket is now.
pub(super) fn show_one(output: Format, ticket: &v1::Ticket) -> Result<(), Failure> {
    show(output, &TicketRow::from(ticket), one_line)
}

/// Where a ticket is, in a few words.
pub(super) fn one_line(row: &TicketRow) -> String {
    let agent = Some(row.agent()).filter(|agent| !agent.is_empty());
    let agent = agent.map(|agent| format!(", {agent}")).unwrap_or_default();
    format!("{} is {} ({}){agent}", row.ticket, row.state, row.status)
}

fn step_of(args: &TicketAction) -> Result<Step, Failure> {
    Ok(match args.action {
        Action::Hold => Step::Hold,
        Action::Resume => Step::Resume,
        Action::Requeue => Step::Requeue,
        Action::Transfer => Step::Transfer(transfer_target(args)?),
        Action::Prioritize => Step::Prioritize(priority(args)?),
        Action::Resolve => Step::Resolve,
        Action::Finish => Step::Finish,
        Action::Reopen => Step::Reopen,
        Action::Cancel => Step::Cancel,
    })
}

fn priority(args: &TicketAction) -> Result<v1::Priority, Failure> {
    let priority = args.priority.map(priority_to_proto);
    priority.ok_or_else(|| Failure::Input("say how urgent it is with --priority".into()))
}

fn transfer_target(args: &TicketAction) -> Result<Target, Failure> {
    match (&args.to_queue, &args.to_agent) {
        (Some(queue), _) => Ok(Target::Queue(queue.clone())),
        (None, Some(agent)) => Ok(Target::Agent(agent.clone())),
        (None, None) => Err(Failure::Input(
            "say where to with --to-queue QUEUE or --to-agent AGENT".into(),
        )),
    }
}
