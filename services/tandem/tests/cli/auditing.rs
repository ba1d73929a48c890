//! `tandem audit`

use tandem_store::{Commit, JournalStore, Row, SqliteStore};

use crate::support::{Server, run};

#[test]
fn what_was_stopped_in_good_order_has_nothing_to_be_found() {
    let server = Server::with_three_desks();
    server.ticket("parcel");
    let stopped = server.stop();
    let data = stopped.data.display().to_string();
    let audited = run(&["audit", "--data-dir", &data]).well();
    assert!(audited.contains("acme: "), "{audited}");
    assert!(audited.contains("1 messages stored, 1 on tickets"), "{audited}");
    assert!(audited.ends_with("nothing found\n"), "{audited}");
    let one = run(&["audit", "--data-dir", &data, "--desk", "globex", "--output", "json"]).json();
    assert_eq!(one["findings"], serde_json::json!([]));
    assert_eq!(one["desks"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["desks"][0]["desk"], "globex");
}

#[tokio::test]
async fn a_fault_is_told_with_its_place() {
    let stopped = Server::with_a_desk().stop();
    let store = SqliteStore::open(&stopped.data).await.expect("nobody uses it");
    let row = Row {
        desk: "acme".parse().expect("a key"),
        table: "ticket_by_agent".to_owned(),
        key: "eve/00000000000000000001".to_owned(),
        value: Some("".into()),
    };
    let planted = Commit {
        rows: vec![row],
        ..Commit::default()
    };
    store.commit(planted).await.expect("committed");
    store.close().await;
    let data = stopped.data.display().to_string();
    let audited = run(&["audit", "--data-dir", &data]);
    assert_eq!(audited.code, 1, "{audited:?}");
    let told = "FOUND acme · row_extra · ticket_by_agent/eve/00000000000000000001 · the journal knows nothing of it\n1 fault found\n";
    assert!(audited.out.ends_with(told), "{audited:?}");
}

#[test]
fn what_runs_cannot_be_audited() {
    let server = Server::with_a_desk();
    server
        .ask(&["audit"])
        .complains(3, "is in use by another process; stop it first");
}

#[test]
fn nothing_is_made_where_nothing_is() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path().display().to_string();
    run(&["audit", "--data-dir", &data]).complains(2, "there is no data of Tandem's in");
    assert_eq!(directory.path().read_dir().expect("readable").count(), 0);
}

#[test]
fn a_desk_that_is_not_there_is_a_wrong_argument() {
    let stopped = Server::with_a_desk().stop();
    let data = stopped.data.display().to_string();
    run(&["audit", "--data-dir", &data, "--desk", "umbrella"]).complains(2, "use one of acme");
}
