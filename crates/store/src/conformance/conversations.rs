//! Answers, and the documents of conversations.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::time::Duration;

use bytes::Bytes;
use futures::future::{join, join_all};
use tandem_domain::{MessageId, Timestamp};

use super::accept::{conversation, document, message};
use super::{Subject, desk};
use crate::{KeptAnswer, NewAnswer, NewDocument, OutboxOutcome, StoredDocument};

const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// An answer in the conversation that message 1 starts.
fn answer(number: u128) -> NewAnswer {
    NewAnswer {
        desk: desk("acme"),
        id: message(number),
        dedupe_key: format!("answer {number}").into(),
        conversation: conversation(1),
        ticket: 17,
        body: format!("answer {number}").into(),
        received_at: AT,
    }
}

async fn accept(subject: &Subject, document: NewDocument) {
    subject.store.accept(vec![document]).await.unwrap();
}

async fn keep(subject: &Subject, answer: NewAnswer) -> KeptAnswer {
    subject.store.add_answer(answer).await.unwrap()
}

async fn release(subject: &Subject, numbers: &[u128]) {
    let ids: Vec<MessageId> = numbers.iter().map(|number| message(*number)).collect();
    subject.store.release_answers(&desk("acme"), &ids).await.unwrap();
}

fn ids(documents: &[StoredDocument]) -> Vec<MessageId> {
    documents.iter().map(|document| document.id).collect()
}

async fn listed(subject: &Subject) -> Vec<MessageId> {
    ids(&subject.other.documents(&desk("acme"), None, None, 100).await.unwrap())
}

pub async fn an_answer_is_no_document_before_it_is_released(subject: &Subject) {
    accept(subject, document(1)).await;
    let kept = keep(subject, answer(2)).await;
    assert_eq!((kept.id, kept.earlier), (message(2), None));
    assert_eq!(listed(subject).await, [message(1)]);
    let desk = desk("acme");
    assert_eq!(subject.other.document(&desk, message(2)).await.unwrap(), None);
    accept(subject, document(3)).await;
    release(subject, &[2]).await;
    let expected = StoredDocument {
        id: message(2),
        conversation: Some(conversation(1)),
        ticket: Some(17),
        unrouted: None,
        body: "answer 2".into(),
        received_at: AT,
    };
    assert_eq!(subject.other.document(&desk, message(2)).await.unwrap(), Some(expected));
    assert_eq!(subject.other.raw(&desk, message(2)).await.unwrap(), None);
    assert_eq!(listed(subject).await, [message(1), message(3), message(2)]);
    let on_ticket = subject.other.documents(&desk, Some(17), None, 10).await.unwrap();
    assert_eq!(ids(&on_ticket), [message(2)]);
}

pub async fn an_answer_is_the_same_for_ever(subject: &Subject) {
    let again = || NewAnswer {
        body: "other".into(),
        dedupe_key: "answer 2".into(),
        ..answer(3)
    };
    let same = KeptAnswer {
        id: message(2),
        earlier: Some("answer 2".into()),
    };
    keep(subject, answer(2)).await;
    assert_eq!(keep(subject, again()).await, same);
    release(subject, &[2]).await;
    assert_eq!(keep(subject, again()).await, same);
    release(subject, &[3]).await;
    assert_eq!(listed(subject).await, [message(2)]);
    let elsewhere = NewAnswer {
        desk: desk("other"),
        ..again()
    };
    assert_eq!(keep(subject, elsewhere).await.earlier, None);
}

pub async fn concurrent_repeats_of_an_answer_are_one(subject: &Subject) {
    let repeats = (2..10).map(|number| {
        let repeat = NewAnswer {
            dedupe_key: Bytes::from("the same"),
            ..answer(number)
        };
        let store = if number % 2 == 0 {
            &subject.store
        } else {
            &subject.other
        };
        store.add_answer(repeat)
    });
    let kept: Vec<KeptAnswer> = join_all(repeats).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(kept.iter().filter(|kept| kept.earlier.is_none()).count(), 1);
    assert!(kept.iter().all(|all| all.id == kept[0].id));
}

pub async fn releasing_twice_changes_nothing(subject: &Subject) {
    keep(subject, answer(2)).await;
    keep(subject, answer(3)).await;
    release(subject, &[3, 99, 2, 3]).await;
    release(subject, &[2]).await;
    assert_eq!(listed(subject).await, [message(3), message(2)]);
}

pub async fn releases_and_messages_get_numbers_of_their_own(subject: &Subject) {
    for number in 100..120 {
        keep(subject, answer(number)).await;
    }
    let accepted = async {
        for number in 1..20 {
            accept(subject, document(number)).await;
        }
    };
    let released = async {
        for number in 100..120 {
            let ids = [message(number)];
            subject.other.release_answers(&desk("acme"), &ids).await.unwrap();
        }
    };
    join(accepted, released).await;
    assert_eq!(listed(subject).await.len(), 39);
}

pub async fn documents_move_to_a_ticket_of_their_own_and_back(subject: &Subject) {
    let first = NewDocument {
        known_as: vec![Bytes::from("k1")],
        ..document(1)
    };
    for document in [first, document(2), document(3)] {
        accept(subject, document).await;
    }
    let acme = desk("acme");
    let on = async |ticket| ids(&subject.other.documents(&acme, Some(ticket), None, 100).await.unwrap());
    let of = async |number| {
        let found = subject
            .other
            .documents_of_conversation(&acme, conversation(number), None, 100)
            .await;
        ids(&found.unwrap())
    };
    let moved = [message(1), message(3), message(99)];
    for _repeated in 0..2 {
        let split =
            subject
                .store
                .split_documents(&acme, &moved, 7, (conversation(77), vec!["k77".into(), "k1".into()]));
        split.await.unwrap();
        assert_eq!(on(7).await, [message(1), message(3)]);
        assert_eq!(of(77).await, [message(1), message(3)]);
    }
    for _repeated in 0..2 {
        subject.store.merge_documents(&acme, &[], 7, 8).await.unwrap();
        assert_eq!((on(7).await, on(8).await), (vec![], vec![message(1), message(3)]));
        assert_eq!(of(77).await, [message(1), message(3)], "each stays in its conversation");
    }
    for (number, key) in [(4, "k77"), (5, "k1")] {
        let reply = NewDocument {
            find_by: vec![Bytes::from(key)],
            ..document(number)
        };
        accept(subject, reply).await;
    }
    let all = [1, 3, 4, 5].map(message);
    assert_eq!(of(77).await, all, "replies find it, also by a key that led elsewhere");
}

pub async fn what_moved_before_the_outbox_was_settled_stays_where_it_went(subject: &Subject) {
    for number in [1, 2, 3] {
        accept(subject, document(number)).await;
    }
    let acme = desk("acme");
    let (moved, own) = ([message(1)], (conversation(77), vec![Bytes::from("k77")]));
    subject.store.split_documents(&acme, &moved, 7, own).await.unwrap();
    subject.store.merge_documents(&acme, &[message(2)], 5, 8).await.unwrap();
    let outcomes = [1, 2, 3].map(|number| (acme.clone(), message(number), OutboxOutcome::OnTicket(5)));
    subject.store.settle(outcomes.to_vec()).await.unwrap();
    for (ticket, expected) in [(7, 1), (8, 2), (5, 3)] {
        let found = subject.other.documents(&acme, Some(ticket), None, 100).await.unwrap();
        assert_eq!(ids(&found), [message(expected)], "on {ticket}");
    }
    assert_eq!(subject.other.outbox(&acme, false, None, 100).await.unwrap(), []);
}

pub async fn a_conversation_is_read_forwards_and_backwards(subject: &Subject) {
    accept(subject, document(1)).await;
    accept(subject, document(9)).await;
    keep(subject, answer(2)).await;
    keep(subject, answer(3)).await;
    release(subject, &[2, 3]).await;
    let (acme, of) = (desk("acme"), conversation(1));
    let forwards = async |after, limit| {
        let found = subject.other.documents_of_conversation(&acme, of, after, limit).await;
        ids(&found.unwrap())
    };
    let backwards = async |before, limit| {
        let found = subject.other.latest_of_conversation(&acme, of, before, limit).await;
        ids(&found.unwrap())
    };
    assert_eq!(forwards(None, 2).await, [message(1), message(2)]);
    assert_eq!(forwards(Some(message(2)), 2).await, [message(3)]);
    assert_eq!(forwards(Some(message(99)), 2).await, []);
    assert_eq!(backwards(None, 2).await, [message(3), message(2)]);
    assert_eq!(backwards(Some(message(2)), 2).await, [message(1)]);
    assert_eq!(backwards(Some(message(99)), 2).await, []);
    let elsewhere = subject
        .store
        .documents_of_conversation(&desk("other"), of, None, 9)
        .await;
    assert_eq!(elsewhere.unwrap(), []);
}

pub async fn drafts_that_were_never_released_are_forgotten(subject: &Subject) {
    let old = NewAnswer {
        received_at: Timestamp::EPOCH.plus(Duration::from_secs(1)),
        ..answer(2)
    };
    keep(subject, old).await;
    keep(subject, answer(3)).await;
    assert_eq!(subject.store.forget_drafts(AT).await.unwrap(), 1);
    release(subject, &[2, 3]).await;
    assert_eq!(listed(subject).await, [message(3)]);
    assert_eq!(
        subject
            .store
            .forget_drafts(AT.plus(Duration::from_secs(1)))
            .await
            .unwrap(),
        0
    );
}
