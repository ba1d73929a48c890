//! What accepting a batch of documents writes, decided from what is stored already. All stores
//! decide here, so that they cannot differ.

use std::collections::HashMap;

use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId};

use crate::{Accepted, NewDocument, WithoutConversation};

/// A unique key on a desk.
pub(crate) type DeskKey = (DeskId, Bytes);

/// What is stored already, as far as the batch asks for it.
#[derive(Default)]
pub(crate) struct Known {
    /// Earlier messages by dedupe key.
    pub(crate) messages: HashMap<DeskKey, Accepted>,
    /// Conversations by the keys they are known as.
    pub(crate) conversations: HashMap<DeskKey, ConversationId>,
}

/// What has to be written, and the answers.
pub(crate) struct Plan {
    /// One per document, in the order given.
    pub(crate) answers: Vec<Accepted>,
    /// The documents to insert, in order; duplicates left out.
    pub(crate) inserts: Vec<Insert>,
    /// New keys and the conversations they lead to.
    pub(crate) keys: Vec<(DeskKey, ConversationId)>,
}

/// A document to insert.
pub(crate) struct Insert {
    pub(crate) document: NewDocument,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) started: bool,
    pub(crate) unrouted: Option<String>,
}

/// The dedupe keys that a batch asks for.
pub(crate) fn dedupe_keys(documents: &[NewDocument]) -> Vec<DeskKey> {
    documents
        .iter()
        .map(|document| (document.desk.clone(), document.dedupe_key.clone()))
        .collect()
}

/// The conversation keys that a batch asks for.
pub(crate) fn conversation_keys(documents: &[NewDocument]) -> Vec<DeskKey> {
    let of_document = |document: &NewDocument| {
        let keys = document.find_by.iter().chain(&document.known_as);
        keys.map(|key| (document.desk.clone(), key.clone())).collect::<Vec<_>>()
    };
    documents.iter().flat_map(of_document).collect()
}

/// Whether each is known by all that it is found by. Of two of these that are stored at once and should have found each
/// other, one then fails over a key of the other's. An answer that is known by less than it is found by could miss what it
/// answers, and be missed by it.
pub(crate) fn are_known_by_what_finds_them(documents: &[NewDocument]) -> bool {
    let is_known = |document: &NewDocument| document.find_by.iter().all(|key| document.known_as.contains(key));
    documents.iter().all(is_known)
}

/// Plans the batch; later documents of it see the earlier ones.
pub(crate) fn plan(documents: Vec<NewDocument>, mut known: Known) -> Plan {
    let mut plan = Plan {
        answers: Vec::with_capacity(documents.len()),
        inserts: Vec::new(),
        keys: Vec::new(),
    };
    for document in documents {
        let dedupe = (document.desk.clone(), document.dedupe_key.clone());
        if let Some(earlier) = known.messages.get(&dedupe) {
            plan.answers.push(Accepted {
                duplicate: true,
                ..earlier.clone()
            });
            continue;
        }
        let insert = place(document, &known);
        name(&insert, &mut known, &mut plan.keys);
        let answer = Accepted {
            id: insert.document.id,
            conversation: insert.conversation,
            started: insert.started,
            duplicate: false,
        };
        known.messages.insert(dedupe, answer.clone());
        plan.answers.push(answer);
        plan.inserts.push(insert);
    }
    plan
}

fn place(document: NewDocument, known: &Known) -> Insert {
    let find = |key: &Bytes| known.conversations.get(&(document.desk.clone(), key.clone())).copied();
    if let Some(found) = document.find_by.iter().find_map(find) {
        return Insert {
            document,
            conversation: Some(found),
            started: false,
            unrouted: None,
        };
    }
    match document.otherwise.clone() {
        WithoutConversation::Start(id) => Insert {
            document,
            conversation: Some(id),
            started: true,
            unrouted: None,
        },
        WithoutConversation::Unrouted(why) => Insert {
            document,
            conversation: None,
            started: false,
            unrouted: Some(why),
        },
    }
}

/// Gives the document's conversation the names that no other conversation has.
fn name(insert: &Insert, known: &mut Known, keys: &mut Vec<(DeskKey, ConversationId)>) {
    let Some(conversation) = insert.conversation else {
        return;
    };
    for key in &insert.document.known_as {
        let key = (insert.document.desk.clone(), key.clone());
        if !known.conversations.contains_key(&key) {
            known.conversations.insert(key.clone(), conversation);
            keys.push((key, conversation));
        }
    }
}
