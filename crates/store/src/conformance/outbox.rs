//! The outbox: claiming, settling, parking.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use tandem_domain::MessageId;

use super::accept::{conversation, document, message};
use super::{Subject, desk, eventually};
use crate::{Claimed, NewDocument, OutboxEntry, OutboxOutcome, Store};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(150);

async fn accept(subject: &Subject, numbers: impl IntoIterator<Item = u128>) {
    for number in numbers {
        subject.store.accept(vec![document(number)]).await.unwrap();
    }
}

async fn claim(store: &dyn Store, limit: usize) -> Vec<MessageId> {
    store
        .claim(limit, LONG)
        .await
        .unwrap()
        .into_iter()
        .map(|claimed| claimed.id)
        .collect()
}

async fn settle(subject: &Subject, number: u128, outcome: OutboxOutcome) {
    subject
        .store
        .settle(vec![(desk("acme"), message(number), outcome)])
        .await
        .unwrap();
}

async fn entries(subject: &Subject) -> Vec<OutboxEntry> {
    subject.other.outbox(&desk("acme"), false, None, 100).await.unwrap()
}

pub async fn a_row_is_claimed_once_and_in_order(subject: &Subject) {
    accept(subject, [3, 1, 2]).await;
    let first = subject.store.claim(2, LONG).await.unwrap();
    let expected = Claimed {
        desk: desk("acme"),
        id: message(3),
        conversation: conversation(3),
        outbox: "outbox 3".into(),
        trace: "trace 3".to_owned(),
        attempts: 1,
    };
    assert_eq!(first[0], expected);
    assert_eq!(first[1].id, message(1));
    assert_eq!(claim(&*subject.other, 10).await, [message(2)]);
    assert_eq!(claim(&*subject.store, 10).await, []);
}

pub async fn a_row_may_be_claimed_as_it_is_stored(subject: &Subject) {
    let claimed = |number, claimed_for| NewDocument {
        claimed_for,
        ..document(number)
    };
    let documents = vec![claimed(1, LONG), claimed(2, Duration::ZERO), claimed(3, SHORT)];
    subject.store.accept(documents).await.unwrap();
    assert_eq!(claim(&*subject.other, 10).await, [message(2)]);
    settle(subject, 1, OutboxOutcome::OnTicket(7)).await;
    let mut again = Vec::new();
    eventually(async || {
        again = subject.other.claim(10, LONG).await.unwrap();
        !again.is_empty()
    })
    .await;
    let again: Vec<_> = again.iter().map(|row| (row.id, row.attempts)).collect();
    assert_eq!(again, [(message(3), 2)], "storing it was the first claim");
}

pub async fn a_claim_that_ran_out_is_claimed_again(subject: &Subject) {
    accept(subject, [1]).await;
    assert_eq!(subject.store.claim(10, SHORT).await.unwrap()[0].attempts, 1);
    let mut again = Vec::new();
    eventually(async || {
        again = subject.other.claim(10, LONG).await.unwrap();
        !again.is_empty()
    })
    .await;
    assert_eq!((again[0].id, again[0].attempts), (message(1), 2));
}

pub async fn concurrent_claims_never_share_a_row(subject: &Subject) {
    subject.store.accept((1..=60).map(document).collect()).await.unwrap();
    let claimers = (0..6).map(async |claimer| {
        let store = if claimer % 2 == 0 {
            &subject.store
        } else {
            &subject.other
        };
        let mut mine = Vec::new();
        loop {
            let claimed = claim(&**store, 3).await;
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed);
        }
    });
    let claimed = join_all(claimers).await.concat();
    let mut left = claim(&*subject.store, 100).await;
    left.extend(claimed);
    assert_eq!(left.len(), 60);
    assert_eq!(left.into_iter().collect::<BTreeSet<_>>().len(), 60);
}

pub async fn a_settled_row_is_gone_and_its_document_on_the_ticket(subject: &Subject) {
    accept(subject, [1, 2, 3]).await;
    claim(&*subject.store, 10).await;
    settle(subject, 1, OutboxOutcome::OnTicket(17)).await;
    settle(subject, 3, OutboxOutcome::OnTicket(u64::MAX)).await;
    assert_eq!(
        entries(subject).await.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        [message(2)]
    );
    let document = subject
        .other
        .document(&desk("acme"), message(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((document.ticket, document.unrouted), (Some(17), None));
    let on = async |ticket| {
        let listed = subject
            .other
            .documents(&desk("acme"), Some(ticket), None, 10)
            .await
            .unwrap();
        listed.into_iter().map(|document| document.id).collect::<Vec<_>>()
    };
    assert_eq!(on(17).await, [message(1)]);
    assert_eq!(on(u64::MAX).await, [message(3)]);
    assert_eq!(on(18).await, []);
}

pub async fn a_row_that_no_ticket_takes_is_unrouted(subject: &Subject) {
    accept(subject, [1]).await;
    claim(&*subject.store, 10).await;
    settle(subject, 1, OutboxOutcome::Unrouted("conversation closed".to_owned())).await;
    assert_eq!(entries(subject).await, []);
    let unrouted = subject.other.unrouted(&desk("acme"), None, 10).await.unwrap();
    assert_eq!(unrouted[0].unrouted, Some("conversation closed".to_owned()));
    assert_eq!(unrouted[0].conversation, Some(conversation(1)));
}

pub async fn a_retry_waits_until_it_is_due(subject: &Subject) {
    accept(subject, [1, 2]).await;
    claim(&*subject.store, 10).await;
    settle(subject, 1, OutboxOutcome::Retry(SHORT)).await;
    settle(subject, 2, OutboxOutcome::Retry(LONG)).await;
    let mut again = Vec::new();
    eventually(async || {
        again = subject.other.claim(10, LONG).await.unwrap();
        !again.is_empty()
    })
    .await;
    assert_eq!(
        again
            .iter()
            .map(|claimed| (claimed.id, claimed.attempts))
            .collect::<Vec<_>>(),
        [(message(1), 2)]
    );
    assert_eq!(
        entries(subject)
            .await
            .iter()
            .map(|entry| entry.attempts)
            .collect::<Vec<_>>(),
        [2, 1]
    );
}

pub async fn a_retry_does_not_block_those_behind_it(subject: &Subject) {
    accept(subject, [1, 2]).await;
    assert_eq!(claim(&*subject.store, 1).await, [message(1)]);
    settle(subject, 1, OutboxOutcome::Retry(Duration::ZERO)).await;
    assert_eq!(claim(&*subject.store, 1).await, [message(2)]);
    assert_eq!(claim(&*subject.store, 1).await, [message(1)]);
}

pub async fn a_parked_row_waits_for_a_hand(subject: &Subject) {
    accept(subject, [1, 2]).await;
    claim(&*subject.store, 10).await;
    settle(subject, 1, OutboxOutcome::Park("poisoned: \0".to_owned())).await;
    settle(subject, 2, OutboxOutcome::Retry(Duration::ZERO)).await;
    assert_eq!(claim(&*subject.store, 10).await, [message(2)]);
    let parked = subject.other.outbox(&desk("acme"), true, None, 10).await.unwrap();
    let since = document(1).received_at;
    let entry = OutboxEntry {
        id: message(1),
        since,
        attempts: 1,
        parked: Some("poisoned: \0".to_owned()),
    };
    assert_eq!(parked, [entry]);

    let retry = async |number| {
        subject
            .other
            .retry_parked(&desk("acme"), message(number))
            .await
            .unwrap()
    };
    assert!(!retry(2).await, "it is not parked");
    assert!(!retry(99).await, "there is no such row");
    assert!(
        !subject.store.retry_parked(&desk("other"), message(1)).await.unwrap(),
        "it is another desk's"
    );
    assert!(retry(1).await);
    assert!(!retry(1).await);
    assert_eq!(claim(&*subject.store, 10).await, [message(1)]);
}

pub async fn settling_twice_changes_nothing(subject: &Subject) {
    accept(subject, [1]).await;
    claim(&*subject.store, 10).await;
    settle(subject, 1, OutboxOutcome::OnTicket(17)).await;
    for late in [
        OutboxOutcome::OnTicket(18),
        OutboxOutcome::Unrouted("late".to_owned()),
        OutboxOutcome::Retry(Duration::ZERO),
        OutboxOutcome::Park("late".to_owned()),
    ] {
        settle(subject, 1, late).await;
    }
    settle(subject, 99, OutboxOutcome::OnTicket(1)).await;
    let document = subject
        .store
        .document(&desk("acme"), message(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((document.ticket, document.unrouted), (Some(17), None));
    assert_eq!(entries(subject).await, []);
}

pub async fn the_outbox_is_listed_in_pages(subject: &Subject) {
    accept(subject, [4, 2, 3]).await;
    settle(subject, 2, OutboxOutcome::Park("poisoned".to_owned())).await;
    let ids = async |parked_only, after, limit| {
        let listed = subject
            .other
            .outbox(&desk("acme"), parked_only, after, limit)
            .await
            .unwrap();
        listed.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(false, None, 2).await, [message(4), message(2)]);
    assert_eq!(ids(false, Some(message(2)), 2).await, [message(3)]);
    assert_eq!(ids(true, None, 2).await, [message(2)]);
    assert_eq!(ids(false, Some(message(99)), 2).await, []);
    assert_eq!(subject.other.outbox(&desk("other"), false, None, 10).await.unwrap(), []);
    // A page may start behind a row that is done.
    settle(subject, 4, OutboxOutcome::OnTicket(1)).await;
    assert_eq!(ids(false, Some(message(4)), 10).await, [message(2), message(3)]);
}
