//! Takes messages: reads, classifies, applies the desk's rules, stores. When this returns, the message is Tandem's.

mod bounce;
mod chat;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tandem_desk_file::Outcome;
use tandem_domain::routing::Intake;
use tandem_domain::{
    AccountId, Channel, Clock, ConversationId, CustomerId, IdSource, LanguageTag, MessageId, Priority, Timestamp, Trace,
};
use tandem_store::{Accepted, NewDocument, Store, StoreError, WithoutConversation};

use crate::customer;
use crate::deliveries::Deliveries;
use crate::directory::{Desk, Directory};
use crate::document::{Direction, Document, Language, encode_intake};
use crate::handover::Left;
use crate::mail::{
    Address, Attachment, Gap, Kind, MailSecret, Origin, ParsedMail, ThreadKeys, classify, parse_in_background,
    split_token,
};
use crate::smtp::Envelope;
use crate::storing::Storing;
use crate::submission::Submitted;

/// Why a mail was not taken. Its sender hears 451 and comes again.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// One of its addresses was taken out of the desk file while it was on its way; the sender will be told so when
    /// it names the address the next time.
    #[error("an address is not the desk's any more")]
    AddressGone,
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

/// Takes messages.
#[derive(Clone)]
pub struct Taker {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// Whose they are.
    pub directory: Arc<Directory>,
    /// Ingest's secret.
    pub secret: MailSecret,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// The time at which they are taken.
    pub clock: Arc<dyn Clock>,
    /// Stores them.
    pub(crate) storing: Storing,
    /// Has the outbox's worker look into it.
    pub(crate) left: Arc<Left>,
    /// Is told which answers came back.
    pub(crate) deliveries: Deliveries,
}

/// A message of any channel, before the desk's rules have seen it.
struct Draft {
    account: AccountId,
    channel: Channel,
    /// None: it may open a ticket. Otherwise why it may not, in a word.
    automatic: Option<&'static str>,
    from: Option<Address>,
    to: String,
    subject: String,
    text: String,
    attachments: Vec<Attachment>,
    headers: BTreeMap<String, String>,
    language: Option<LanguageTag>,
    gaps: BTreeSet<Gap>,
    said_as: Option<String>,
    submitted_as: Option<String>,
    customer: Option<CustomerId>,
    due_at: Option<Timestamp>,
    dedupe_key: Bytes,
    keys: ThreadKeys,
    raw: Bytes,
    trace: Trace,
}

/// A mail as it came, for all the accounts that it was sent to.
struct Arrival {
    envelope: Envelope,
    raw: Bytes,
    mail: ParsedMail,
}

/// An account that a mail was sent to, and by which of its addresses.
struct Destination {
    desk: Arc<Desk>,
    account: AccountId,
    to: String,
}

impl Taker {
    /// Stores a mail, once for every account that it was sent to, in one transaction.
    ///
    /// # Errors
    /// When it is not stored, not even for some of them.
    pub async fn mail(&self, envelope: Envelope, raw: Bytes) -> Result<(), NotTaken> {
        let mail = parse_in_background(raw.clone()).await;
        let arrival = Arrival { envelope, raw, mail };
        let mut documents = Vec::new();
        for destination in self.destinations(&arrival.envelope.rcpts)? {
            let fresh = self.fresh_conversation();
            let desk = &destination.desk;
            let kind = self.kind(desk, &arrival.mail, &arrival.envelope);
            let mut draft = self.draft_of_mail(&destination, &arrival, &kind, fresh);
            if let Some(answered) = self.returned(&desk.id, &arrival, &kind).await? {
                draft
                    .keys
                    .find_by
                    .push(self.secret.conversation_key(&desk.id, answered));
            }
            documents.push(self.document(&destination.desk, draft, fresh).await);
        }
        Ok(self.storing.accept(documents).await.map(drop)?)
    }

    /// Stores a message that another system submitted.
    ///
    /// # Errors
    /// When it is not stored.
    pub async fn submitted(&self, desk: &Arc<Desk>, submitted: Submitted) -> Result<Accepted, StoreError> {
        let fresh = self.fresh_conversation();
        let draft = Draft {
            dedupe_key: submitted.dedupe_key(&self.secret),
            keys: submitted.thread_keys(&self.secret, &desk.id, fresh),
            raw: submitted.encode(),
            customer: submitted.customer(&self.secret, &desk.id),
            due_at: submitted.due_at,
            account: submitted.account,
            channel: submitted.channel,
            automatic: submitted.automatic.then_some("automatic"),
            from: submitted.from,
            to: String::new(),
            subject: submitted.subject,
            text: submitted.text,
            attachments: Vec::new(),
            headers: BTreeMap::new(),
            language: submitted.language,
            gaps: BTreeSet::new(),
            said_as: None,
            submitted_as: Some(submitted.conversation_key),
            trace: submitted.trace,
        };
        let document = self.document(desk, draft, fresh).await;
        let mut accepted = self.storing.accept(vec![document]).await?;
        Ok(accepted.remove(0))
    }

    /// Each account once, however many of its addresses were named. All or none: a 250 is for every recipient.
    fn destinations(&self, rcpts: &[String]) -> Result<Vec<Destination>, NotTaken> {
        let mut seen = BTreeSet::new();
        let mut destinations = Vec::new();
        for rcpt in rcpts {
            let (to, _) = split_token(rcpt);
            let (desk, account) = self.directory.by_address(&to).ok_or(NotTaken::AddressGone)?;
            if seen.insert((desk.id.clone(), account.clone())) {
                destinations.push(Destination { desk, account, to });
            }
        }
        Ok(destinations)
    }

    fn draft_of_mail(&self, destination: &Destination, arrival: &Arrival, kind: &Kind, fresh: ConversationId) -> Draft {
        let Destination { desk, account, to } = destination;
        let Arrival { envelope, raw, mail } = arrival;
        Draft {
            dedupe_key: Bytes::copy_from_slice(&self.secret.dedupe_key(account.as_str(), raw)),
            keys: self.secret.thread_keys(&desk.id, mail, kind, &envelope.rcpts, fresh),
            raw: raw.clone(),
            customer: customer::by_address(&self.secret, &desk.id, mail.from.first()),
            due_at: None,
            account: account.clone(),
            channel: Channel::Email,
            automatic: (!kind.opens_ticket()).then(|| kind.as_str()),
            from: mail.from.first().cloned(),
            to: to.clone(),
            subject: mail.subject.clone().unwrap_or_default(),
            text: mail.text.clone(),
            attachments: mail.attachments.clone(),
            headers: mail.headers.clone(),
            language: None,
            gaps: mail.gaps.clone(),
            said_as: None,
            submitted_as: None,
            trace: envelope.trace.clone(),
        }
    }

    fn kind(&self, desk: &Desk, mail: &ParsedMail, envelope: &Envelope) -> Kind {
        let ours = mail
            .message_id
            .as_deref()
            .and_then(|id| self.secret.own_conversation(&desk.id, id));
        let origin = Origin {
            mail_from: envelope.mail_from.as_deref(),
            is_ours: ours.is_some(),
            is_desk_address: &|address| desk.has_address(address),
        };
        classify(mail, &origin)
    }

    async fn document(&self, desk: &Arc<Desk>, draft: Draft, fresh: ConversationId) -> NewDocument {
        let now = self.clock.now();
        let (draft, language, outcome) = judge::judge(Arc::clone(desk), draft).await;
        let id = MessageId(self.ids.next(now));
        let intake = intake(desk, &draft, language.as_ref(), &outcome, id, now);
        let unrouted = outcome.unrouted.clone().or(draft.automatic.map(str::to_owned));
        // A rule's verdict holds even inside a conversation; a machine's mail may join one.
        let find_by = if outcome.unrouted.is_some() {
            Vec::new()
        } else {
            draft.keys.find_by
        };
        let document = Document {
            account: draft.account,
            channel: draft.channel,
            from: draft.from,
            subject: draft.subject,
            text: draft.text,
            attachments: draft.attachments,
            language,
            gaps: draft.gaps,
            rules: outcome.matched,
            said_as: draft.said_as,
            direction: Direction::Inbound,
            author: None,
            automatic: draft.automatic.is_some(),
            submitted_as: draft.submitted_as,
            trace: draft.trace.0.to_string(),
        };
        NewDocument {
            desk: desk.id.clone(),
            id,
            dedupe_key: draft.dedupe_key,
            find_by,
            known_as: draft.keys.known_as,
            otherwise: unrouted.map_or(WithoutConversation::Start(fresh), WithoutConversation::Unrouted),
            body: document.encode(),
            raw: draft.raw,
            outbox: encode_intake(&intake),
            received_at: now,
            trace: draft.trace.0.to_string(),
            claimed_for: Duration::ZERO,
        }
    }

    fn fresh_conversation(&self) -> ConversationId {
        ConversationId(self.ids.next(self.clock.now()))
    }
}

fn intake(
    desk: &Desk,
    draft: &Draft,
    language: Option<&Language>,
    outcome: &Outcome,
    message: MessageId,
    now: Timestamp,
) -> Intake {
    let account = desk
        .accounts
        .get(&draft.account)
        .expect("drafts are made for accounts of the desk");
    Intake {
        message,
        // The store finds the conversation; the outbox row gets it when it is claimed.
        conversation: ConversationId(message.0),
        account: draft.account.clone(),
        channel: draft.channel,
        queue: outcome.queue.clone().unwrap_or_else(|| account.queue.clone()),
        language: language
            .filter(|language| language.confidence >= desk.detector.threshold())
            .map(|language| language.tag.clone()),
        skills: outcome.skills.clone(),
        tags: outcome.tags.clone(),
        priority: outcome.priority.unwrap_or(Priority::Normal),
        received_at: now,
        automatic: draft.automatic.is_some(),
        customer: draft.customer,
        tandem: outcome.tandem.clone(),
        due_at: draft.due_at,
    }
}
