//! Follows the router's journal for answers: each becomes a document and gets its job, once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tandem_desk::{Consume, HandleError, Recorded, decode_record};
use tandem_domain::routing::{RoutingEvent, UndeliveredReason};
use tandem_domain::{Channel, ConversationId, DeskId, MessageId, TicketId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::{Commit, NewJob, Record, Store, StoreError, StoredDocument, Stream};

use super::job::{self, Job, Step};
use super::rows::{self, ANSWERS, CALLBACKS};
use super::{Deliveries, PAGE};
use crate::document::Document;
use crate::mail::{MailSecret, parse_in_background};

/// The consumer's name.
pub(crate) const CONSUMER: &str = "ingest-answers";

/// The consumer.
pub(crate) struct Consumer {
    deliveries: Deliveries,
    secret: MailSecret,
    /// Conversations whose answers are about to be committed.
    answered: Mutex<BTreeMap<DeskId, Vec<ConversationId>>>,
}

/// An answer or a note that the journal names.
struct Named {
    seq: u64,
    at: Timestamp,
    ticket: TicketId,
    message: MessageId,
    visible: bool,
}

impl Consumer {
    #[must_use]
    pub(crate) fn new(deliveries: Deliveries, secret: MailSecret) -> Self {
        Self {
            deliveries,
            secret,
            answered: Mutex::default(),
        }
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.deliveries.store
    }

    /// A public answer's row and job.
    fn public(&self, desk: &DeskId, named: &Named, stored: Option<StoredDocument>) -> Result<Commit, StoreError> {
        let conversation = stored.as_ref().and_then(|stored| stored.conversation);
        let (Some(stored), Some(conversation)) = (stored, conversation) else {
            tracing::error!(%desk, message = %named.message, "an answer's text is not stored; it cannot be delivered");
            let step = Step::failed(UndeliveredReason::NoAddress);
            return Ok(queued(
                desk,
                named,
                ConversationId(named.message.0),
                step,
                String::new(),
            ));
        };
        let document = Document::decode(&stored.id.0, &stored.body)?;
        self.answered().entry(desk.clone()).or_default().push(conversation);
        let step = Step::Send { seq: named.seq };
        let mut commit = queued(desk, named, conversation, step, document.trace);
        commit
            .rows
            .push(rows::answer(desk, conversation, named.seq, named.message));
        Ok(commit)
    }

    /// Moving once more changes nothing: what the journal says last is done last.
    async fn move_documents(&self, desk: &DeskId, to_move: &Move) -> Result<(), StoreError> {
        match to_move {
            Move::Split {
                ticket,
                conversation,
                messages,
            } => {
                let mut keys = vec![self.secret.conversation_key(desk, *conversation)];
                for message in messages {
                    keys.extend(self.key_of_mail(desk, *message).await?);
                }
                self.store()
                    .split_documents(desk, messages, ticket.0, (*conversation, keys))
                    .await
            }
            Move::Merge { ticket, into, messages } => {
                self.store().merge_documents(desk, messages, ticket.0, into.0).await
            }
        }
    }

    /// By which follow-ups find the message, if it is a mail.
    async fn key_of_mail(&self, desk: &DeskId, message: MessageId) -> Result<Option<Bytes>, StoreError> {
        let Some(stored) = self.store().document(desk, message).await? else {
            return Ok(None);
        };
        let document = Document::decode(&stored.id.0, &stored.body)?;
        if document.channel != Channel::Email || document.submitted_as.is_some() {
            return Ok(None);
        }
        let raw = self.store().raw(desk, message).await?.unwrap_or_default();
        Ok(self.secret.key_of_mail(desk, &parse_in_background(raw).await))
    }

    /// No code that can panic runs under this lock.
    fn answered(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeskId, Vec<ConversationId>>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Consume for Consumer {
    /// Releasing and moving come before the commit: what the journal has named may be listed where the journal has it, and
    /// doing it again changes nothing.
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        let Read { named, moves } = read(records)?;
        let mut commit = Commit::default();
        let desk = &stream.desk;
        if !named.is_empty() {
            let ids: Vec<MessageId> = named.iter().map(|named| named.message).collect();
            self.store().release_answers(desk, &ids).await?;
        }
        for to_move in &moves {
            self.move_documents(desk, to_move).await?;
        }
        for named in named.iter().filter(|named| named.visible) {
            let stored = self.store().document(desk, named.message).await?;
            let public = self.public(desk, named, stored)?;
            commit.rows.extend(public.rows);
            commit.jobs.extend(public.jobs);
        }
        Ok(commit)
    }

    async fn committed(&self, stream: &Stream) {
        let answered = self.answered().remove(&stream.desk).unwrap_or_default();
        for conversation in answered {
            self.deliveries
                .hint(&stream.desk, &format!("conversation.{conversation}"))
                .await;
        }
        self.deliveries.wake.notify_one();
    }

    /// Rows name numbers of a history that is no more. What was delivered stays delivered: jobs are remembered.
    async fn reset(&self, stream: &Stream) -> Commit {
        let mut commit = Commit::default();
        for table in [ANSWERS, CALLBACKS] {
            let mut after = None;
            loop {
                let page = self.store().rows(&stream.desk, table, "", after.as_deref(), PAGE).await;
                let Ok(page) = page else {
                    // What is left over is put again, or names answers that are sent twice at the worst.
                    tracing::warn!(stream = %stream, table, "rows of a rewritten history are left over");
                    break;
                };
                let keys = page.rows.into_iter().map(|(key, _)| key);
                commit
                    .rows
                    .extend(keys.map(|key| rows::deleted(&stream.desk, table, key)));
                after = page.next_after;
                if after.is_none() {
                    break;
                }
            }
        }
        commit
    }
}

/// What the journal says of documents.
#[derive(Default)]
struct Read {
    named: Vec<Named>,
    moves: Vec<Move>,
}

/// Documents that belong elsewhere from now on.
enum Move {
    /// These are a ticket and a conversation of their own.
    Split {
        ticket: TicketId,
        conversation: ConversationId,
        messages: Vec<MessageId>,
    },
    /// All of a ticket's are on another one.
    Merge {
        ticket: TicketId,
        into: TicketId,
        messages: Vec<MessageId>,
    },
}

fn read(records: &[Record]) -> Result<Read, HandleError> {
    let mut read = Read::default();
    for record in records {
        let recorded = decode_record::<RoutingCore>(record).map_err(|error| HandleError::Fail(error.to_string()))?;
        let Recorded::Core(event) = recorded else { continue };
        match event.body {
            RoutingEvent::AnswerAdded {
                ticket,
                message,
                visible,
                ..
            } => read.named.push(Named {
                seq: record.seq,
                at: event.at,
                ticket,
                message,
                visible,
            }),
            RoutingEvent::TicketSplit {
                ticket,
                intake,
                messages,
                ..
            } => read.moves.push(Move::Split {
                ticket,
                conversation: intake.conversation,
                messages,
            }),
            RoutingEvent::TicketMerged { ticket, into, messages } => {
                read.moves.push(Move::Merge { ticket, into, messages });
            }
            _ => {}
        }
    }
    Ok(read)
}

fn queued(desk: &DeskId, named: &Named, conversation: ConversationId, step: Step, trace: String) -> Commit {
    let job = Job {
        ticket: named.ticket,
        conversation,
        step,
    };
    Commit {
        jobs: vec![NewJob {
            queue: job::QUEUE.to_owned(),
            desk: desk.clone(),
            id: named.message.to_string(),
            body: job.encode(),
            due: named.at,
            trace,
        }],
        ..Commit::default()
    }
}
