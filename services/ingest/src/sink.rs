//! Where the SMTP server's messages go.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_store::StoreError;
use tokio::time::timeout;

use crate::directory::Directory;
use crate::instruments;
use crate::intake::{NotTaken, Taker};
use crate::mail::split_token;
use crate::smtp::{DeliverAnswer, Envelope, MailSink, RcptAnswer};

/// How long an unknown address is waited for: the desk file that has it may have come into force a moment ago, and a
/// refusal is for ever. It also slows down those who try out addresses.
const NEWS: Duration = Duration::from_secs(1);

/// Takes mail for the addresses of the desks' files.
pub(crate) struct Mailbox {
    directory: Arc<Directory>,
    taker: Taker,
}

impl Mailbox {
    /// A mailbox for the desks of `directory`.
    #[must_use]
    pub(crate) fn new(directory: Arc<Directory>, taker: Taker) -> Self {
        Self { directory, taker }
    }
}

#[async_trait]
impl MailSink for Mailbox {
    async fn rcpt(&self, address: &str) -> RcptAnswer {
        let (plain, _) = split_token(address);
        let answer = match timeout(NEWS, self.directory.appears(&plain)).await {
            Ok(_) => RcptAnswer::Accepted,
            Err(_) if self.directory.is_complete() => RcptAnswer::NoSuchMailbox,
            Err(_) => RcptAnswer::TryLater,
        };
        instruments::recipient(answer);
        answer
    }

    async fn deliver(&self, envelope: Envelope, raw: Bytes) -> DeliverAnswer {
        match self.taker.mail(envelope, raw).await {
            Ok(()) => DeliverAnswer::Stored,
            Err(reason) => {
                log(&reason);
                DeliverAnswer::TryLater
            }
        }
    }
}

/// The sender hears 451 and comes again; here is the only place where the reason is known.
fn log(reason: &NotTaken) {
    match reason {
        NotTaken::AddressGone => tracing::info!("mail not taken: an address is not the desk's any more"),
        NotTaken::Store(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))) => {
            tracing::warn!(%error, "mail not taken now");
        }
        NotTaken::Store(error) => tracing::error!(%error, "mail not taken"),
    }
}
