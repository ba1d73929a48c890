//! Sends an answer by mail.

use std::sync::Arc;

use tandem_domain::routing::UndeliveredReason;
use tandem_domain::{ConversationId, DeskId, MessageId};
use tandem_service_kit::smarthost::{NotSent, Smarthost};
use tandem_store::{Store, StoreError, StoredDocument};
use tracing::Instrument;

use super::letter::Letter;
use crate::directory::Directory;
use crate::document::Document;
use crate::mail::{MailSecret, parse_in_background};

/// Sends answers by mail.
pub(crate) struct Mailer {
    /// None: there is none, and no mail is sent.
    pub(crate) smarthost: Option<Smarthost>,
    /// Whose addresses are whose.
    pub(crate) directory: Arc<Directory>,
    /// Ingest's secret.
    pub(crate) secret: MailSecret,
}

/// How sending went.
#[derive(Debug)]
pub(super) enum Sent {
    /// The smarthost answers for it now.
    Yes,
    /// The same mail may be taken later.
    Later(String),
    /// It will never be sent.
    Never(UndeliveredReason),
}

impl Mailer {
    /// Sends `answer`, in answer to the message `inbound`.
    ///
    /// # Errors
    /// When the store cannot be read; nothing was sent then.
    pub(super) async fn send(
        &self,
        store: &dyn Store,
        (desk, conversation): (&DeskId, ConversationId),
        answer: &StoredDocument,
        (inbound, of): (MessageId, &Document),
    ) -> Result<Sent, StoreError> {
        let Some(smarthost) = &self.smarthost else {
            tracing::warn!(%desk, message_id = %answer.id, "an answer to a mail is not sent: no smarthost is configured");
            return Ok(Sent::Never(UndeliveredReason::NoAddress));
        };
        let known = self.directory.desk(desk);
        let Some(known) = known else {
            return Ok(Sent::Later("the desk's file is not here yet".to_owned()));
        };
        let Some(from) = known
            .accounts
            .get(&of.account)
            .and_then(|account| account.address.as_deref())
        else {
            return Ok(Sent::Never(UndeliveredReason::NoAddress));
        };
        let raw = store.raw(desk, inbound).await?.unwrap_or_default();
        let text = Document::decode(&answer.id.0, &answer.body)?.text;
        let letter = Letter {
            desk,
            conversation,
            message: answer.id,
            from,
            answered: &parse_in_background(raw).await,
            text: &text,
            at: answer.received_at,
        };
        let Ok(mail) = letter.write(&self.secret) else {
            return Ok(Sent::Never(UndeliveredReason::NoAddress));
        };
        let span = tracing::info_span!("smtp.send", otel.kind = "client");
        Ok(match smarthost.send(mail).instrument(span).await {
            Ok(()) => Sent::Yes,
            Err(NotSent::Later(reason)) => Sent::Later(reason),
            Err(NotSent::Refused(reason)) => {
                tracing::info!(%desk, message_id = %answer.id, reason, "an answer was refused");
                Sent::Never(UndeliveredReason::Refused)
            }
        })
    }
}
