//! Measures of random legal histories, against the recount; and measures that were tampered with.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_desk::{Journaled, Recorded, decode_record};
use tandem_domain::desk::ServiceLevel;
use tandem_domain::{Channel, CompiledDesk, DeskId};
use tandem_measures::{Mark, Measures, table};
use tandem_metrics::ROUTER_CONSUMER;
use tandem_routing::RoutingCore;
use tandem_store::{Commit, JournalStore, MemoryStore, Position, PositionUpdate, Row, Stream};

use super::find;
use super::random::{Player, versions};
use super::story::key;
use crate::audit::finding::Kind;

const SEEDS: u64 = 40;

/// Versions of a desk that moves from zone to zone, with a service level for chats.
fn promising_versions() -> Vec<CompiledDesk> {
    let zones = [
        "Europe/Berlin",
        "Asia/Kolkata",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "UTC",
    ];
    let mut versions = versions("acme");
    for (version, zone) in versions.iter_mut().zip(zones.into_iter().cycle()) {
        zone.clone_into(&mut version.timezone);
        let level = ServiceLevel {
            share_percent: 80,
            within: Duration::from_secs(30),
        };
        version.service_levels = [(Channel::Chat, level)].into();
    }
    versions
}

/// A random legal history, measured up to a random record.
async fn measured(seed: u64) -> MemoryStore {
    let (store, desk): (_, DeskId) = (MemoryStore::new(), key("acme"));
    let versions = promising_versions();
    Player::new(&store, (&desk, &versions), seed).play().await;
    let stream = Stream::new(RoutingCore::SERVICE, desk.clone());
    let mut rng = StdRng::seed_from_u64(seed);
    let records = store.read(&stream, 1, 1_000_000).await.expect("readable");
    let until = rng.random_range(records.len() / 2..=records.len());
    let (mut measures, mut rows) = (Measures::default(), Vec::new());
    let mut last = None;
    for record in &records[..until] {
        let mark = Mark {
            seq: record.seq,
            incarnation: record.incarnation,
        };
        match decode_record::<RoutingCore>(record).expect("readable") {
            Recorded::Core(event) => measures.observe(mark, &record.kind, &event),
            Recorded::Shell(_) => measures.pass(mark),
        }
        last = Some(Position {
            seq: record.seq,
            incarnation: record.incarnation,
        });
        if rng.random_bool(0.1) {
            rows.extend(measures.take_rows());
        }
    }
    rows.extend(measures.take_rows());
    for change in rows {
        put(&store, change.table, &change.key, change.value).await;
    }
    let position = PositionUpdate {
        consumer: ROUTER_CONSUMER.to_owned(),
        stream,
        from: None,
        to: last.expect("a record"),
    };
    commit(
        &store,
        Commit {
            positions: vec![position],
            ..Commit::default()
        },
    )
    .await;
    store
}

async fn put(store: &MemoryStore, table: &str, name: &str, value: Option<Vec<u8>>) {
    let row = Row {
        desk: key("acme"),
        table: table.to_owned(),
        key: name.to_owned(),
        value: value.map(Into::into),
    };
    commit(
        store,
        Commit {
            rows: vec![row],
            ..Commit::default()
        },
    )
    .await;
}

async fn commit(store: &MemoryStore, commit: Commit) {
    store.commit(commit).await.expect("committed");
}

async fn rows(store: &MemoryStore, table: &str) -> Vec<(String, Vec<u8>)> {
    let page = store
        .rows(&key("acme"), table, "", None, 1_000_000)
        .await
        .expect("readable");
    page.rows
        .into_iter()
        .map(|(key, value)| (key, value.to_vec()))
        .collect()
}

#[tokio::test]
async fn a_recount_of_any_legal_history_gives_the_measures_that_were_rolled_up() {
    let mut compared = 0;
    for seed in 0..SEEDS {
        let store = measured(seed).await;
        assert_eq!(find(&store).await.expect("readable"), [], "seed {seed}");
        compared += rows(&store, table::HOUR).await.len();
    }
    assert!(compared > 1_000, "only {compared} rows were compared");
}

/// What becomes of a row.
type Spoil = fn(&str) -> Option<String>;

#[tokio::test]
async fn whatever_is_wrong_with_a_measure_is_found() {
    let spoil: [(&str, Spoil); 5] = [
        (table::HOUR, |_| None),
        (table::MINUTE, |text| {
            Some(text.replacen("\"received\":", "\"received\":1", 1))
        }),
        (table::HOUR, |text| {
            Some(text.replacen("\"total_ms\":", "\"total_ms\":1", 1))
        }),
        (table::WAITING, |text| Some(text.replacen("\":", "\":1", 1))),
        (table::HOUR, |_| Some("no measure".to_owned())),
    ];
    for (number, (name, spoil)) in spoil.into_iter().enumerate() {
        let store = measured(3).await;
        let spoiled = rows(&store, name).await.into_iter().find_map(|(key, value)| {
            let text = String::from_utf8(value).expect("JSON");
            let spoiled = spoil(&text);
            (spoiled.as_ref() != Some(&text)).then_some((key, spoiled))
        });
        let (key, value) = spoiled.expect("a row that can be spoiled");
        put(&store, name, &key, value.map(String::into_bytes)).await;
        let kinds: Vec<_> = find(&store)
            .await
            .expect("readable")
            .into_iter()
            .map(|found| found.kind)
            .collect();
        assert_eq!(kinds, [Kind::MeasureDiffers], "{number}");
    }
}

#[tokio::test]
async fn measures_of_what_never_happened_are_found() {
    let store = measured(4).await;
    put(
        &store,
        table::BREACHES,
        "00001767603600000000/support/chat/-/-",
        Some(b"{\"accept\":1}".to_vec()),
    )
    .await;
    let found = find(&store).await.expect("readable");
    assert_eq!(
        found.iter().map(|finding| finding.kind).collect::<Vec<_>>(),
        [Kind::MeasureDiffers]
    );
}
