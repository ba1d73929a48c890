//! The documents and the outbox of the memory store.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{Clock, ConversationId, DeskId, MessageId, Timestamp};

use super::{MemoryStore, Operation};
use crate::documents::plan::{self, Insert, Known};
use crate::{
    Accepted, Claimed, DocumentStore, KeptAnswer, NewAnswer, NewDocument, OutboxEntry, OutboxOutcome, StoreError,
    StoredDocument,
};

/// Documents and outbox rows are kept by the number under which they were stored.
#[derive(Default)]
pub(super) struct Documents {
    stored: BTreeMap<u64, Document>,
    numbers: HashMap<(DeskId, MessageId), u64>,
    known: Known,
    outbox: BTreeMap<u64, Waiting>,
    drafts: HashMap<(DeskId, MessageId), NewAnswer>,
}

struct Document {
    desk: DeskId,
    stored: StoredDocument,
    /// None: it did not come in.
    raw: Option<Bytes>,
}

#[derive(Clone)]
struct Waiting {
    claim: Claimed,
    since: Timestamp,
    /// When it may be claimed (again).
    due_at: Timestamp,
    parked: Option<String>,
}

impl Documents {
    fn accept(&mut self, documents: Vec<NewDocument>, now: Timestamp) -> Result<Vec<Accepted>, StoreError> {
        let known = Known {
            messages: look_up(&self.known.messages, plan::dedupe_keys(&documents)),
            conversations: look_up(&self.known.conversations, plan::conversation_keys(&documents)),
        };
        let plan = plan::plan(documents, known);
        self.check_ids(&plan.inserts)?;
        self.known.conversations.extend(plan.keys);
        plan.inserts.into_iter().for_each(|insert| self.insert(insert, now));
        Ok(plan.answers)
    }

    /// Two different messages under one id would be a fault of the caller's.
    fn check_ids(&self, inserts: &[Insert]) -> Result<(), StoreError> {
        let mut new = HashSet::new();
        let mut ids = inserts
            .iter()
            .map(|insert| (insert.document.desk.clone(), insert.document.id));
        match ids.find(|id| self.numbers.contains_key(id) || !new.insert(id.clone())) {
            Some((_, id)) => Err(StoreError::damaged("message", id, "the id is another message's")),
            None => Ok(()),
        }
    }

    fn insert(&mut self, insert: Insert, now: Timestamp) {
        let number = self.stored.len() as u64 + 1;
        let Insert {
            document,
            conversation,
            started,
            unrouted,
        } = insert;
        let attempts = document.attempts();
        let answer = Accepted {
            id: document.id,
            conversation,
            started,
            duplicate: false,
        };
        self.known
            .messages
            .insert((document.desk.clone(), document.dedupe_key), answer);
        self.numbers.insert((document.desk.clone(), document.id), number);
        let stored = StoredDocument {
            id: document.id,
            conversation,
            ticket: None,
            unrouted,
            body: document.body,
            received_at: document.received_at,
        };
        if let Some(conversation) = conversation {
            let claim = Claimed {
                attempts,
                desk: document.desk.clone(),
                id: document.id,
                conversation,
                outbox: document.outbox,
                trace: document.trace,
            };
            let waiting = Waiting {
                claim,
                since: document.received_at,
                due_at: now.plus(document.claimed_for),
                parked: None,
            };
            self.outbox.insert(number, waiting);
        }
        self.stored.insert(
            number,
            Document {
                desk: document.desk,
                stored,
                raw: Some(document.raw),
            },
        );
    }

    fn get(&self, desk: &DeskId, id: MessageId) -> Option<&Document> {
        self.stored.get(self.numbers.get(&(desk.clone(), id))?)
    }

    /// The number after which a page starts; none for a message that does not exist.
    fn start(&self, desk: &DeskId, after: Option<MessageId>) -> Option<u64> {
        after.map_or(Some(0), |id| self.numbers.get(&(desk.clone(), id)).copied())
    }

    pub(super) fn add_answer(&mut self, answer: NewAnswer) -> KeptAnswer {
        let key = (answer.desk.clone(), answer.dedupe_key.clone());
        let released = self.known.messages.get(&key).map(|message| message.id);
        let released = released.and_then(|id| self.get(&answer.desk, id));
        let kept = |draft: &&NewAnswer| (&draft.desk, &draft.dedupe_key) == (&key.0, &key.1);
        let earlier = released
            .map(|document| (document.stored.id, document.stored.body.clone()))
            .or_else(|| {
                self.drafts
                    .values()
                    .find(kept)
                    .map(|draft| (draft.id, draft.body.clone()))
            });
        if let Some((id, body)) = earlier {
            return KeptAnswer {
                id,
                earlier: Some(body),
            };
        }
        let id = answer.id;
        self.drafts.insert((answer.desk.clone(), id), answer);
        KeptAnswer { id, earlier: None }
    }

    /// The keys lead to this conversation from now on, wherever they led before.
    pub(super) fn lead(&mut self, desk: &DeskId, keys: Vec<Bytes>, conversation: ConversationId) {
        let keys = keys.into_iter().map(|key| ((desk.clone(), key), conversation));
        self.known.conversations.extend(keys);
    }

    pub(super) fn split(&mut self, desk: &DeskId, ids: &[MessageId], ticket: u64, conversation: ConversationId) {
        let moved = self.stored.values_mut().filter(|document| document.desk == *desk);
        for document in moved.filter(|document| ids.contains(&document.stored.id)) {
            document.stored.ticket = Some(ticket);
            document.stored.conversation = Some(conversation);
        }
    }

    pub(super) fn merge(&mut self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) {
        let of_desk = self.stored.values_mut().filter(|document| document.desk == *desk);
        for StoredDocument { id, ticket, .. } in of_desk.map(|document| &mut document.stored) {
            if *ticket == Some(from) || ids.contains(id) {
                *ticket = Some(into);
            }
        }
    }

    pub(super) fn release(&mut self, desk: &DeskId, id: MessageId) {
        let Some(draft) = self.drafts.remove(&(desk.clone(), id)) else {
            return;
        };
        let number = self.stored.len() as u64 + 1;
        let conversation = Some(draft.conversation);
        let answer = Accepted {
            id,
            conversation,
            started: false,
            duplicate: false,
        };
        let stored = StoredDocument {
            id,
            conversation,
            ticket: Some(draft.ticket),
            unrouted: None,
            body: draft.body,
            received_at: draft.received_at,
        };
        let (desk, raw) = (draft.desk, None);
        self.known.messages.insert((desk.clone(), draft.dedupe_key), answer);
        self.numbers.insert((desk.clone(), id), number);
        self.stored.insert(number, Document { desk, stored, raw });
    }

    pub(super) fn latest(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Vec<StoredDocument> {
        let Some(end) = before.map_or(Some(u64::MAX), |id| self.numbers.get(&(desk.clone(), id)).copied()) else {
            return Vec::new();
        };
        let earlier = self.stored.range(..end).rev().map(|(_, document)| document);
        let found = earlier.filter(|found| found.desk == *desk && found.stored.conversation == Some(conversation));
        found.take(limit).map(|document| document.stored.clone()).collect()
    }

    pub(super) fn forget_drafts(&mut self, before: Timestamp) -> u64 {
        let kept = self.drafts.len();
        self.drafts.retain(|_, draft| draft.received_at >= before);
        (kept - self.drafts.len()) as u64
    }

    pub(super) fn list(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
        wanted: impl Fn(&StoredDocument) -> bool,
    ) -> Vec<StoredDocument> {
        let Some(start) = self.start(desk, after) else {
            return Vec::new();
        };
        let later = self.stored.range(start + 1..).map(|(_, document)| document);
        let found = later.filter(|document| document.desk == *desk && wanted(&document.stored));
        found.take(limit).map(|document| document.stored.clone()).collect()
    }

    fn claim(&mut self, limit: usize, now: Timestamp, until: Timestamp) -> Vec<Claimed> {
        let due = self
            .outbox
            .iter()
            .filter(|(_, row)| row.parked.is_none() && row.due_at <= now);
        let mut oldest: Vec<(Timestamp, u64)> = due.map(|(number, row)| (row.due_at, *number)).collect();
        oldest.sort_unstable();
        let take = |(_, number): &(Timestamp, u64)| {
            let row = self.outbox.get_mut(number)?;
            row.due_at = until;
            row.claim.attempts += 1;
            Some(row.claim.clone())
        };
        oldest.iter().take(limit).filter_map(take).collect()
    }

    fn settle(&mut self, desk: DeskId, id: MessageId, outcome: OutboxOutcome, now: Timestamp) {
        let Some(number) = self.numbers.get(&(desk, id)) else {
            return;
        };
        let Some(row) = self.outbox.get_mut(number) else { return };
        let Some(document) = self.stored.get_mut(number) else {
            return;
        };
        match outcome {
            OutboxOutcome::Retry(later) => {
                row.due_at = now.plus(later);
                return;
            }
            OutboxOutcome::Park(why) => {
                row.parked = Some(why);
                return;
            }
            OutboxOutcome::OnTicket(ticket) => {
                document.stored.ticket.get_or_insert(ticket);
            }
            OutboxOutcome::Unrouted(why) => document.stored.unrouted = Some(why),
        }
        self.outbox.remove(number);
    }

    fn entries(&self, desk: &DeskId, parked_only: bool, after: Option<MessageId>, limit: usize) -> Vec<OutboxEntry> {
        let Some(start) = self.start(desk, after) else {
            return Vec::new();
        };
        let later = self.outbox.range(start + 1..).map(|(_, row)| row);
        let wanted = later.filter(|row| row.claim.desk == *desk && (row.parked.is_some() || !parked_only));
        let entry = |row: &Waiting| OutboxEntry {
            id: row.claim.id,
            since: row.since,
            attempts: row.claim.attempts,
            parked: row.parked.clone(),
        };
        wanted.take(limit).map(entry).collect()
    }

    fn retry_parked(&mut self, desk: &DeskId, id: MessageId, now: Timestamp) -> bool {
        let number = self.numbers.get(&(desk.clone(), id));
        let row = number.and_then(|number| self.outbox.get_mut(number));
        let Some(row) = row.filter(|row| row.parked.is_some()) else {
            return false;
        };
        row.parked = None;
        row.due_at = now;
        true
    }
}

fn look_up<V: Clone>(all: &HashMap<plan::DeskKey, V>, keys: Vec<plan::DeskKey>) -> HashMap<plan::DeskKey, V> {
    let found = keys
        .into_iter()
        .filter_map(|key| all.get(&key).cloned().map(|value| (key, value)));
    found.collect()
}

#[async_trait]
impl DocumentStore for MemoryStore {
    async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        let clock = self.clock.clone();
        let accept = move |state: &mut super::state::State| state.documents.accept(documents, clock.now());
        self.write_with_faults(Operation::Accept, None, accept).await
    }

    async fn document(&self, desk: &DeskId, id: MessageId) -> Result<Option<StoredDocument>, StoreError> {
        self.read(|state| state.documents.get(desk, id).map(|document| document.stored.clone()))
    }

    async fn raw(&self, desk: &DeskId, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        self.read(|state| state.documents.get(desk, id).and_then(|document| document.raw.clone()))
    }

    async fn documents(
        &self,
        desk: &DeskId,
        ticket: Option<u64>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let wanted = |document: &StoredDocument| ticket.is_none() || document.ticket == ticket;
        self.read(|state| state.documents.list(desk, after, limit, wanted))
    }

    async fn unrouted(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.read(|state| {
            state
                .documents
                .list(desk, after, limit, |document| document.unrouted.is_some())
        })
    }

    async fn claim(&self, limit: usize, ttl: Duration) -> Result<Vec<Claimed>, StoreError> {
        let now = self.clock.now();
        self.write(|state| state.documents.claim(limit, now, now.plus(ttl)))
    }

    async fn settle(&self, outcomes: Vec<(DeskId, MessageId, OutboxOutcome)>) -> Result<(), StoreError> {
        let clock = self.clock.clone();
        let settle = move |state: &mut super::state::State| {
            let now = clock.now();
            for (desk, id, outcome) in outcomes {
                state.documents.settle(desk, id, outcome, now);
            }
            Ok(())
        };
        self.write_with_faults(Operation::Settle, None, settle).await
    }

    async fn outbox(
        &self,
        desk: &DeskId,
        parked_only: bool,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.read(|state| state.documents.entries(desk, parked_only, after, limit))
    }

    async fn retry_parked(&self, desk: &DeskId, id: MessageId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.write(|state| state.documents.retry_parked(desk, id, now))
    }
}
