//! Ingest, which keeps customers' and agents' words: the router hands it the text of an answer, and knows it by its
//! id only from there on.

use std::time::Duration;

use tandem_domain::{AgentId, ConversationId, MessageId};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::grpc::{Client, Peer};
use tokio::sync::OnceCell;
use tokio::time::sleep;
use tonic::Code;

use crate::convert::Draft;
use crate::errors::Failure;

/// The largest answer is 256 kB; the rest of the request is small.
const LARGEST_REQUEST: usize = 1 << 20;
/// Between the tries of what ingest is about to hear of.
const PAUSE_MILLIS: [u64; 5] = [50, 100, 200, 400, 800];

/// Ingest, over one connection that is made when it is needed first and mends itself.
pub(crate) struct Ingest {
    peer: Peer,
    connection: OnceCell<Client>,
}

impl Ingest {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            peer,
            connection: OnceCell::new(),
        }
    }

    /// Keeps a draft's text; the same draft of the same caller is the same message.
    ///
    /// # Errors
    /// If it cannot be kept; nothing is sent to anybody then.
    pub(crate) async fn keep(
        &self,
        caller: &Caller,
        draft: &Draft,
        conversation: ConversationId,
        author: Option<&AgentId>,
    ) -> Result<MessageId, Failure> {
        let actor = caller.actor();
        let request = v1::StoreAnswerRequest {
            desk: caller.desk.to_string(),
            request_id: draft.request_id.clone(),
            // As the desk remembers requests: one subject may act in several roles.
            caller: format!("{}:{}", actor.role.as_str(), actor.subject),
            conversation_id: conversation.to_string(),
            ticket_id: draft.ticket.0,
            author: author.map(ToString::to_string).unwrap_or_default(),
            internal: !draft.visible,
            text: draft.text.clone(),
        };
        let kept = self.patiently_keep(request).await?;
        kept.message_id.parse().map_err(|_| Failure::OtherAnswer)
    }

    /// Ingest hears a moment after the router that a ticket was split, and does not know the new conversation before.
    async fn patiently_keep(&self, request: v1::StoreAnswerRequest) -> Result<v1::StoreAnswerResponse, Failure> {
        let mut pauses = PAUSE_MILLIS.into_iter().map(Duration::from_millis);
        loop {
            match self.client().await?.store_answer(request.clone()).await {
                Ok(kept) => return Ok(kept.into_inner()),
                Err(status) => match pauses.next().filter(|_| status.code() == Code::NotFound) {
                    Some(pause) => sleep(pause).await,
                    None => return Err(Failure::Ingest(Box::new(status))),
                },
            }
        }
    }

    async fn client(&self) -> Result<IngestServiceClient<Client>, Failure> {
        let connection = self.connection.get_or_try_init(|| self.peer.connect()).await;
        let connection = connection.map_err(Failure::IngestAway)?.clone();
        Ok(IngestServiceClient::new(connection).max_encoding_message_size(LARGEST_REQUEST))
    }
}
