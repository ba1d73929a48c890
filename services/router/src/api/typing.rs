//! `AgentService.SetTyping`: a sign that reaches who listens now, and nobody later.

use bytes::Bytes;
use tandem_bus::subject;
use tandem_desk::Journaled;
use tandem_domain::{AgentId, ConversationId, TicketId, TicketStatus};
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::Caller;

use super::Api;
use crate::errors::Failure;

impl Api {
    pub(super) async fn show_typing(
        &self,
        caller: &Caller,
        agent: &AgentId,
        ticket: TicketId,
        typing: bool,
    ) -> Result<(), Failure> {
        let conversation = self.conversation_of(caller, agent, ticket).await?;
        let topic = format!("conversation.{conversation}");
        let subject = subject::topic(RoutingCore::SERVICE, &caller.desk, &topic);
        let sign = if typing { "typing" } else { "idle" };
        let sent = self.bus.hint(&subject, Bytes::from_static(sign.as_bytes())).await;
        sent.map_err(Failure::Hint)
    }

    /// The conversation of a ticket that the agent serves now.
    async fn conversation_of(&self, caller: &Caller, agent: &AgentId, id: TicketId) -> Result<ConversationId, Failure> {
        let ticket = self.ticket(&caller.desk, id).await?;
        let served = matches!(ticket.status, TicketStatus::Open | TicketStatus::Pending);
        if served && ticket.owner.as_ref() == Some(agent) {
            Ok(ticket.conversation)
        } else {
            Err(Failure::NotServing {
                ticket: id,
                agent: agent.clone(),
            })
        }
    }
}
