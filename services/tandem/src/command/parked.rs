//! `tandem parked`

use serde::Serialize;
use tandem_domain::MessageId;
use tandem_proto::v1;

use crate::cli::{Format, Parked};
use crate::client::{Client, collect, request_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{clip, time};

#[derive(Serialize)]
struct ParkedRow {
    id: String,
    of: &'static str,
    what: String,
    reason: String,
    since: String,
}

/// Lists what failed too often, or retries one of it.
pub(crate) async fn run(client: &Client, args: &Parked, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    if let Some(id) = &args.retry {
        return retry(client, desk, id, output).await;
    }
    let mut rows = of_router(client, &desk).await?;
    rows.extend(of_ingest(client, &desk).await?);
    show(output, &rows, |rows| parked_table(rows))
}

fn parked_table(rows: &[ParkedRow]) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.since.clone(),
            row.id.clone(),
            row.of.to_owned(),
            row.what.clone(),
            clip(&row.reason, 60),
        ]
    });
    table(["SINCE", "ID", "OF", "WHAT", "REASON"], cells, "nothing is parked")
}

async fn of_router(client: &Client, desk: &str) -> Result<Vec<ParkedRow>, Failure> {
    let items = collect(usize::MAX, async |page_size, page_token| {
        let request = v1::ListParkedRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let page = client.desks().list_parked(request).await?.into_inner();
        Ok((page.items, page.next_page_token))
    });
    Ok(items.await?.into_iter().map(|item| row("router", item)).collect())
}

async fn of_ingest(client: &Client, desk: &str) -> Result<Vec<ParkedRow>, Failure> {
    let items = collect(usize::MAX, async |page_size, page_token| {
        let request = v1::ListParkedMessagesRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
        };
        let page = client.messages().list_parked_messages(request).await?.into_inner();
        Ok((page.items, page.next_page_token))
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

/// An id is the router's or ingest's; whoever has it retries it.
async fn retry(client: &Client, desk: String, id: &str, output: Format) -> Result<(), Failure> {
    if !retried_by_router(client, &desk, id).await? && !retried_by_ingest(client, desk, id).await? {
        return Err(Failure::No(format!(
            "`{id}` is not parked (any more): see `tandem parked`"
        )));
    }
    show(output, &serde_json::json!({ "retried": id }), |_| {
        format!("{id} is being tried again")
    })
}

async fn retried_by_router(client: &Client, desk: &str, id: &str) -> Result<bool, Failure> {
    let request = v1::RetryParkedRequest {
        desk: desk.to_owned(),
        request_id: request_id(),
        parked_id: id.to_owned(),
    };
    Ok(client.desks().retry_parked(request).await?.into_inner().retried)
}

/// Only messages are parked there, whose ids are UUIDs.
async fn retried_by_ingest(client: &Client, desk: String, id: &str) -> Result<bool, Failure> {
    if id.parse::<MessageId>().is_err() {
        return Ok(false);
    }
    let request = v1::RetryParkedMessageRequest {
        desk,
        request_id: request_id(),
        message_id: id.to_owned(),
    };
    let answer = client.messages().retry_parked_message(request).await?;
    Ok(answer.into_inner().retried)
}
