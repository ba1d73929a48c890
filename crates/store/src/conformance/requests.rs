//! Remembered requests.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::time::Duration;

use bytes::Bytes;
use tandem_domain::Timestamp;

use super::{Subject, desk};
use crate::{Commit, RequestKey, RequestRecord, Store};

const HOUR: Duration = Duration::from_hours(1);

fn key(id: &str) -> RequestKey {
    let (caller, method) = ("ana".to_owned(), "AcceptOffer".to_owned());
    RequestKey {
        desk: desk("acme"),
        caller,
        method,
        id: id.to_owned(),
    }
}

fn request(id: &str, reply: &str, expires_at: Option<Timestamp>) -> RequestRecord {
    let reply = Bytes::copy_from_slice(reply.as_bytes());
    RequestRecord {
        key: key(id),
        hash: [7; 32],
        reply,
        expires_at,
    }
}

async fn remember(store: &dyn Store, requests: Vec<RequestRecord>) {
    store
        .commit(Commit {
            requests,
            ..Commit::default()
        })
        .await
        .unwrap();
}

async fn reply(store: &dyn Store, key: RequestKey) -> Option<Bytes> {
    store.requests(&[key]).await.unwrap().pop().map(|request| request.reply)
}

pub async fn a_request_is_remembered_with_its_answer(subject: &Subject) {
    let later = subject.store.now().await.unwrap().plus(HOUR);
    let mut requests = vec![request("r1", "one", Some(later)), request("r2", "", None)];
    remember(&*subject.store, requests.clone()).await;
    let mut found = subject
        .other
        .requests(&[key("r2"), key("unknown"), key("r1")])
        .await
        .unwrap();
    found.sort_by(|a, b| a.key.cmp(&b.key));
    requests.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found, requests);
}

pub async fn a_remembered_request_is_not_overwritten(subject: &Subject) {
    let later = subject.store.now().await.unwrap().plus(HOUR);
    for (id, expires_at) in [("dated", Some(later)), ("for ever", None)] {
        remember(&*subject.store, vec![request(id, "first", expires_at)]).await;
        remember(&*subject.store, vec![request(id, "second", None)]).await;
        assert_eq!(reply(&*subject.store, key(id)).await, Some("first".into()));
    }
}

pub async fn an_expired_request_is_overwritten(subject: &Subject) {
    let ago = subject.store.now().await.unwrap().minus(HOUR);
    remember(&*subject.store, vec![request("r1", "first", Some(ago))]).await;
    remember(&*subject.store, vec![request("r1", "second", None)]).await;
    assert_eq!(reply(&*subject.store, key("r1")).await, Some("second".into()));
}

pub async fn an_expired_request_is_not_found_and_can_be_forgotten(subject: &Subject) {
    let now = subject.store.now().await.unwrap();
    let kept = [
        request("later", "kept", Some(now.plus(HOUR))),
        request("never", "kept", None),
    ];
    let expired = [
        request("e1", "x", Some(now.minus(HOUR))),
        request("e2", "x", Some(now.minus(HOUR))),
    ];
    remember(&*subject.store, [kept, expired].concat()).await;
    assert_eq!(reply(&*subject.store, key("e1")).await, None);
    assert_eq!(subject.store.forget_expired_requests().await.unwrap(), 2);
    assert_eq!(subject.store.forget_expired_requests().await.unwrap(), 0);
    assert_eq!(
        subject
            .store
            .requests(&[key("later"), key("never")])
            .await
            .unwrap()
            .len(),
        2
    );
}

pub async fn of_two_requests_under_one_key_in_a_commit_the_first_is_kept(subject: &Subject) {
    remember(
        &*subject.store,
        vec![request("r1", "first", None), request("r1", "second", None)],
    )
    .await;
    assert_eq!(reply(&*subject.store, key("r1")).await, Some("first".into()));
}

pub async fn any_text_makes_a_key(subject: &Subject) {
    for text in ["", "\0", "a\0b", "'; --", "Ünïcode \u{1F600}", &"x".repeat(2000)] {
        let key = RequestKey {
            caller: text.to_owned(),
            method: text.to_owned(),
            ..key(text)
        };
        let request = RequestRecord {
            key: key.clone(),
            ..request("", text, None)
        };
        remember(&*subject.store, vec![request]).await;
        assert_eq!(
            reply(&*subject.store, key).await,
            Some(Bytes::copy_from_slice(text.as_bytes()))
        );
    }
}

pub async fn desks_callers_and_methods_are_apart(subject: &Subject) {
    remember(&*subject.store, vec![request("r1", "one", None)]).await;
    let foreign = RequestKey {
        desk: desk("other"),
        ..key("r1")
    };
    let stranger = RequestKey {
        caller: "ben".to_owned(),
        ..key("r1")
    };
    let declined = RequestKey {
        method: "DeclineOffer".to_owned(),
        ..key("r1")
    };
    assert_eq!(
        subject.store.requests(&[foreign, stranger, declined]).await.unwrap(),
        []
    );
}
