//! `tandem deliveries`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Deliveries, Format};
use crate::client::{Client, collect, request_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{clip, time};

#[derive(Serialize)]
struct DeliveryRow {
    message: String,
    attempts: u32,
    due_at: String,
    /// Why it waits for a hand; empty: it is still being tried.
    parked_reason: String,
    since: String,
}

/// Lists answers on their way, or tries one of them now.
pub(crate) async fn run(client: &Client, args: &Deliveries, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    if let Some(message) = &args.retry {
        return retry(client, desk, message, output).await;
    }
    let deliveries = collect(usize::MAX, async |page_size, page_token| {
        let request = v1::ListDeliveriesRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            parked_only: args.parked,
        };
        let page = client.messages().list_deliveries(request).await?.into_inner();
        Ok((page.deliveries, page.next_page_token))
    });
    let rows: Vec<_> = deliveries.await?.into_iter().map(row).collect();
    show(output, &rows, |rows| deliveries_table(rows))
}

fn row(delivery: v1::Delivery) -> DeliveryRow {
    DeliveryRow {
        message: delivery.message_id,
        attempts: delivery.attempts,
        due_at: time(delivery.due_at.as_ref()),
        parked_reason: delivery.parked_reason,
        since: time(delivery.since.as_ref()),
    }
}

fn deliveries_table(rows: &[DeliveryRow]) -> String {
    let cells = rows.iter().map(|row| {
        let next = if row.parked_reason.is_empty() {
            row.due_at.clone()
        } else {
            "parked".to_owned()
        };
        [
            row.since.clone(),
            row.message.clone(),
            row.attempts.to_string(),
            next,
            clip(&row.parked_reason, 60),
        ]
    });
    let header = ["SINCE", "MESSAGE", "ATTEMPTS", "NEXT", "REASON"];
    table(header, cells, "no answer is on its way")
}

async fn retry(client: &Client, desk: String, message: &str, output: Format) -> Result<(), Failure> {
    let request = v1::RetryDeliveryRequest {
        desk,
        request_id: request_id(),
        message_id: message.to_owned(),
    };
    if !client.messages().retry_delivery(request).await?.into_inner().retried {
        return Err(Failure::No(format!(
            "`{message}` is not on its way (any more): see `tandem deliveries`"
        )));
    }
    show(output, &serde_json::json!({ "retried": message }), |_| {
        format!("{message} is being tried again")
    })
}
