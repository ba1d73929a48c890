//! Stores what many callers bring at the same time in one transaction: while one is under way, the next gathers. So a
//! desk, on which transactions go one after the other, takes as many messages as fit into them.

use std::sync::Arc;

use tandem_store::{Accepted, Claimed, NewDocument, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::handover::{CLAIM, HandOver};

/// Documents that are stored together at most.
const MOST: usize = 256;
/// A group with so many bytes is large enough; whoever brings as many alone makes nobody wait for it.
const HEAVY: usize = 256 * 1024;
/// Callers that may wait for their turn before others wait to come in.
const WAITING: usize = 1024;

/// Stores documents. Clones share one queue.
#[derive(Clone)]
pub(crate) struct Storing {
    store: Arc<dyn Store>,
    waiting: mpsc::Sender<Caller>,
    hand_over: Arc<HandOver>,
}

/// What one caller brings: all of it is stored, or nothing.
struct Caller {
    documents: Vec<NewDocument>,
    answer: oneshot::Sender<Result<Vec<Accepted>, StoreError>>,
}

struct Groups {
    store: Arc<dyn Store>,
    waiting: mpsc::Receiver<Caller>,
    hand_over: Arc<HandOver>,
}

impl Storing {
    /// Starts storing; ends with the last clone.
    pub(crate) fn start(store: Arc<dyn Store>, hand_over: HandOver) -> Self {
        let (callers, waiting) = mpsc::channel(WAITING);
        let hand_over = Arc::new(hand_over);
        let groups = Groups {
            store: Arc::clone(&store),
            waiting,
            hand_over: Arc::clone(&hand_over),
        };
        tokio::spawn(groups.run());
        Self {
            store,
            waiting: callers,
            hand_over,
        }
    }

    /// Stores documents, all or none, and has the router told of them. Once begun, it is finished even if the caller
    /// stops waiting.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        if documents.iter().map(weight).sum::<usize>() >= HEAVY {
            let accepted = self.store.accept(documents).await?;
            self.hand_over.leave();
            return Ok(accepted);
        }
        let (answer, answered) = oneshot::channel();
        let gone = || StoreError::Unavailable("ingest is ending".to_owned());
        let caller = Caller { documents, answer };
        self.waiting.send(caller).await.map_err(|_| gone())?;
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::OutcomeUnknown("storing broke off".to_owned())))
    }
}

impl Groups {
    async fn run(mut self) {
        while let Some(first) = self.waiting.recv().await {
            let group = self.gather(first);
            self.store(group).await;
        }
    }

    /// What is there already, without waiting for more.
    fn gather(&mut self, first: Caller) -> Vec<Caller> {
        let (mut count, mut bytes) = size(&first);
        let mut group = vec![first];
        while count < MOST && bytes < HEAVY {
            let Ok(next) = self.waiting.try_recv() else { break };
            let (more, heavier) = size(&next);
            (count, bytes) = (count + more, bytes + heavier);
            group.push(next);
        }
        group
    }

    async fn store(&self, group: Vec<Caller>) {
        let documents = group.iter().flat_map(|caller| caller.documents.clone()).collect();
        match self.accept(documents).await {
            Ok(mut accepted) => {
                for Caller { documents, answer } in group {
                    let rest = accepted.split_off(documents.len().min(accepted.len()));
                    // Whoever stopped waiting does not want to know.
                    let _ = answer.send(Ok(std::mem::replace(&mut accepted, rest)));
                }
            }
            Err(StoreError::Full(_) | StoreError::Damaged { .. }) if group.len() > 1 => self.one_by_one(group).await,
            Err(error) => {
                for caller in group {
                    let _ = caller.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// One that cannot be stored must not fail those that can.
    async fn one_by_one(&self, group: Vec<Caller>) {
        for Caller { documents, answer } in group {
            let _ = answer.send(self.accept(documents).await);
        }
    }

    async fn accept(&self, mut documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        let Some(mut room) = self.hand_over.room(documents.len()) else {
            let accepted = self.store.accept(documents).await?;
            self.hand_over.leave();
            return Ok(accepted);
        };
        for document in &mut documents {
            document.claimed_for = CLAIM;
        }
        let rows: Vec<Claimed> = documents.iter().map(row).collect();
        let accepted = self.store.accept(documents).await?;
        for (row, accepted) in rows.into_iter().zip(&accepted) {
            let conversation = accepted.conversation.filter(|_| !accepted.duplicate);
            if let (Some(conversation), Some(place)) = (conversation, room.next()) {
                place.send(Claimed { conversation, ..row });
            }
        }
        Ok(accepted)
    }
}

/// The outbox row, but for the conversation, which the store finds.
fn row(document: &NewDocument) -> Claimed {
    Claimed {
        desk: document.desk.clone(),
        id: document.id,
        conversation: tandem_domain::ConversationId(document.id.0),
        outbox: document.outbox.clone(),
        trace: document.trace.clone(),
        attempts: 1,
    }
}

fn size(caller: &Caller) -> (usize, usize) {
    (caller.documents.len(), caller.documents.iter().map(weight).sum())
}

fn weight(document: &NewDocument) -> usize {
    document.body.len() + document.raw.len() + document.outbox.len()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::future::join_all;
    use tandem_domain::{ConversationId, MessageId, Timestamp};
    use tandem_store::memory::{Fault, Gate, Operation};
    use tandem_store::{DocumentStore, MemoryStore, WithoutConversation};

    use super::*;
    use crate::handover::{Handed, handover};

    fn document(number: u128, bytes: usize) -> NewDocument {
        let id = uuid::Uuid::from_u128(number);
        let key = Bytes::copy_from_slice(id.as_bytes());
        NewDocument {
            desk: "acme".parse().unwrap(),
            id: MessageId(id),
            dedupe_key: key.clone(),
            find_by: Vec::new(),
            known_as: vec![key],
            otherwise: WithoutConversation::Start(ConversationId(id)),
            body: vec![b'x'; bytes].into(),
            raw: Bytes::new(),
            outbox: Bytes::new(),
            received_at: Timestamp::EPOCH,
            trace: String::new(),
            claimed_for: std::time::Duration::ZERO,
        }
    }

    fn started() -> (MemoryStore, Storing, Handed) {
        let store = MemoryStore::new();
        let (hand_over, handed) = handover();
        let storing = Storing::start(Arc::new(store.clone()), hand_over);
        (store, storing, handed)
    }

    fn number(id: MessageId) -> u128 {
        id.0.as_u128()
    }

    #[tokio::test]
    async fn what_comes_while_one_is_stored_is_stored_together_and_handed_over_in_order() {
        let (store, storing, mut handed) = started();
        let gate = Gate::new();
        store.faults().next(Operation::Accept, Fault::Held(gate.clone()));
        let first = tokio::spawn({
            let storing = storing.clone();
            async move { storing.accept(vec![document(1, 1)]).await }
        });
        gate.reached().await;
        let more = (2..=10).map(|number| storing.accept(vec![document(number, 1)]));
        let more = join_all(more);
        let opening = async {
            tokio::task::yield_now().await;
            gate.open();
        };
        let (stored, ()) = tokio::join!(more, opening);
        let stored = stored.into_iter().map(|answer| number(answer.unwrap()[0].id));
        assert_eq!(stored.collect::<Vec<_>>(), (2..=10).collect::<Vec<_>>());
        first.await.unwrap().unwrap();
        let mut rows = Vec::new();
        handed.rows.recv_many(&mut rows, 20).await;
        while rows.len() < 10 {
            handed.rows.recv_many(&mut rows, 20).await;
        }
        let rows: Vec<_> = rows.iter().map(|row| (number(row.id), row.attempts)).collect();
        assert_eq!(rows, (1..=10).map(|number| (number, 1)).collect::<Vec<_>>());
        assert_eq!(store.claim(20, CLAIM).await.unwrap(), [], "they are claimed already");
    }

    #[tokio::test]
    async fn one_that_does_not_fit_fails_none_of_the_others() {
        let (store, storing, _handed) = started();
        storing.accept(vec![document(1, 1)]).await.unwrap();
        let gate = Gate::new();
        store.faults().next(Operation::Accept, Fault::Held(gate.clone()));
        let taken = NewDocument {
            dedupe_key: "another key".into(),
            ..document(1, 1)
        };
        let callers = [document(2, 1), document(3, 1), taken, document(4, 1)];
        let answers = join_all(callers.map(|document| storing.accept(vec![document])));
        let opening = async {
            gate.reached().await;
            gate.open();
        };
        let (answers, ()) = tokio::join!(answers, opening);
        let stored: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(stored, [true, true, false, true]);
    }

    #[tokio::test]
    async fn what_is_heavy_or_finds_no_room_is_left_in_the_outbox() {
        let (store, storing, mut handed) = started();
        storing.accept(vec![document(1, HEAVY)]).await.unwrap();
        storing.accept(vec![document(2, 1)]).await.unwrap();
        let left: Vec<_> = store
            .claim(20, CLAIM)
            .await
            .unwrap()
            .iter()
            .map(|row| number(row.id))
            .collect();
        assert_eq!(left, [1, 2], "the second must not overtake the first");
        handed.left.found_all(handed.left.times());
        storing.accept(vec![document(3, 1)]).await.unwrap();
        assert_eq!(handed.rows.recv().await.map(|row| number(row.id)), Some(3));
    }
}
