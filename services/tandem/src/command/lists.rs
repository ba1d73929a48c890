//! `tandem agents`, `tandem messages`, `tandem parked`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{DeskArg, Format, Messages, Parked};
use crate::client::{Client, collect, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{AgentRow, MessageRow, clip, time};

const ALL: usize = 10_000;

/// Lists agents.
pub async fn agents(client: &Client, desk: &DeskArg, output: Format) -> Result<(), Failure> {
    let desk = client.desk(desk).await?;
    let agents = collect(ALL, |page_size, page_token| {
        let request = v1::ListAgentsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
        };
        let mut agents = client.agents();
        async move {
            agents
                .list_agents(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.agents, r.next_page_token))
        }
    });
    let rows: Vec<_> = agents.await?.iter().map(AgentRow::from).collect();
    show(output, &rows, |rows| {
        let cells = rows.iter().map(|row| {
            let units = format!("{}/{}", row.used_units, row.capacity_units);
            [
                row.agent.clone(),
                row.presence.clone(),
                units,
                row.missed_offers.to_string(),
                row.tickets.join(" "),
            ]
        });
        table(["AGENT", "PRESENCE", "UNITS", "MISSED", "TICKETS"], cells, "no agents")
    })
}

/// Lists messages.
pub async fn messages(client: &Client, args: &Messages, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let messages = if args.unrouted {
        unrouted(client, &desk, args).await?
    } else {
        routed(client, &desk, args).await?
    };
    let rows: Vec<_> = messages.iter().map(MessageRow::from).collect();
    show(output, &rows, |rows| messages_table(rows))
}

async fn routed(client: &Client, desk: &str, args: &Messages) -> Result<Vec<v1::Message>, Failure> {
    let ticket_id = args.ticket.as_deref().map(ticket_id).transpose()?.unwrap_or(0);
    let pages = collect(args.limit, |page_size, page_token| {
        let request = v1::ListMessagesRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
            ticket_id,
        };
        let mut messages = client.messages();
        async move {
            messages
                .list_messages(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.messages, r.next_page_token))
        }
    });
    pages.await
}

async fn unrouted(client: &Client, desk: &str, args: &Messages) -> Result<Vec<v1::Message>, Failure> {
    let pages = collect(args.limit, |page_size, page_token| {
        let request = v1::ListUnroutedRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let mut messages = client.messages();
        async move {
            messages
                .list_unrouted(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.messages, r.next_page_token))
        }
    });
    pages.await
}

fn messages_table(rows: &[MessageRow]) -> String {
    let cells = rows.iter().map(|row| {
        let on = if row.ticket.is_empty() {
            &row.unrouted_reason
        } else {
            &row.ticket
        };
        [
            row.received_at.clone(),
            if on.is_empty() {
                "on its way".to_owned()
            } else {
                on.clone()
            },
            row.language.clone(),
            clip(&row.from, 32),
            clip(&row.subject, 48),
            row.gaps.join(" "),
        ]
    });
    table(
        ["RECEIVED", "TICKET", "LANGUAGE", "FROM", "SUBJECT", "GAPS"],
        cells,
        "no messages",
    )
}

#[derive(Serialize)]
struct ParkedRow {
    id: String,
    of: &'static str,
    what: String,
    reason: String,
    since: String,
}

/// Lists what failed too often, or retries one of it.
pub async fn parked(client: &Client, args: &Parked, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    if let Some(id) = &args.retry {
        return retry(client, desk, id, output).await;
    }
    let mut rows = parked_of_router(client, &desk).await?;
    rows.extend(parked_of_ingest(client, &desk).await?);
    show(output, &rows, |rows| {
        let cells = rows.iter().map(|row| {
            [
                row.since.clone(),
                row.id.clone(),
                row.what.clone(),
                clip(&row.reason, 60),
            ]
        });
        table(["SINCE", "ID", "WHAT", "REASON"], cells, "nothing is parked")
    })
}

async fn parked_of_router(client: &Client, desk: &str) -> Result<Vec<ParkedRow>, Failure> {
    let items = collect(ALL, |page_size, page_token| {
        let request = v1::ListParkedRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let mut desks = client.desks();
        async move {
            desks
                .list_parked(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.items, r.next_page_token))
        }
    });
    Ok(items.await?.into_iter().map(|item| row("router", item)).collect())
}

async fn parked_of_ingest(client: &Client, desk: &str) -> Result<Vec<ParkedRow>, Failure> {
    let items = collect(ALL, |page_size, page_token| {
        let request = v1::ListParkedMessagesRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let mut messages = client.messages();
        async move {
            messages
                .list_parked_messages(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.items, r.next_page_token))
        }
    });
    Ok(items.await?.into_iter().map(|item| row("ingest", item)).collect())
}

fn row(of: &'static str, item: v1::ParkedItem) -> ParkedRow {
    ParkedRow {
        id: item.parked_id,
        of,
        what: item.what,
        reason: item.reason,
        since: time(item.parked_at.as_ref()),
    }
}

/// An id is the router's or ingest's; the one that has it retries it.
async fn retry(client: &Client, desk: String, id: &str, output: Format) -> Result<(), Failure> {
    let request = v1::RetryParkedRequest {
        desk: desk.clone(),
        request_id: request_id(),
        parked_id: id.to_owned(),
    };
    let mut retried = client.desks().retry_parked(request).await?.into_inner().retried;
    if !retried {
        let request = v1::RetryParkedMessageRequest {
            desk,
            request_id: request_id(),
            message_id: id.to_owned(),
        };
        retried = client
            .messages()
            .retry_parked_message(request)
            .await?
            .into_inner()
            .retried;
    }
    if !retried {
        return Err(Failure::No(format!(
            "`{id}` is not parked (any more): see `tandem parked`"
        )));
    }
    show(output, &serde_json::json!({ "retried": id }), |_| {
        format!("{id} is being tried again")
    })
}
