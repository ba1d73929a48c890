//! Whole lists, page by page.

use tandem_proto::v1;
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
