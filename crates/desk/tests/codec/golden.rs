//! What each version wrote: one event of each kind, as hexadecimal protobuf beside what it means. A file is
//! never changed; a new version adds its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tandem_desk::Journaled;
use tandem_domain::Event;
use tandem_routing::RoutingCore;
use tandem_sla::SlaCore;

use super::{escalation, events};

/// Each version, and how many kinds of the router's events it knew.
const ROUTER: [(u32, usize); 2] = [(1, 17), (2, 22)];
/// The same for the escalation service's.
const ESCALATION: [(u32, usize); 1] = [(2, 20)];

#[derive(Serialize, Deserialize)]
struct Golden<B> {
    kind: String,
    payload: String,
    event: Event<B>,
}

fn path<C: Journaled>(version: u32) -> PathBuf {
    let file = format!("tests/golden/{}-events-v{version}.jsonl", C::SERVICE);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn check<C: Journaled<Body: DeserializeOwned>>(versions: &[(u32, usize)]) {
    for (version, kinds) in versions {
        let text = fs::read_to_string(path::<C>(*version)).expect("the golden file lies beside the tests");
        let mut known = BTreeSet::new();
        for line in text.lines() {
            let golden: Golden<C::Body> = serde_json::from_str(line).expect("one event a line");
            let read = C::decode(&golden.kind, &bytes(&golden.payload));
            assert_eq!(read.as_ref(), Ok(&golden.event), "version {version}: {}", golden.kind);
            known.insert(golden.kind);
        }
        assert_eq!(known.len(), *kinds, "version {version}: one of each kind");
    }
}

#[test]
fn the_routers_events_of_every_version_are_read_as_what_they_meant() {
    check::<RoutingCore>(&ROUTER);
}

#[test]
fn the_escalation_services_events_of_every_version_are_read_as_what_they_meant() {
    check::<SlaCore>(&ESCALATION);
}

/// Writes the files of a new version that are not there yet: `cargo test -p tandem-desk --test codec -- --ignored`.
#[test]
#[ignore = "writes golden files, once per version"]
fn write_the_golden_files_of_a_new_version() {
    write::<RoutingCore>(&ROUTER, &events::event());
    write::<SlaCore>(&ESCALATION, &escalation::event());
}

fn write<C: Journaled<Body: Serialize>>(versions: &[(u32, usize)], events: &impl Strategy<Value = Event<C::Body>>) {
    let Some((version, kinds)) = versions.last().filter(|(version, _)| !path::<C>(*version).exists()) else {
        return;
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut lines = BTreeMap::new();
    while lines.len() < *kinds {
        let event = events.new_tree(&mut runner).expect("a value").current();
        let encoded = C::encode(&event);
        let payload = encoded.payload.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("text can be written to");
            hex
        });
        let golden = Golden {
            kind: encoded.kind.to_owned(),
            payload,
            event,
        };
        lines.insert(encoded.kind, serde_json::to_string(&golden).expect("plain data"));
    }
    let text = lines
        .into_values()
        .fold(String::new(), |text, line| text + &line + "\n");
    fs::write(path::<C>(*version), text).expect("the golden file can be written");
}
