//! Mails of ours that came back: the answer's ticket is told, and the report joins its conversation.

use tandem_domain::{ConversationId, DeskId, MessageId, TicketId};
use tandem_store::StoreError;

use super::{Arrival, Taker};
use crate::mail::{Kind, is_final_report, split_token};

impl Taker {
    /// The conversation of the answer that a mail returns, if it returns one. The answer's failure is queued for good
    /// when this returns: the report counts, whether or not the mail itself is stored then.
    pub(super) async fn returned(
        &self,
        desk: &DeskId,
        arrival: &Arrival,
        kind: &Kind,
    ) -> Result<Option<ConversationId>, StoreError> {
        if !matches!(kind, Kind::Bounce { .. }) {
            return Ok(None);
        }
        let Some(message) = self.returned_answer(desk, arrival) else {
            return Ok(None);
        };
        let Some(stored) = self.store.document(desk, message).await? else {
            return Ok(None);
        };
        let (Some(conversation), Some(ticket)) = (stored.conversation, stored.ticket) else {
            return Ok(None);
        };
        if is_final_report(&arrival.raw) {
            let trace = arrival.envelope.trace.0.to_string();
            let deliveries = &self.deliveries;
            deliveries
                .bounced(desk, message, TicketId(ticket), conversation, trace)
                .await?;
        }
        Ok(Some(conversation))
    }

    /// By the return path that it came back to, or else by the Message-ID of what it returns.
    fn returned_answer(&self, desk: &DeskId, arrival: &Arrival) -> Option<MessageId> {
        let mut tokens = arrival
            .envelope
            .rcpts
            .iter()
            .filter_map(|address| split_token(address).1);
        let by_path = tokens.find_map(|token| self.secret.verify_bounce_token(desk, token));
        let mail = &arrival.mail;
        let mut named = mail.returned_id.iter().chain(&mail.in_reply_to).chain(&mail.references);
        by_path.or_else(|| named.find_map(|id| self.secret.own_message(desk, id)))
    }
}
