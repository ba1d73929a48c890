//! `tandem clocks`, `tandem escalations`, `tandem ack`

use tandem_domain::{Clock, EscalationId};
use tandem_proto::v1;
use tandem_service_kit::ids::SystemClock;

use crate::cli::{Ack, Clocks, Escalations, Format};
use crate::client::{Client, collect, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{ClockRow, EscalationRow, clock_row, due};

/// Lists clocks.
pub(crate) async fn list(client: &Client, args: &Clocks, output: Format) -> Result<(), Failure> {
    let ticket = args.ticket.as_deref().map(ticket_id).transpose()?;
    let desk = client.desk(&args.desk).await?;
    let state = args.state.as_deref().map(state_to_proto).unwrap_or_default();
    let clocks = collect(args.limit, async |page_size, page_token| {
        let request = v1::ListClocksRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            ticket_id: ticket.unwrap_or_default(),
            state,
            queue: args.queue.clone().unwrap_or_default(),
        };
        let page = client.escalations().list_clocks(request).await?.into_inner();
        Ok((page.clocks, page.next_page_token))
    });
    let now = SystemClock.now();
    let rows: Vec<_> = clocks.await?.iter().map(|clock| clock_row(clock, now)).collect();
    show(output, &rows, |rows| clocks_table(rows))
}

/// The command line lets only names of states through.
fn state_to_proto(state: &str) -> i32 {
    let name = format!("CLOCK_STATE_{}", state.to_ascii_uppercase());
    v1::ClockState::from_str_name(&name).unwrap_or_default().into()
}

fn clocks_table(rows: &[ClockRow]) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.ticket.clone(),
            row.clock.clone(),
            row.state.clone(),
            due(row.left_seconds),
            row.deadline.clone(),
            row.queue.clone(),
            row.priority.clone(),
            row.policy.clone(),
        ]
    });
    let header = [
        "TICKET", "CLOCK", "STATE", "DUE", "DEADLINE", "QUEUE", "PRIORITY", "POLICY",
    ];
    table(header, cells, "no clocks")
}

/// Lists escalations.
pub(crate) async fn escalations(client: &Client, args: &Escalations, output: Format) -> Result<(), Failure> {
    let ticket = args.ticket.as_deref().map(ticket_id).transpose()?;
    let desk = client.desk(&args.desk).await?;
    let escalations = collect(args.limit, async |page_size, page_token| {
        let request = v1::ListEscalationsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            open_only: args.open,
            ticket_id: ticket.unwrap_or_default(),
            queue: args.queue.clone().unwrap_or_default(),
        };
        let page = client.escalations().list_escalations(request).await?.into_inner();
        Ok((page.escalations, page.next_page_token))
    });
    let rows: Vec<_> = escalations.await?.iter().map(EscalationRow::from).collect();
    show(output, &rows, |rows| escalations_table(rows))
}

fn escalations_table(rows: &[EscalationRow]) -> String {
    let cells = rows.iter().map(|row| {
        let last = row.rungs.last();
        [
            row.escalation.clone(),
            row.ticket.clone(),
            row.clock.clone(),
            row.queue.clone(),
            last.map(|rung| format!("{} of {}", rung.rung, rung.ladder))
                .unwrap_or_default(),
            last.map(|rung| rung.due_at.clone()).unwrap_or_default(),
            row.standing(),
        ]
    });
    let header = ["ESCALATION", "TICKET", "CLOCK", "QUEUE", "RUNG", "REACHED", "IS"];
    table(header, cells, "no escalations")
}

/// Takes care of an escalation.
pub(crate) async fn acknowledge(client: &Client, args: &Ack, output: Format) -> Result<(), Failure> {
    let id: Result<EscalationId, _> = args.escalation.trim().to_uppercase().parse();
    let id = id.map_err(|_| Failure::Input(format!("`{}` is not an escalation: use E3 or 3", args.escalation)))?;
    let request = v1::AcknowledgeEscalationRequest {
        desk: client.desk(&args.desk).await?,
        request_id: request_id(),
        escalation_id: id.0,
    };
    let response = client.escalations().acknowledge_escalation(request).await?.into_inner();
    let row = EscalationRow::from(&response.escalation.unwrap_or_default());
    show(output, &row, |row| {
        format!("{} of {} is {}", row.escalation, row.ticket, row.standing())
    })
}
