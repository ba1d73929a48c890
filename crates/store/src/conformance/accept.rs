//! Accepting documents: duplicates, conversations, what is unrouted.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::time::Duration;

use bytes::Bytes;
use futures::future::{join, join_all};
use tandem_domain::{ConversationId, MessageId, Timestamp};
use uuid::Uuid;

use super::{Subject, desk};
use crate::{Accepted, NewDocument, Store, StoreError, StoredDocument, WithoutConversation};

pub(super) fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

pub(super) fn conversation(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(number << 64))
}

/// A first message: unless it is found by a key, it starts the conversation of its own number.
pub(super) fn document(number: u128) -> NewDocument {
    NewDocument {
        desk: desk("acme"),
        id: message(number),
        dedupe_key: format!("message {number}").into(),
        find_by: Vec::new(),
        known_as: Vec::new(),
        otherwise: WithoutConversation::Start(conversation(number)),
        body: format!("body {number}").into(),
        raw: format!("raw {number}").into(),
        outbox: format!("outbox {number}").into(),
        received_at: Timestamp::from_micros(1_700_000_000_000_000),
        trace: format!("trace {number}"),
        claimed_for: Duration::ZERO,
    }
}

fn keys(keys: &[&str]) -> Vec<Bytes> {
    keys.iter().map(|key| Bytes::copy_from_slice(key.as_bytes())).collect()
}

/// A message that answers to `find_by` and is known as `known_as`.
fn threaded(number: u128, find_by: &[&str], known_as: &[&str]) -> NewDocument {
    NewDocument {
        find_by: keys(find_by),
        known_as: keys(known_as),
        ..document(number)
    }
}

fn bounce(number: u128, find_by: &[&str]) -> NewDocument {
    NewDocument {
        otherwise: WithoutConversation::Unrouted("bounce".to_owned()),
        ..threaded(number, find_by, &["<bounce>"])
    }
}

async fn accept(store: &dyn Store, documents: Vec<NewDocument>) -> Vec<Accepted> {
    store.accept(documents).await.unwrap()
}

async fn accept_one(store: &dyn Store, document: NewDocument) -> Accepted {
    accept(store, vec![document]).await.remove(0)
}

async fn stored(subject: &Subject, number: u128) -> Option<StoredDocument> {
    subject.other.document(&desk("acme"), message(number)).await.unwrap()
}

async fn count(subject: &Subject) -> usize {
    subject
        .store
        .documents(&desk("acme"), None, None, 1000)
        .await
        .unwrap()
        .len()
}

pub async fn a_first_message_starts_a_conversation(subject: &Subject) {
    let accepted = accept_one(&*subject.store, document(1)).await;
    let conversation = Some(conversation(1));
    assert_eq!(
        accepted,
        Accepted {
            id: message(1),
            conversation,
            started: true,
            duplicate: false
        }
    );
    let expected = StoredDocument {
        id: message(1),
        conversation,
        ticket: None,
        unrouted: None,
        body: "body 1".into(),
        received_at: document(1).received_at,
    };
    assert_eq!(stored(subject, 1).await, Some(expected));
    assert_eq!(
        subject.other.raw(&desk("acme"), message(1)).await.unwrap(),
        Some("raw 1".into())
    );
    assert_eq!(stored(subject, 2).await, None);
    assert_eq!(subject.other.raw(&desk("acme"), message(2)).await.unwrap(), None);
}

pub async fn a_duplicate_is_answered_with_the_first_one(subject: &Subject) {
    accept_one(&*subject.store, document(1)).await;
    let again = NewDocument {
        dedupe_key: document(1).dedupe_key,
        ..document(2)
    };
    let accepted = accept_one(&*subject.other, again).await;
    let conversation = Some(conversation(1));
    assert_eq!(
        accepted,
        Accepted {
            id: message(1),
            conversation,
            started: true,
            duplicate: true
        }
    );
    assert_eq!(stored(subject, 2).await, None);
    assert_eq!(
        subject
            .store
            .outbox(&desk("acme"), false, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );

    accept_one(&*subject.store, bounce(3, &[])).await;
    let accepted = accept_one(
        &*subject.store,
        NewDocument {
            id: message(4),
            ..bounce(3, &[])
        },
    )
    .await;
    assert_eq!(
        accepted,
        Accepted {
            id: message(3),
            conversation: None,
            started: false,
            duplicate: true
        }
    );
}

pub async fn a_duplicate_within_a_batch_is_one_message(subject: &Subject) {
    let again = NewDocument {
        dedupe_key: document(1).dedupe_key,
        ..document(2)
    };
    let accepted = accept(&*subject.store, vec![document(1), again, document(3)]).await;
    assert_eq!(
        accepted.iter().map(|a| a.id).collect::<Vec<_>>(),
        [message(1), message(1), message(3)]
    );
    assert_eq!(
        accepted.iter().map(|a| a.duplicate).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert_eq!(count(subject).await, 2);
}

pub async fn a_message_is_a_duplicate_for_ever(subject: &Subject) {
    accept_one(&*subject.store, document(1)).await;
    let claimed = subject.store.claim(10, Duration::from_mins(1)).await.unwrap();
    let outcome = crate::OutboxOutcome::OnTicket(1);
    subject
        .store
        .settle(vec![(desk("acme"), claimed[0].id, outcome)])
        .await
        .unwrap();
    let again = NewDocument {
        id: message(2),
        ..document(1)
    };
    assert!(accept_one(&*subject.store, again).await.duplicate);
    assert_eq!(subject.store.outbox(&desk("acme"), false, None, 10).await.unwrap(), []);
}

pub async fn a_message_is_found_by_its_strongest_key(subject: &Subject) {
    accept(
        &*subject.store,
        vec![threaded(1, &[], &["<a>"]), threaded(2, &[], &["<b>"])],
    )
    .await;
    let reply = accept_one(&*subject.other, threaded(3, &["<unknown>", "<b>", "<a>"], &["<c>"])).await;
    assert_eq!((reply.conversation, reply.started), (Some(conversation(2)), false));
    let to_reply = accept_one(&*subject.other, threaded(4, &["<c>"], &[])).await;
    assert_eq!(to_reply.conversation, Some(conversation(2)));
}

pub async fn a_known_key_keeps_its_conversation(subject: &Subject) {
    accept_one(&*subject.store, threaded(1, &[], &["<a>"])).await;
    let claims_it_too = accept_one(&*subject.store, threaded(2, &[], &["<a>", "<b>"])).await;
    assert_eq!(claims_it_too.conversation, Some(conversation(2)));
    let of = async |number, key| {
        accept_one(&*subject.store, threaded(number, &[key], &[]))
            .await
            .conversation
    };
    assert_eq!(of(3, "<a>").await, Some(conversation(1)));
    assert_eq!(of(4, "<b>").await, Some(conversation(2)));
}

pub async fn a_batch_sees_its_own_conversations(subject: &Subject) {
    let batch = vec![
        threaded(1, &[], &["<a>"]),
        threaded(2, &["<a>"], &["<b>"]),
        threaded(3, &["<b>"], &[]),
    ];
    let accepted = accept(&*subject.store, batch).await;
    assert!(
        accepted
            .iter()
            .all(|accepted| accepted.conversation == Some(conversation(1)))
    );
    assert_eq!(
        accepted.iter().map(|a| a.started).collect::<Vec<_>>(),
        [true, false, false]
    );
}

pub async fn a_message_without_conversation_is_unrouted(subject: &Subject) {
    let accepted = accept(
        &*subject.store,
        vec![document(1), bounce(2, &["<unknown>"]), bounce(3, &[])],
    )
    .await;
    assert_eq!((accepted[1].conversation, accepted[1].started), (None, false));
    assert_eq!(stored(subject, 2).await.unwrap().unrouted, Some("bounce".to_owned()));
    let ids = async |after| {
        let listed = subject.other.unrouted(&desk("acme"), after, 1).await.unwrap();
        listed.into_iter().map(|document| document.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None).await, [message(2)]);
    assert_eq!(ids(Some(message(2))).await, [message(3)]);
    assert_eq!(ids(Some(message(3))).await, []);
    assert_eq!(ids(Some(message(99))).await, []);
    // It is nobody's conversation, so its names lead nowhere, and nothing is to be sent.
    assert!(
        accept_one(&*subject.store, threaded(4, &["<bounce>"], &[]))
            .await
            .started
    );
    assert_eq!(
        subject
            .store
            .outbox(&desk("acme"), false, None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub async fn a_bounce_of_a_known_conversation_joins_it(subject: &Subject) {
    accept_one(&*subject.store, threaded(1, &[], &["<a>"])).await;
    let accepted = accept_one(&*subject.store, bounce(2, &["<a>"])).await;
    assert_eq!(accepted.conversation, Some(conversation(1)));
    assert_eq!(stored(subject, 2).await.unwrap().unrouted, None);
}

pub async fn concurrent_first_messages_make_one_conversation(subject: &Subject) {
    for round in 0..15_u128 {
        let key = format!("<round {round}>");
        let first = |number| threaded(number, &[&key], &[&key]);
        let (one, two) = join(
            accept_one(&*subject.store, first(round * 2 + 1)),
            accept_one(&*subject.other, first(round * 2 + 2)),
        )
        .await;
        assert_eq!(one.conversation, two.conversation);
        assert!(one.started != two.started, "round {round}: {one:?} and {two:?}");
    }
}

pub async fn concurrent_batches_in_any_order_all_end(subject: &Subject) {
    let batch = |start: u128, backwards: bool| {
        let mut documents: Vec<_> = (0..10)
            .map(|number| {
                let key = format!("<{number}>");
                let desk = desk(["acme", "other", "third"][usize::try_from(number % 3).unwrap()]);
                NewDocument {
                    desk,
                    ..threaded(start + number, &[&key], &[&key])
                }
            })
            .collect();
        if backwards {
            documents.reverse();
        }
        documents
    };
    let writers = (0..8_u128).map(|writer| {
        let store = if writer % 2 == 0 {
            &subject.store
        } else {
            &subject.other
        };
        accept(&**store, batch(writer * 100, writer % 3 == 0))
    });
    let accepted = join_all(writers).await.concat();
    assert_eq!(accepted.iter().filter(|accepted| accepted.started).count(), 10);
    assert!(accepted.iter().all(|accepted| !accepted.duplicate));
}

pub async fn an_id_of_another_message_is_refused(subject: &Subject) {
    accept_one(&*subject.store, document(1)).await;
    let taken = NewDocument {
        id: message(1),
        ..document(2)
    };
    let refused = subject.store.accept(vec![document(3), taken]).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    assert_eq!(stored(subject, 1).await.unwrap().body, "body 1");
    assert_eq!(count(subject).await, 1);
}

pub async fn desks_share_nothing(subject: &Subject) {
    let at = |name, document| NewDocument {
        desk: desk(name),
        ..document
    };
    accept_one(&*subject.store, threaded(1, &[], &["<a>"])).await;
    let same_key = accept_one(
        &*subject.store,
        at(
            "other",
            NewDocument {
                id: message(2),
                ..document(1)
            },
        ),
    )
    .await;
    assert!(!same_key.duplicate);
    assert!(
        accept_one(&*subject.store, at("other", threaded(3, &["<a>"], &[])))
            .await
            .started
    );
    assert_eq!(subject.store.document(&desk("other"), message(1)).await.unwrap(), None);
    assert_eq!(subject.store.raw(&desk("other"), message(1)).await.unwrap(), None);
    let other = subject.store.documents(&desk("other"), None, None, 10).await.unwrap();
    assert_eq!(
        other.iter().map(|document| document.id).collect::<Vec<_>>(),
        [message(2), message(3)]
    );
}

pub async fn documents_are_listed_in_the_order_in_which_they_were_stored(subject: &Subject) {
    for number in [5, 3, 9, 1, 7] {
        accept_one(&*subject.store, document(number)).await;
    }
    let ids = async |after, limit| {
        let listed = subject
            .other
            .documents(&desk("acme"), None, after, limit)
            .await
            .unwrap();
        listed
            .into_iter()
            .map(|document| document.id.0.as_u128())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 100).await, [5, 3, 9, 1, 7]);
    assert_eq!(ids(None, 2).await, [5, 3]);
    assert_eq!(ids(Some(message(3)), 2).await, [9, 1]);
    assert_eq!(ids(Some(message(7)), 2).await, [0; 0]);
    assert_eq!(ids(Some(message(99)), 2).await, [0; 0]);
}

pub async fn any_bytes_make_a_key(subject: &Subject) {
    let odd: Bytes = vec![0, 0xFF, b'\'', 0].into();
    let first = NewDocument {
        dedupe_key: odd.clone(),
        known_as: vec![odd.clone(), Bytes::new(), odd.clone()],
        trace: "\0".to_owned(),
        ..document(1)
    };
    accept_one(&*subject.store, first).await;
    let reply = accept_one(
        &*subject.store,
        NewDocument {
            find_by: vec![odd.clone()],
            ..document(2)
        },
    )
    .await;
    assert_eq!(reply.conversation, Some(conversation(1)));
    assert!(
        accept_one(
            &*subject.store,
            NewDocument {
                dedupe_key: odd,
                ..document(3)
            }
        )
        .await
        .duplicate
    );
}

pub async fn a_large_raw_message_is_kept(subject: &Subject) {
    let raw: Bytes = (0..30_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
    accept_one(
        &*subject.store,
        NewDocument {
            raw: raw.clone(),
            ..document(1)
        },
    )
    .await;
    assert!(subject.other.raw(&desk("acme"), message(1)).await.unwrap() == Some(raw));
}

pub async fn an_empty_batch_is_answered_with_nothing(subject: &Subject) {
    assert_eq!(subject.store.accept(Vec::new()).await.unwrap(), []);
    subject.store.settle(Vec::new()).await.unwrap();
    assert_eq!(count(subject).await, 0);
}
