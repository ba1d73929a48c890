//! Read-model rows.
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "these are tests; their names say what they show"
)]

use bytes::Bytes;

use super::{Subject, desk, row, rows};
use crate::{Row, RowPage, Store};

fn deleted(key: &str) -> Row {
    Row {
        value: None,
        ..row(&desk("acme"), key, "")
    }
}

async fn value(store: &dyn Store, key: &str) -> Option<Bytes> {
    store.row(&desk("acme"), "ticket", key).await.unwrap()
}

/// All keys of a prefix, `limit` at a time.
async fn keys(store: &dyn Store, prefix: &str, limit: usize) -> Vec<String> {
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .rows(&desk("acme"), "ticket", prefix, after.as_deref(), limit)
            .await
            .unwrap();
        assert!(page.rows.len() <= limit);
        keys.extend(page.rows.into_iter().map(|(key, _)| key));
        after = page.next_after;
        if after.is_none() {
            return keys;
        }
    }
}

async fn put(store: &dyn Store, keys: &[&str]) {
    store
        .commit(rows(keys.iter().map(|key| row(&desk("acme"), key, key)).collect()))
        .await
        .unwrap();
}

pub async fn a_row_is_put_replaced_and_deleted(subject: &Subject) {
    let acme = desk("acme");
    subject
        .store
        .commit(rows(vec![row(&acme, "T1", "one"), row(&acme, "T2", "")]))
        .await
        .unwrap();
    subject.store.commit(rows(vec![row(&acme, "T1", "two")])).await.unwrap();
    assert_eq!(value(&*subject.other, "T1").await, Some("two".into()));
    assert_eq!(value(&*subject.other, "T2").await, Some(Bytes::new()));
    subject
        .store
        .commit(rows(vec![deleted("T1"), deleted("never there")]))
        .await
        .unwrap();
    assert_eq!(value(&*subject.other, "T1").await, None);
}

pub async fn the_last_word_on_a_key_in_a_commit_counts(subject: &Subject) {
    let acme = desk("acme");
    let changes = vec![
        row(&acme, "kept", "one"),
        deleted("kept"),
        row(&acme, "kept", "two"),
        row(&acme, "gone", "one"),
        deleted("gone"),
    ];
    subject.store.commit(rows(changes)).await.unwrap();
    assert_eq!(value(&*subject.store, "kept").await, Some("two".into()));
    assert_eq!(value(&*subject.store, "gone").await, None);
}

pub async fn pages_come_in_bytewise_order(subject: &Subject) {
    // A NUL, quotes, capitals before small letters, letters beyond ASCII after all of these.
    let ordered = [
        "",
        "\0",
        "\"'\\",
        "A",
        "B",
        "a",
        "a\0b",
        "a%",
        "aa",
        "b",
        "ä",
        "\u{ff5e}",
        "\u{10ffff}",
    ];
    let mut shuffled = ordered;
    shuffled.reverse();
    put(&*subject.store, &shuffled).await;
    for limit in [1, 2, 5, 13, 100] {
        assert_eq!(keys(&*subject.store, "", limit).await, ordered, "{limit} at a time");
    }
    assert_eq!(value(&*subject.store, "a\0b").await, Some("a\0b".into()));
}

pub async fn percent_and_underscore_in_a_prefix_mean_themselves(subject: &Subject) {
    put(
        &*subject.store,
        &["a%", "a%b", "a_", "a_b", "ab", "abb", "a", "\u{10ffff}", "\u{10ffff}x"],
    )
    .await;
    assert_eq!(keys(&*subject.store, "a%", 10).await, ["a%", "a%b"]);
    assert_eq!(keys(&*subject.store, "a_", 1).await, ["a_", "a_b"]);
    assert_eq!(
        keys(&*subject.store, "\u{10ffff}", 1).await,
        ["\u{10ffff}", "\u{10ffff}x"]
    );
}

pub async fn a_page_starts_after_a_key_that_need_not_exist(subject: &Subject) {
    put(&*subject.store, &["a1", "a2", "a3", "b1"]).await;
    let page = async |prefix, after| {
        let page = subject
            .store
            .rows(&desk("acme"), "ticket", prefix, Some(after), 2)
            .await
            .unwrap();
        (
            page.rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>(),
            page.next_after,
        )
    };
    assert_eq!(page("a", "a1").await, (vec!["a2".to_owned(), "a3".to_owned()], None));
    assert_eq!(page("a", "a11").await, (vec!["a2".to_owned(), "a3".to_owned()], None));
    assert_eq!(
        page("a", "").await,
        (vec!["a1".to_owned(), "a2".to_owned()], Some("a2".to_owned()))
    );
    assert_eq!(page("a", "b").await, (vec![], None));
}

pub async fn desks_and_tables_are_apart(subject: &Subject) {
    let elsewhere = Row {
        table: "offer".to_owned(),
        ..row(&desk("acme"), "K", "offer")
    };
    let changes = vec![
        row(&desk("acme"), "K", "ticket"),
        elsewhere,
        row(&desk("other"), "K", "other"),
    ];
    subject.store.commit(rows(changes)).await.unwrap();
    subject.store.commit(rows(vec![deleted("K")])).await.unwrap();
    assert_eq!(value(&*subject.store, "K").await, None);
    assert_eq!(
        subject.store.row(&desk("acme"), "offer", "K").await.unwrap(),
        Some("offer".into())
    );
    let page = subject
        .store
        .rows(&desk("other"), "ticket", "", None, 10)
        .await
        .unwrap();
    assert_eq!(page.rows, [("K".to_owned(), Bytes::from("other"))]);
}

pub async fn an_empty_scan_is_the_last_page(subject: &Subject) {
    let page = subject
        .store
        .rows(&desk("acme"), "ticket", "x", None, 10)
        .await
        .unwrap();
    assert_eq!(page, RowPage::default());
}

pub async fn a_large_value_is_kept(subject: &Subject) {
    let large = Bytes::from(vec![0xA5; 5 << 20]);
    let row = Row {
        value: Some(large.clone()),
        ..row(&desk("acme"), "desk-file", "")
    };
    subject.store.commit(rows(vec![row])).await.unwrap();
    assert!(value(&*subject.store, "desk-file").await == Some(large));
}
