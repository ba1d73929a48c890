//! Mails to contacts, in words that say nothing of any customer.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, address::AddressError, error::Error as MessageError};
use tandem_desk_file::Address as ContactAddress;
use tandem_domain::escalation::Telling;
use tandem_domain::{DeskId, Timestamp};
use tandem_service_kit::smarthost::{NotSent, Smarthost};

/// Who the mails are from, for people.
const SENDER: &str = "Tandem";

/// Sends mails to contacts.
pub(crate) struct Mailer {
    smarthost: Option<Smarthost>,
    from: Option<Address>,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// There is nobody to hand it to.
    #[error("no [smarthost] and [escalation] mail_from are configured")]
    NotConfigured,
    /// The contact's address is none for the mail library.
    #[error("the contact's mail address cannot be used")]
    Address(#[from] AddressError),
    /// It could not be written.
    #[error("the mail cannot be written")]
    Message(#[from] MessageError),
    /// The server did not take it.
    #[error(transparent)]
    NotSent(#[from] NotSent),
}

impl MailError {
    /// Whether the same mail may be sent later without anybody changing anything.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::NotSent(NotSent::Later(_)))
    }
}

impl Mailer {
    /// A mailer; one without a server or a sender refuses.
    #[must_use]
    pub(crate) fn new(smarthost: Option<Smarthost>, from: Option<Address>) -> Self {
        Self { smarthost, from }
    }

    /// Tells a contact. `id` names the mail, so that a repeat is recognised by who reads them.
    ///
    /// # Errors
    /// See [`MailError`].
    pub(crate) async fn send(
        &self,
        to: &ContactAddress,
        desk: &DeskId,
        telling: &Telling,
        id: &str,
        at: Timestamp,
    ) -> Result<(), MailError> {
        let (Some(smarthost), Some(from)) = (&self.smarthost, &self.from) else {
            return Err(MailError::NotConfigured);
        };
        let mail = Message::builder()
            .from(Mailbox::new(Some(SENDER.to_owned()), from.clone()))
            .to(Mailbox::new(None, to.as_str().parse()?))
            .subject(subject(desk, telling))
            .date(system_time(at))
            .message_id(Some(format!("<{id}@{}>", from.domain())))
            // Nobody's out-of-office notice is wanted (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(text(desk, telling))?;
        Ok(smarthost.send(mail).await?)
    }
}

fn subject(desk: &DeskId, telling: &Telling) -> String {
    let clock = telling.clock;
    format!("[{desk}] {} escalates: {}", clock.ticket, words(clock.kind.as_str()))
}

fn text(desk: &DeskId, telling: &Telling) -> String {
    let Telling {
        escalation,
        clock,
        step,
        due_at,
        late_by,
        queue,
        priority,
        ..
    } = telling;
    let repeat = match step.repeat {
        0 => String::new(),
        times => format!(", repeat {times}"),
    };
    format!(
        "Ticket {ticket} of desk {desk} (queue {queue}, priority {priority}) has reached rung {rung} of ladder {ladder}{repeat}.\n\
         \n\
         Clock: {kind}, no. {occurrence}\n\
         Due: {due_at}\n\
         Noticed: {late} s later\n\
         Escalation: {escalation}\n\
         \n\
         Whoever takes care of it acknowledges the escalation; no later rung is reached then.\n",
        ticket = clock.ticket,
        rung = step.rung + 1,
        ladder = step.ladder,
        kind = words(clock.kind.as_str()),
        occurrence = clock.occurrence,
        late = late_by.as_secs(),
    )
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn system_time(at: Timestamp) -> SystemTime {
    let micros = u64::try_from(at.as_micros()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}
