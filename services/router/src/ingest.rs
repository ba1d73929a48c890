//! Ingest, which keeps customers' and agents' words: the router hands it the text of an answer, and knows it by its
//! id only from there on.

use tandem_domain::{AgentId, ConversationId, MessageId};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::grpc::{Client, Peer};
use tokio::sync::OnceCell;

use crate::convert::Draft;
use crate::errors::Failure;

/// The largest answer is 256 kB; the rest of the request is small.
const LARGEST_REQUEST: usize = 1 << 20;

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
        let kept = self.client().await?.store_answer(request).await;
        let kept = kept.map_err(|status| Failure::Ingest(Box::new(status)))?.into_inner();
        kept.message_id.parse().map_err(|_| Failure::OtherAnswer)
    }

    async fn client(&self) -> Result<IngestServiceClient<Client>, Failure> {
        let connection = self.connection.get_or_try_init(|| self.peer.connect()).await;
        let connection = connection.map_err(Failure::IngestAway)?.clone();
        Ok(IngestServiceClient::new(connection).max_encoding_message_size(LARGEST_REQUEST))
    }
}
