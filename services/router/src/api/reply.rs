//! `TicketService.Reply`: the words go to ingest, their id to the desk. What ingest keeps and no desk took is never
//! sent and never shown, so the order does not matter to anybody but whoever repeats a call that broke in between.

use tandem_domain::routing::{Command, Reply};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;

use super::Api;
use crate::convert::{self, Draft, Write};
use crate::errors::Failure;

impl Api {
    pub(super) async fn reply(&self, caller: &Caller, draft: &Draft) -> Result<v1::ReplyResponse, Failure> {
        let ticket = self.ticket(&caller.desk, draft.ticket).await?;
        let author = caller.principal.agent();
        let message = self
            .ingest
            .keep(caller, draft, ticket.conversation, author.as_ref())
            .await?;
        let write = Write {
            request_id: draft.request_id.clone(),
            command: Command::Answer {
                ticket: draft.ticket,
                message,
                author,
                visible: draft.visible,
                then: draft.then,
            },
        };
        match self.submit(caller, write).await? {
            Reply::Ticket(ticket) => Ok(v1::ReplyResponse {
                ticket: Some(convert::ticket(&ticket)),
                message_id: message.to_string(),
            }),
            _ => Err(Failure::OtherAnswer),
        }
    }
}
