//! Whole lists, page by page.

use tandem_domain::Clock;
use tandem_proto::v1;
use tandem_service_kit::ids::SystemClock;
use tonic::Status;

use crate::clients::Clients;

const PAGE: u32 = 500;

/// All messages of a desk, those that are on no ticket too.
pub async fn messages(clients: &Clients, desk: &str) -> Result<Vec<v1::Message>, Status> {
    collect(async |page_token| {
        let request = v1::ListMessagesRequest {
            desk: desk.to_owned(),
            page_size: PAGE,
            page_token,
            ticket_id: 0,
        };
        let page = clients.messages().list_messages(request).await?.into_inner();
        Ok((page.messages, page.next_page_token))
    })
    .await
}

/// All messages of a desk that are on no ticket.
pub async fn unrouted(clients: &Clients, desk: &str) -> Result<Vec<v1::Message>, Status> {
    collect(async |page_token| {
        let request = v1::ListUnroutedRequest {
            desk: desk.to_owned(),
            page_size: PAGE,
            page_token,
        };
        let page = clients.messages().list_unrouted(request).await?.into_inner();
        Ok((page.messages, page.next_page_token))
    })
    .await
}

/// All tickets of a desk.
pub async fn tickets(clients: &Clients, desk: &str) -> Result<Vec<v1::Ticket>, Status> {
    collect(async |page_token| {
        let desk = desk.to_owned();
        let request = v1::ListTicketsRequest {
            desk,
            page_size: PAGE,
            page_token,
            ..v1::ListTicketsRequest::default()
        };
        let page = clients.tickets().list_tickets(request).await?.into_inner();
        Ok((page.tickets, page.next_page_token))
    })
    .await
}

/// The clocks of a ticket.
pub async fn clocks(clients: &Clients, desk: &str, ticket_id: u64) -> Result<Vec<v1::SlaClock>, Status> {
    collect(async |page_token| {
        let request = v1::ListClocksRequest {
            desk: desk.to_owned(),
            page_size: PAGE,
            page_token,
            ticket_id,
            ..v1::ListClocksRequest::default()
        };
        let page = clients.escalations().list_clocks(request).await?.into_inner();
        Ok((page.clocks, page.next_page_token))
    })
    .await
}

/// The escalations of a ticket.
pub async fn escalations(clients: &Clients, desk: &str, ticket_id: u64) -> Result<Vec<v1::Escalation>, Status> {
    collect(async |page_token| {
        let request = v1::ListEscalationsRequest {
            desk: desk.to_owned(),
            page_size: PAGE,
            page_token,
            ticket_id,
            ..v1::ListEscalationsRequest::default()
        };
        let page = clients.escalations().list_escalations(request).await?.into_inner();
        Ok((page.escalations, page.next_page_token))
    })
    .await
}

/// The answers of a desk that are on their way.
pub async fn deliveries(clients: &Clients, desk: &str) -> Result<Vec<v1::Delivery>, Status> {
    collect(async |page_token| {
        let request = v1::ListDeliveriesRequest {
            desk: desk.to_owned(),
            page_size: PAGE,
            page_token,
            parked_only: false,
        };
        let page = clients.messages().list_deliveries(request).await?.into_inner();
        Ok((page.deliveries, page.next_page_token))
    })
    .await
}

/// All that was counted on a desk in this hour, the last one and the next.
pub async fn counts(clients: &Clients, desk: &str) -> Result<v1::MeasureCounts, Status> {
    let hours_from_now = |hours: i64| {
        let seconds = SystemClock.now().as_micros() / 1_000_000 + hours * 3600;
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    };
    let request = v1::QueryMetricsRequest {
        desk: desk.to_owned(),
        from: hours_from_now(-2),
        to: hours_from_now(2),
        interval: v1::MeasureInterval::Total.into(),
        ..v1::QueryMetricsRequest::default()
    };
    let answer = clients.measures().query_metrics(request).await?.into_inner();
    Ok(answer.rows.into_iter().find_map(|row| row.counts).unwrap_or_default())
}

async fn collect<T>(page: impl AsyncFn(String) -> Result<(Vec<T>, String), Status>) -> Result<Vec<T>, Status> {
    let (mut items, mut token) = (Vec::new(), String::new());
    loop {
        let (more, next) = page(token).await?;
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        token = next;
    }
}
