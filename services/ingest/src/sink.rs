//! Where the SMTP server's messages go.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_store::StoreError;

use crate::directory::Directory;
use crate::intake::Taker;
use crate::mail::split_token;
use crate::smtp::{DeliverAnswer, Envelope, MailSink, RcptAnswer};

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
        if self.directory.by_address(&plain).is_some() {
            RcptAnswer::Accepted
        } else if self.directory.is_loaded() {
            RcptAnswer::NoSuchMailbox
        } else {
            RcptAnswer::TryLater
        }
    }

    async fn deliver(&self, envelope: Envelope, raw: Bytes) -> DeliverAnswer {
        match self.taker.mail(envelope, raw).await {
            Ok(()) => DeliverAnswer::Stored,
            Err(error) => {
                log(&error);
                DeliverAnswer::TryLater
            }
        }
    }
}

/// The sender hears 451 and comes again; here is the only place where the reason is known.
fn log(error: &StoreError) {
    match error {
        StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) => tracing::warn!(%error, "mail not taken now"),
        _ => tracing::error!(%error, "mail not taken"),
    }
}
