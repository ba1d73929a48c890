//! `tandem agents`, `tandem messages`

use tandem_proto::v1;

use crate::cli::{DeskArg, Format, Messages};
use crate::client::{Client, collect, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{AgentRow, MessageRow, clip};

/// Lists agents.
pub(crate) async fn agents(client: &Client, desk: &DeskArg, output: Format) -> Result<(), Failure> {
    let desk = client.desk(desk).await?;
    let agents = collect(usize::MAX, async |page_size, page_token| {
        let request = v1::ListAgentsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
        };
        let page = client.agents().list_agents(request).await?.into_inner();
        Ok((page.agents, page.next_page_token))
    });
    let rows: Vec<_> = agents.await?.iter().map(AgentRow::from).collect();
    show(output, &rows, |rows| agents_table(rows))
}

fn agents_table(rows: &[AgentRow]) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.agent.clone(),
            row.presence.clone(),
            format!("{}/{}", row.used_units, row.capacity_units),
            row.missed_offers.to_string(),
            row.tickets.join(" "),
        ]
    });
    table(["AGENT", "PRESENCE", "UNITS", "MISSED", "TICKETS"], cells, "no agents")
}

/// Lists messages.
pub(crate) async fn messages(client: &Client, args: &Messages, output: Format) -> Result<(), Failure> {
    let ticket = args.ticket.as_deref().map(ticket_id).transpose()?;
    let desk = client.desk(&args.desk).await?;
    let messages = if args.unrouted {
        unrouted(client, &desk, args.limit).await?
    } else {
        stored(client, &desk, ticket, args.limit).await?
    };
    let rows: Vec<_> = messages.iter().map(MessageRow::from).collect();
    show(output, &rows, |rows| messages_table(rows))
}

/// Messages that are kept, of one ticket or of all.
pub(super) async fn stored(
    client: &Client,
    desk: &str,
    ticket: Option<u64>,
    limit: usize,
) -> Result<Vec<v1::Message>, Failure> {
    let pages = collect(limit, async |page_size, page_token| {
        let request = v1::ListMessagesRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
            ticket_id: ticket.unwrap_or_default(),
        };
        let page = client.messages().list_messages(request).await?.into_inner();
        Ok((page.messages, page.next_page_token))
    });
    pages.await
}

/// Messages that are on no ticket.
pub(crate) async fn unrouted(client: &Client, desk: &str, limit: usize) -> Result<Vec<v1::Message>, Failure> {
    let pages = collect(limit, async |page_size, page_token| {
        let request = v1::ListUnroutedRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let page = client.messages().list_unrouted(request).await?.into_inner();
        Ok((page.messages, page.next_page_token))
    });
    pages.await
}

fn messages_table(rows: &[MessageRow]) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.received_at.clone(),
            row.place().to_owned(),
            row.language.clone(),
            clip(row.writer(), 32),
            clip(&row.subject, 48),
            row.gaps.join(" "),
        ]
    });
    let header = ["RECEIVED", "TICKET", "LANGUAGE", "FROM", "SUBJECT", "GAPS"];
    table(header, cells, "no messages")
}
